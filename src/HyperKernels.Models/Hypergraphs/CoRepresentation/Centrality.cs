namespace HyperKernels.Models;

/// <summary>How central each node of a hypergraph is, in four ways; computed on the host in time linear in the memberships, or a few times that.</summary>
/// <remarks>
/// PageRank and eigenvectors are of the clique expansion without loops, weighted by how many hyperedges two nodes share. It is never made: its product with a vector is two
/// passes over the memberships. Source: the preprocessing of WHATsNet (Choe and others, KDD 2023, arXiv 2306.03032) and CoNHD; their eigenvectors are of the unweighted expansion.
/// </remarks>
public static class Centrality
{
    private const int MostSteps = 1000;

    /// <summary>The number of memberships.</summary>
    /// <param name="incidence">N nodes.</param>
    /// <returns><c>[N]</c></returns>
    public static double[] Degrees(Incidence incidence)
    {
        ArgumentNullException.ThrowIfNull(incidence);
        double[] degrees = new double[incidence.NodeCount];
        foreach (int node in incidence.Nodes)
        {
            degrees[node]++;
        }
        return degrees;
    }

    /// <summary>
    /// The core number: the largest k such that the node is in a part where every node has k memberships in hyperedges that are whole in it. Found by taking away a
    /// node of the fewest memberships with its hyperedges, again and again.
    /// </summary>
    /// <param name="incidence">N nodes.</param>
    /// <returns><c>[N]</c></returns>
    public static double[] Core(Incidence incidence)
    {
        double[] core = Degrees(incidence);
        bool[] gone = new bool[incidence.NodeCount];
        bool[] cut = new bool[incidence.EdgeCount];
        PriorityQueue<int, double> queue = new();
        for (int node = 0; node < core.Length; node++)
        {
            queue.Enqueue(node, core[node]);
        }
        while (queue.TryDequeue(out int node, out double degree))
        {
            // A node stands in the queue once for each degree that it had; the others are out of date.
            if (gone[node] || degree > core[node])
            {
                continue;
            }
            gone[node] = true;
            foreach (int edge in incidence.EdgesOf(node))
            {
                if (cut[edge])
                {
                    continue;
                }
                cut[edge] = true;
                foreach (int member in incidence.MembersOf(edge))
                {
                    if (core[member] > core[node])
                    {
                        core[member]--;
                        queue.Enqueue(member, core[member]);
                    }
                }
            }
        }
        return core;
    }

    /// <summary>PageRank: how often one is at a node who goes from node to node by shared hyperedges, and jumps anywhere with what is left of the damping.</summary>
    /// <param name="incidence">N nodes.</param>
    /// <param name="damping">How likely a walk goes on.</param>
    /// <param name="tolerance">Stops when a step changes less than this for each node.</param>
    /// <returns><c>[N]</c>, which add up to one.</returns>
    /// <exception cref="ArgumentException">damping is not in [0, 1).</exception>
    public static double[] PageRank(Incidence incidence, double damping = 0.85, double tolerance = 1e-6)
    {
        ArgumentNullException.ThrowIfNull(incidence);
        if (!(damping >= 0 && damping < 1))
        {
            throw new ArgumentException($"Centrality.PageRank: damping must be in [0, 1); got {damping}.", nameof(damping));
        }
        int count = incidence.NodeCount;
        Clique clique = new(incidence);
        double[] degrees = clique.Times([.. Enumerable.Repeat(1.0, count)]);
        return Iterate(count, tolerance, rank =>
        {
            // Who is alone jumps always.
            double stuck = 0;
            double[] leaving = new double[count];
            for (int node = 0; node < count; node++)
            {
                (leaving[node], stuck) = degrees[node] > 0 ? (rank[node] / degrees[node], stuck) : (0, stuck + rank[node]);
            }
            double anywhere = ((damping * stuck) + 1 - damping) / count;
            return Array.ConvertAll(clique.Times(leaving), arriving => (damping * arriving) + anywhere);
        });
    }

    /// <summary>Eigenvector centrality: the eigenvector of the expansion's largest eigenvalue, of length one.</summary>
    /// <param name="incidence">N nodes.</param>
    /// <param name="tolerance">Stops when a step changes less than this for each node.</param>
    /// <returns><c>[N]</c>; all zeros go to nodes that share no hyperedge where others do.</returns>
    public static double[] Eigenvector(Incidence incidence, double tolerance = 1e-6)
    {
        ArgumentNullException.ThrowIfNull(incidence);
        Clique clique = new(incidence);
        return Iterate(incidence.NodeCount, tolerance, vector =>
        {
            // With the identity added the largest eigenvalue is alone also where the expansion has two sides.
            double[] next = clique.Times(vector);
            double length = 0;
            for (int node = 0; node < next.Length; node++)
            {
                next[node] += vector[node];
                length += next[node] * next[node];
            }
            return Array.ConvertAll(next, value => value / Math.Sqrt(length));
        });
    }

    private static double[] Iterate(int count, double tolerance, Func<double[], double[]> step)
    {
        double[] vector = [.. Enumerable.Repeat(1.0 / Math.Max(1, count), count)];
        double change = double.PositiveInfinity;
        for (int i = 0; i < MostSteps && change > count * tolerance; i++)
        {
            double[] next = step(vector);
            change = next.Zip(vector, static (now, before) => Math.Abs(now - before)).Sum();
            vector = next;
        }
        return vector;
    }

    /// <summary>The clique expansion <c>H H^T</c> without its diagonal.</summary>
    private sealed class Clique
    {
        private readonly Incidence _incidence;
        private readonly double[] _diagonal;

        public Clique(Incidence incidence)
        {
            _incidence = incidence;
            _diagonal = new double[incidence.NodeCount];
            for (int node = 0; node < _diagonal.Length; node++)
            {
                // A node k times in a hyperedge meets itself k^2 times.
                foreach (IGrouping<int, int> edge in incidence.EdgesOf(node).ToArray().GroupBy(static edge => edge))
                {
                    int times = edge.Count();
                    _diagonal[node] += times * times;
                }
            }
        }

        public double[] Times(double[] vector)
        {
            double[] edges = new double[_incidence.EdgeCount];
            double[] result = new double[_incidence.NodeCount];
            ReadOnlySpan<int> nodeOf = _incidence.Nodes;
            ReadOnlySpan<int> edgeOf = _incidence.Edges;
            for (int pair = 0; pair < nodeOf.Length; pair++)
            {
                edges[edgeOf[pair]] += vector[nodeOf[pair]];
            }
            for (int pair = 0; pair < nodeOf.Length; pair++)
            {
                result[nodeOf[pair]] += edges[edgeOf[pair]];
            }
            for (int node = 0; node < result.Length; node++)
            {
                // Rounding must not leave a node that meets nobody something.
                double others = result[node] - (_diagonal[node] * vector[node]);
                result[node] = others > 1e-12 * result[node] ? others : 0;
            }
            return result;
        }
    }
}
