namespace HyperKernels;

/// <summary>Counts of a hypergraph's structure: what it costs, and what to expect of it. Made by <see cref="Hypergraph.Statistics"/>.</summary>
public sealed class HypergraphStatistics
{
    private readonly int[] _degrees;
    private readonly int[] _sizes;

    internal HypergraphStatistics(Hypergraph graph)
    {
        Incidence incidence = graph.Incidence;
        Memberships = incidence.MembershipCount;
        _degrees = Histogram(incidence.NodeCount, node => incidence.EdgesOf(node).Length);
        _sizes = Histogram(incidence.EdgeCount, edge => incidence.MembersOf(edge).Length);
        int[] lastEdge = new int[incidence.NodeCount];
        for (int edge = 0; edge < incidence.EdgeCount; edge++)
        {
            long size = 0;
            foreach (int member in incidence.MembersOf(edge))
            {
                size++;
                RepeatedMembers += lastEdge[member] == edge + 1 ? 1 : 0;
                lastEdge[member] = edge + 1;
            }
            CliqueCost += size * size;
        }
        HypergraphComponents components = graph.Components();
        Components = components.Count;
        LargestComponent = components.Count == 0 ? 0 : components.Sizes[components.Largest];
    }

    /// <summary>M.</summary>
    public int Memberships { get; }

    /// <summary>For each degree from 0 to the largest, how many nodes have it: how many memberships they are in.</summary>
    public ReadOnlySpan<int> Degrees => _degrees;

    /// <summary>For each size from 0 to the largest, how many hyperedges have it.</summary>
    public ReadOnlySpan<int> Sizes => _sizes;

    /// <summary>Nodes in no hyperedge.</summary>
    public int IsolatedNodes => _degrees[0];

    /// <summary>Hyperedges without members.</summary>
    public int EmptyEdges => _sizes[0];

    /// <summary>Memberships of a node that is in the same hyperedge already.</summary>
    public long RepeatedMembers { get; }

    /// <summary>Connected components, nodes in no hyperedge included.</summary>
    public int Components { get; }

    /// <summary>Nodes of the largest component.</summary>
    public int LargestComponent { get; }

    /// <summary>2 M: rows that a product from nodes to hyperedges and back reads.</summary>
    public long TwoHopCost => 2L * Memberships;

    /// <summary>The sum of the squared sizes: rows that a product with the projection to pairs reads.</summary>
    public long CliqueCost { get; }

    /// <summary>The figures, one a line.</summary>
    public override string ToString() => string.Join(
        Environment.NewLine,
        $"memberships {Memberships}, of repeated members {RepeatedMembers}",
        $"degrees     mean {Mean(_degrees):0.##}, largest {_degrees.Length - 1}; isolated nodes {IsolatedNodes}",
        $"sizes       mean {Mean(_sizes):0.##}, largest {_sizes.Length - 1}; empty hyperedges {EmptyEdges}",
        $"components  {Components}, the largest of {LargestComponent} nodes",
        $"cost        two hops {TwoHopCost}, pairs {CliqueCost}");

    private double Mean(int[] histogram) => histogram.Sum() == 0 ? 0 : Memberships / (double)histogram.Sum();

    private static int[] Histogram(int count, Func<int, int> valueOf)
    {
        int largest = 0;
        for (int i = 0; i < count; i++)
        {
            largest = Math.Max(largest, valueOf(i));
        }
        int[] histogram = new int[largest + 1];
        for (int i = 0; i < count; i++)
        {
            histogram[valueOf(i)]++;
        }
        return histogram;
    }
}
