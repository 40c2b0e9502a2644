namespace HyperKernels.Distributed;

/// <summary>
/// Partitions a hypergraph in passes over its nodes: each goes where most of its hyperedges have members already, against a price for parts that fill up. Small, fast,
/// and behind multilevel partitioners: Mt-KaHyPar, where it is installed, cuts less.
/// </summary>
/// <remarks>
/// In the first pass nodes come in their own order; further passes take each node out and place it again, with everything else in its place, and the best pass is kept.
/// No part gets more than <c>(1 + imbalance) ceil(N / parts)</c> nodes. Counts of members take <c>4 E parts</c> bytes. The same input gives the same partition.
/// Source: K. Eyubov, M. Fonseca Faraj, C. Schulz, FREIGHT: fast streaming hypergraph partitioning, 2023 (the price of a part is Fennel's, gains are those of
/// connectivity); C. Tsourakakis and others, FENNEL, 2014; J. Nishimura, J. Ugander, Restreaming graph partitioning, 2013.
/// </remarks>
public static class StreamingPartitioner
{
    private const double Gamma = 1.5;

    /// <summary>Partitions.</summary>
    /// <param name="incidence">The structure.</param>
    /// <param name="parts">How many parts, at least 1.</param>
    /// <param name="imbalance">How much larger than the mean a part may be; 0.03 unless given.</param>
    /// <param name="passes">How many passes at most; 10 unless given.</param>
    /// <exception cref="ArgumentException">A number is out of range.</exception>
    public static HypergraphPartition Partition(Incidence incidence, int parts, double imbalance = 0.03, int passes = 10)
    {
        ArgumentNullException.ThrowIfNull(incidence);
        if (parts < 1 || passes < 1 || imbalance is not (>= 0 and < 1e6))
        {
            throw new ArgumentException($"StreamingPartitioner: parts and passes must be at least 1 and imbalance not negative; got {parts}, {passes} and {imbalance}.");
        }
        Run run = new(incidence, parts, imbalance);
        HypergraphPartition best = run.Pass();
        for (int pass = 1; pass < passes && parts > 1; pass++)
        {
            HypergraphPartition next = run.Pass();
            if (next.Connectivity >= best.Connectivity)
            {
                break;
            }
            best = next;
        }
        return best;
    }

    private sealed class Run
    {
        private readonly Incidence _incidence;
        private readonly int _parts;
        private readonly int[] _partOfNode;
        private readonly int[] _membersThere;
        private readonly long[] _sizes;
        private readonly long _most;
        private readonly double _price;
        private readonly double[] _gains;

        public Run(Incidence incidence, int parts, double imbalance)
        {
            (_incidence, _parts) = (incidence, parts);
            _partOfNode = new int[incidence.NodeCount];
            _partOfNode.AsSpan().Fill(-1);
            _membersThere = new int[checked((long)incidence.EdgeCount * parts)];
            _sizes = new long[parts];
            _gains = new double[parts];
            _most = (long)Math.Floor((1 + imbalance) * Math.Ceiling((double)incidence.NodeCount / parts));
            // Fennel's alpha, with memberships in the place of edges of a graph.
            _price = incidence.NodeCount == 0 ? 0 : incidence.MembershipCount * Math.Pow(parts, Gamma - 1) / Math.Pow(incidence.NodeCount, Gamma);
        }

        public HypergraphPartition Pass()
        {
            for (int node = 0; node < _partOfNode.Length; node++)
            {
                ReadOnlySpan<int> edges = _incidence.EdgesOf(node);
                Move(edges, _partOfNode[node], -1);
                _gains.AsSpan().Clear();
                foreach (int edge in edges)
                {
                    ReadOnlySpan<int> there = _membersThere.AsSpan(edge * _parts, _parts);
                    for (int part = 0; part < there.Length; part++)
                    {
                        _gains[part] += there[part] > 0 ? 1 : 0;
                    }
                }
                int best = Best(_partOfNode[node]);
                Move(edges, best, 1);
                _partOfNode[node] = best;
            }
            return new HypergraphPartition(_incidence, _partOfNode, _parts);
        }

        private int Best(int before)
        {
            int best = -1;
            double most = double.NegativeInfinity;
            for (int part = 0; part < _parts; part++)
            {
                double score = _gains[part] - (_price * Gamma * Math.Pow(_sizes[part], Gamma - 1));
                // Of equal ones the present, then the smaller.
                bool isBetter = score > most || (score == most && (part == before || (best != before && _sizes[part] < _sizes[best])));
                if (_sizes[part] < _most && isBetter)
                {
                    (best, most) = (part, score);
                }
            }
            return best;
        }

        private void Move(ReadOnlySpan<int> edges, int part, int by)
        {
            if (part < 0)
            {
                return;
            }
            _sizes[part] += by;
            foreach (int edge in edges)
            {
                _membersThere[(edge * _parts) + part] += by;
            }
        }
    }
}
