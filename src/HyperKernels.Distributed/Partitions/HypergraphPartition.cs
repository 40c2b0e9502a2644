namespace HyperKernels.Distributed;

/// <summary>Which part each node of a hypergraph is in, and what that costs.</summary>
/// <remarks>
/// With <c>lambda(e)</c> the number of parts that the members of hyperedge e lie in, the connectivity is <c>sum over e of (lambda(e) - 1)</c>, km1 in the language of
/// partitioners, and the cut is the number of hyperedges with lambda above 1. Hyperedges without members count for nothing.
/// </remarks>
public sealed class HypergraphPartition
{
    private readonly int[] _partOfNode;

    /// <summary>Takes a partition and measures it.</summary>
    /// <param name="incidence">The structure.</param>
    /// <param name="partOfNode">The part of each node.</param>
    /// <param name="parts">How many parts there are.</param>
    /// <exception cref="ArgumentException">There is not one part for each node, or one is out of range.</exception>
    public HypergraphPartition(Incidence incidence, ReadOnlySpan<int> partOfNode, int parts)
        : this((incidence ?? throw new ArgumentNullException(nameof(incidence))).MembersOf, incidence.NodeCount, incidence.EdgeCount, partOfNode, parts)
    {
    }

    /// <summary>Takes a partition of a hypergraph that is kept elsewhere and measures it, in one pass over its hyperedges.</summary>
    /// <param name="members">Gives the members of a hyperedge.</param>
    /// <param name="nodes">How many nodes there are.</param>
    /// <param name="edges">How many hyperedges there are.</param>
    /// <param name="partOfNode">The part of each node.</param>
    /// <param name="parts">How many parts there are.</param>
    /// <exception cref="ArgumentException">There is not one part for each node, or one is out of range.</exception>
    public HypergraphPartition(PartitionedHypergraph.Members members, int nodes, int edges, ReadOnlySpan<int> partOfNode, int parts)
    {
        ArgumentNullException.ThrowIfNull(members);
        int bad = parts < 1 ? 0 : partOfNode.IndexOfAnyExceptInRange(0, parts - 1);
        if (parts < 1 || partOfNode.Length != nodes || bad >= 0)
        {
            throw new ArgumentException(
                $"HypergraphPartition: each of {nodes} nodes must have a part from 0 to below {parts}; got {partOfNode.Length} parts"
                + (bad >= 0 && bad < partOfNode.Length ? $", {partOfNode[bad]} for node {bad}." : "."), nameof(partOfNode));
        }
        Parts = parts;
        _partOfNode = partOfNode.ToArray();
        int[] seen = new int[parts];
        for (int edge = 0; edge < edges; edge++)
        {
            int met = 0;
            foreach (int node in members(edge))
            {
                ref int last = ref seen[_partOfNode[node]];
                met += last == edge + 1 ? 0 : 1;
                last = edge + 1;
            }
            Connectivity += Math.Max(0, met - 1);
            Cut += met > 1 ? 1 : 0;
        }
        long[] sizes = new long[parts];
        foreach (int part in _partOfNode)
        {
            sizes[part]++;
        }
        Imbalance = _partOfNode.Length == 0 ? 0 : (sizes.Max() / Math.Ceiling((double)_partOfNode.Length / parts)) - 1;
    }

    /// <summary>How many parts.</summary>
    public int Parts { get; }

    /// <summary>The part of each node.</summary>
    public ReadOnlySpan<int> PartOfNode => _partOfNode;

    /// <summary>km1: <c>sum over e of (lambda(e) - 1)</c>. So many rows must at least leave their process, and as many come back, for every sum over hyperedges.</summary>
    public long Connectivity { get; }

    /// <summary>How many hyperedges lie in more than one part.</summary>
    public long Cut { get; }

    /// <summary>How much larger the largest part is than <c>ceil(N / parts)</c>: 0.03 for three in a hundred.</summary>
    public double Imbalance { get; }

    /// <summary>The measures: <c>4 parts, connectivity 1,200, cut 1,000, imbalance 0.030</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{Parts} parts, connectivity {Connectivity:N0}, cut {Cut:N0}, imbalance {Imbalance:F3}");
}
