namespace HyperKernels.IO;

/// <summary>
/// What files of hypergraphs hold: the pairs of node and hyperedge in the order of the file, and what else is known of nodes, hyperedges and memberships. Every
/// format reads into it and writes from it; <see cref="ToHypergraph"/> makes the graph that layers use.
/// </summary>
/// <remarks>
/// <para>
/// Nodes and hyperedges are numbered from 0; their names in the file, if it has others, are <see cref="NodeNames"/> and <see cref="EdgeNames"/>. A pair that stands
/// twice is kept twice. What is null is not known. Writers refuse what their format cannot hold: <c>data with { NodeLabels = null }</c> leaves it out.
/// Weights are float32, as in the engine. Arrays are taken as they are and must not be changed afterwards.
/// </para>
/// </remarks>
public sealed record HypergraphData
{
    private readonly int[] _nodes;
    private readonly int[] _edges;

    /// <summary>Makes data of pairs.</summary>
    /// <param name="nodes">The number of nodes.</param>
    /// <param name="edges">The number of hyperedges.</param>
    /// <param name="nodeIds">The node of each pair, from 0 to below nodes.</param>
    /// <param name="edgeIds">The hyperedge of each pair, from 0 to below edges; as many.</param>
    /// <exception cref="ArgumentException">A count is negative, the lengths differ, or an id is out of range.</exception>
    public HypergraphData(int nodes, int edges, int[] nodeIds, int[] edgeIds)
    {
        ArgumentNullException.ThrowIfNull(nodeIds);
        ArgumentNullException.ThrowIfNull(edgeIds);
        if (nodes < 0 || edges < 0 || nodeIds.Length != edgeIds.Length)
        {
            throw new ArgumentException(
                $"HypergraphData: counts must not be negative and every pair has a node and a hyperedge; got {nodes} nodes, {edges} hyperedges, "
                + $"{nodeIds.Length} and {edgeIds.Length} ids.");
        }
        CheckIds("node", nodeIds, nodes);
        CheckIds("hyperedge", edgeIds, edges);
        (NodeCount, EdgeCount, _nodes, _edges) = (nodes, edges, nodeIds, edgeIds);
    }

    /// <summary>N: the number of nodes, those in no hyperedge included.</summary>
    public int NodeCount { get; }

    /// <summary>E: the number of hyperedges, empty ones included.</summary>
    public int EdgeCount { get; }

    /// <summary>M: the number of pairs.</summary>
    public int MembershipCount => _nodes.Length;

    /// <summary>The node of each pair.</summary>
    public ReadOnlySpan<int> Nodes => _nodes;

    /// <summary>The hyperedge of each pair.</summary>
    public ReadOnlySpan<int> Edges => _edges;

    /// <summary>What hyperedges stand for.</summary>
    public NetworkKind Kind { get; init; }

    /// <summary>The nodes' names in the file; null where they are the numbers from 0 (or from where the format counts).</summary>
    public ElementNames? NodeNames { get; init => field = Checked(value, value?.Count, NodeCount, "NodeNames"); }

    /// <summary>The hyperedges' names in the file; null where they are their places.</summary>
    public ElementNames? EdgeNames { get; init => field = Checked(value, value?.Count, EdgeCount, "EdgeNames"); }

    /// <summary>A weight for each node.</summary>
    public float[]? NodeWeights { get; init => field = Checked(value, value?.Length, NodeCount, "NodeWeights"); }

    /// <summary>A weight for each hyperedge.</summary>
    public float[]? EdgeWeights { get; init => field = Checked(value, value?.Length, EdgeCount, "EdgeWeights"); }

    /// <summary>A weight for each pair.</summary>
    public float[]? MembershipWeights { get; init => field = Checked(value, value?.Length, MembershipCount, "MembershipWeights"); }

    /// <summary>The side on which the node of each pair stands.</summary>
    public MembershipRole[]? Roles { get; init => field = Checked(value, value?.Length, MembershipCount, "Roles"); }

    /// <summary>A class for each node.</summary>
    public int[]? NodeLabels { get; init => field = Checked(value, value?.Length, NodeCount, "NodeLabels"); }

    /// <summary>Names of the classes of nodes.</summary>
    public IReadOnlyList<string>? NodeLabelNames { get; init; }

    /// <summary>A class for each hyperedge.</summary>
    public int[]? EdgeLabels { get; init => field = Checked(value, value?.Length, EdgeCount, "EdgeLabels"); }

    /// <summary>A class for each pair: what a node is in that hyperedge.</summary>
    public int[]? MembershipLabels { get; init => field = Checked(value, value?.Length, MembershipCount, "MembershipLabels"); }

    /// <summary>When each hyperedge came, in the file's unit.</summary>
    public long[]? EdgeTimes { get; init => field = Checked(value, value?.Length, EdgeCount, "EdgeTimes"); }

    /// <summary>Features of nodes.</summary>
    public SparseRows? NodeFeatures { get; init => field = Checked(value, value?.Count, NodeCount, "NodeFeatures"); }

    /// <summary>What the file says of itself: a JSON object.</summary>
    public string? Metadata { get; init; }

    /// <summary>What it says of each node beside this: JSON objects, null where it says nothing.</summary>
    public string?[]? NodeAttributes { get; init => field = Checked(value, value?.Length, NodeCount, "NodeAttributes"); }

    /// <summary>What it says of each hyperedge: JSON objects, null where it says nothing.</summary>
    public string?[]? EdgeAttributes { get; init => field = Checked(value, value?.Length, EdgeCount, "EdgeAttributes"); }

    /// <summary>What it says of each pair: JSON objects, null where it says nothing.</summary>
    public string?[]? MembershipAttributes { get; init => field = Checked(value, value?.Length, MembershipCount, "MembershipAttributes"); }

    /// <summary>Takes the structure of a graph, with its weights. What its types and roles mean is not known here: they stay behind.</summary>
    /// <param name="graph">Copied.</param>
    public static HypergraphData Of(Hypergraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return new HypergraphData(graph.NodeCount, graph.EdgeCount, graph.Incidence.Nodes.ToArray(), graph.Incidence.Edges.ToArray())
        {
            EdgeWeights = graph.EdgeWeights?.ToArray(),
            MembershipWeights = graph.MembershipWeights?.ToArray(),
        };
    }

    /// <summary>
    /// Makes the graph, with weights of hyperedges and memberships where there are any, and with roles: 0 is a tail, 1 a head, and 2, where it occurs, neither.
    /// </summary>
    /// <param name="device">Where it goes; null means <see cref="Device.Default"/>.</param>
    /// <returns>The caller's to dispose; tensors of weights belong to the current scope.</returns>
    public Hypergraph ToHypergraph(Device? device = null)
    {
        Incidence incidence = Incidence.FromPairs(NodeCount, EdgeCount, _nodes, _edges, device);
        HypergraphRows rows = new()
        {
            EdgeWeights = EdgeWeights is { } w ? Tensor.From(w, [EdgeCount], incidence.Device) : null,
            MembershipWeights = MembershipWeights is { } h ? Tensor.From(h, [MembershipCount], incidence.Device) : null,
            Roles = Roles is { } roles
                ? RowGroups.Of(Array.ConvertAll(roles, GroupOf), roles.Contains(MembershipRole.None) ? 3 : 2, incidence.Device)
                : null,
        };
        return new Hypergraph(incidence, rows, ownsIncidence: true);
    }

    /// <summary>The counts: <c>6 nodes, 3 hyperedges, 8 memberships</c>.</summary>
    public override string ToString() => $"{NodeCount} nodes, {EdgeCount} hyperedges, {MembershipCount} memberships";

    private static int GroupOf(MembershipRole role) => role switch
    {
        MembershipRole.Tail => 0,
        MembershipRole.Head => 1,
        _ => 2,
    };

    private static T? Checked<T>(T? value, int? length, int count, string name)
        where T : class =>
        length is null || length == count ? value : throw new ArgumentException($"HypergraphData: {name} must have {count} entries; got {length}.");

    private static void CheckIds(string what, int[] ids, int bound)
    {
        for (int pair = 0; pair < ids.Length; pair++)
        {
            if ((uint)ids[pair] >= (uint)bound)
            {
                throw new ArgumentException($"HypergraphData: {what} ids must be from 0 to below {bound}; pair {pair} has {ids[pair]}.");
            }
        }
    }
}
