namespace HyperKernels;

/// <summary>The memberships of a hypergraph in memory.</summary>
internal sealed class HypergraphMemberships : IMembershipSource
{
    public HypergraphMemberships(Hypergraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Graph = graph;
    }

    /// <summary>The hypergraph with its weights, types and roles.</summary>
    public Hypergraph Graph { get; }

    public int NodeCount => Graph.NodeCount;

    public int EdgeCount => Graph.EdgeCount;

    public long MembershipCount => Graph.MembershipCount;

    public int CountOf(Toward toward, int segment)
    {
        SegmentIndex index = Graph.Incidence.Index(toward);
        return index.Start(segment + 1) - index.Start(segment);
    }

    public void Read(Toward toward, int segment, ReadOnlySpan<int> places, Span<long> memberships, Span<int> others)
    {
        SegmentIndex index = Graph.Incidence.Index(toward);
        ReadOnlySpan<int> row = index.Others(segment);
        int start = index.Start(segment);
        for (int i = 0; i < places.Length; i++)
        {
            memberships[i] = index.PairAt(start + places[i]);
            others[i] = row[places[i]];
        }
    }
}
