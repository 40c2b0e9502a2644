namespace HyperKernels;

/// <summary>
/// Part of a hypergraph, and which nodes, hyperedges and memberships of the whole it consists of. Its memberships lie hyperedge by hyperedge; weights, types
/// and roles came along, weights differentiably and owned by the scope in which it was made.
/// </summary>
public sealed class SubHypergraph : IDisposable
{
    private readonly RowSelection? _memberships;

    /// <summary>The memberships that join a chosen node to a chosen hyperedge.</summary>
    /// <param name="source">The whole.</param>
    /// <param name="nodes">Nodes of the whole, each once.</param>
    /// <param name="edges">Hyperedges of the whole, each once.</param>
    /// <param name="seeds">How many of the nodes were asked for; they come first.</param>
    internal SubHypergraph(Hypergraph source, int[] nodes, int[] edges, int seeds)
    {
        Dictionary<int, int> places = new(nodes.Length);
        for (int place = 0; place < nodes.Length; place++)
        {
            places.Add(nodes[place], place);
        }
        SegmentIndex byEdge = source.Incidence.Index(Toward.Edges);
        List<int> nodeIds = [];
        List<int> edgeIds = [];
        List<int> memberships = [];
        for (int edge = 0; edge < edges.Length; edge++)
        {
            int slot = byEdge.Start(edges[edge]);
            foreach (int member in byEdge.Others(edges[edge]))
            {
                if (places.TryGetValue(member, out int place))
                {
                    nodeIds.Add(place);
                    edgeIds.Add(edge);
                    memberships.Add(byEdge.PairAt(slot));
                }
                slot++;
            }
        }
        Device device = source.Incidence.Device;
        Nodes = new RowSelection(nodes, source.NodeCount, device);
        Edges = new RowSelection(edges, source.EdgeCount, device);
        _memberships = new RowSelection([.. memberships], source.MembershipCount, device);
        SeedCount = seeds;
        Incidence incidence = Incidence.FromPairs(nodes.Length, edges.Length, nodeIds.ToArray(), edgeIds.ToArray(), source.Incidence.Device);
        Graph = new Hypergraph(incidence, source.Rows.Take(nodes, edges, [.. memberships]), ownsIncidence: true);
    }

    /// <summary>Takes a graph that is made already; memberships are null where the whole has more than a selection can name.</summary>
    internal SubHypergraph(IMembershipSource source, Hypergraph graph, int[] nodes, int[] edges, int[]? memberships, int seeds)
    {
        Device device = graph.Incidence.Device;
        Nodes = new RowSelection(nodes, source.NodeCount, device);
        Edges = new RowSelection(edges, source.EdgeCount, device);
        _memberships = memberships is null ? null : new RowSelection(memberships, (int)source.MembershipCount, device);
        SeedCount = seeds;
        Graph = graph;
    }

    /// <summary>The part as a hypergraph of its own.</summary>
    public Hypergraph Graph { get; }

    /// <summary>Its nodes: <c>part.Nodes.Apply(x)</c> takes <c>[N, ...]</c> of the whole.</summary>
    public RowSelection Nodes { get; }

    /// <summary>Its hyperedges: for <c>[E, ...]</c>.</summary>
    public RowSelection Edges { get; }

    /// <summary>Its memberships: for <c>[M, ...]</c>.</summary>
    /// <exception cref="InvalidOperationException">The whole has more memberships than 32 bits number.</exception>
    public RowSelection Memberships =>
        _memberships ?? throw new InvalidOperationException("SubHypergraph: the whole has more memberships than 32 bits number: there is no selection of them.");

    /// <summary>How many nodes were asked for: the first ones of <see cref="Nodes"/>. All of them where hyperedges were asked for.</summary>
    public int SeedCount { get; }

    /// <summary>The rows of the nodes that were asked for.</summary>
    /// <param name="x"><c>[nodes of the part, ...]</c></param>
    /// <returns><c>[SeedCount, ...]</c>; differentiable in x.</returns>
    /// <exception cref="ArgumentException">x has another number of rows.</exception>
    public Tensor SeedRows(Tensor x)
    {
        if (x.Rank == 0 || x.Shape[0] != Nodes.Count)
        {
            Throw.Argument($"SubHypergraph: the tensor must have {Nodes.Count} rows, one per node of the part; it is {x.Shape}.");
        }
        return Ops.Slice(x, 0, 0, SeedCount);
    }

    /// <summary>Disposes of the graph and the selections; the whole stays.</summary>
    public void Dispose()
    {
        Graph.Dispose();
        Nodes.Dispose();
        Edges.Dispose();
        _memberships?.Dispose();
    }
}
