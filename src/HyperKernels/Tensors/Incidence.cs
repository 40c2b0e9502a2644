using System.Numerics.Tensors;

namespace HyperKernels;

/// <summary>
/// Which node is in which hyperedge: a list of pairs in the order in which they were given, and its compressed forms by edge and by node.
/// Immutable. Tensors with one row per membership follow the order of the pairs.
/// </summary>
/// <remarks>
/// A pair given twice counts twice; an edge without members and a node without edges are kept. Inside a segment memberships keep the
/// order of the pairs, so that sums are the same bits at every run. The index tensors live outside scopes until <see cref="Dispose"/>;
/// any number of threads may use an incidence at once. Building takes time and memory linear in nodes, edges and memberships; it sorts by
/// counting, on the threads of <see cref="Device.Cpu"/>, with the same result for any number of them.
/// </remarks>
public sealed class Incidence : IDisposable
{
    private static readonly int s_mostSegments = Array.MaxLength;

    private readonly int[] _nodes;
    private readonly int[] _edges;
    private readonly SegmentIndex _byEdge;
    private readonly SegmentIndex _byNode;

    private Incidence(int nodes, int edges, int[] nodeIds, int[] edgeIds, Device device)
    {
        NodeCount = nodes;
        EdgeCount = edges;
        Device = device;
        _nodes = nodeIds;
        _edges = edgeIds;
        NodeOfMembership = SegmentIndex.Upload(nodeIds, device);
        EdgeOfMembership = SegmentIndex.Upload(edgeIds, device);
        _byEdge = new SegmentIndex(edges, edgeIds, nodeIds, NodeOfMembership);
        _byNode = new SegmentIndex(nodes, nodeIds, edgeIds, EdgeOfMembership);
    }

    /// <summary>N: the number of nodes, those without edges included.</summary>
    public int NodeCount { get; }

    /// <summary>E: the number of hyperedges, empty ones included.</summary>
    public int EdgeCount { get; }

    /// <summary>M: the number of pairs.</summary>
    public int MembershipCount => _nodes.Length;

    /// <summary>Where the index tensors are.</summary>
    public Device Device { get; }

    /// <summary>The node of each pair, in the order given.</summary>
    public ReadOnlySpan<int> Nodes => _nodes;

    /// <summary>The hyperedge of each pair, in the order given.</summary>
    public ReadOnlySpan<int> Edges => _edges;

    /// <summary><see cref="Nodes"/> as a tensor <c>[M]</c> on the device; not the caller's to dispose.</summary>
    public Tensor NodeOfMembership { get; }

    /// <summary><see cref="Edges"/> as a tensor <c>[M]</c> on the device; not the caller's to dispose.</summary>
    public Tensor EdgeOfMembership { get; }

    /// <summary>Builds an incidence from pairs.</summary>
    /// <param name="nodes">The number of nodes; never taken from the largest id.</param>
    /// <param name="edges">The number of hyperedges.</param>
    /// <param name="nodeIds">The node of each pair, from 0.</param>
    /// <param name="edgeIds">The hyperedge of each pair, from 0; as many as <paramref name="nodeIds"/>.</param>
    /// <param name="device">Where the index tensors go; null means <see cref="Device.Default"/>.</param>
    /// <exception cref="ArgumentException">A count is negative, the lengths differ, or an id is out of range: the message names pair, id and bound.</exception>
    public static Incidence FromPairs(int nodes, int edges, ReadOnlySpan<int> nodeIds, ReadOnlySpan<int> edgeIds, Device? device = null)
    {
        if (nodes < 0 || nodes >= s_mostSegments || edges < 0 || edges >= s_mostSegments)
        {
            // Compressed rows have one offset more than there are segments.
            Throw.Argument($"Incidence: the numbers of nodes and hyperedges must be from 0 to {s_mostSegments - 1}; got {nodes} nodes and {edges} hyperedges.");
        }
        if (nodeIds.Length != edgeIds.Length)
        {
            Throw.Argument($"Incidence: every pair needs a node and a hyperedge; got {nodeIds.Length} node ids and {edgeIds.Length} hyperedge ids.");
        }
        CheckIds("node", nodeIds, nodes);
        CheckIds("hyperedge", edgeIds, edges);
        return new Incidence(nodes, edges, nodeIds.ToArray(), edgeIds.ToArray(), device ?? Device.Default);
    }

    /// <summary>Builds an incidence from the members of each hyperedge; the pairs are those of edge 0, then those of edge 1, and so on.</summary>
    /// <param name="nodes">The number of nodes; never taken from the largest id.</param>
    /// <param name="edges">The members of each hyperedge; an empty array is an edge without members.</param>
    /// <param name="device">Where the index tensors go; null means <see cref="Device.Default"/>.</param>
    /// <exception cref="ArgumentException">nodes is negative, or a member is out of range: the message names it.</exception>
    public static Incidence FromEdges(int nodes, int[][] edges, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(edges);
        long memberships = 0;
        for (int edge = 0; edge < edges.Length; edge++)
        {
            if (edges[edge] is not { } members)
            {
                return Throw.Argument<Incidence>(
                    $"Incidence: every hyperedge needs an array of members; that of hyperedge {edge} is null. For one without members give an empty array.");
            }
            memberships += members.Length;
        }
        CheckMemberships(memberships);
        int[] nodeIds = new int[memberships];
        int[] edgeIds = new int[memberships];
        int next = 0;
        for (int edge = 0; edge < edges.Length; edge++)
        {
            edges[edge].CopyTo(nodeIds, next);
            edgeIds.AsSpan(next, edges[edge].Length).Fill(edge);
            next += edges[edge].Length;
        }
        return FromPairs(nodes, edges.Length, nodeIds, edgeIds, device);
    }

    /// <summary>The members of a hyperedge, in the order of the pairs.</summary>
    public ReadOnlySpan<int> MembersOf(int edge) => _byEdge.Others(edge);

    /// <summary>The hyperedges of a node, in the order of the pairs.</summary>
    public ReadOnlySpan<int> EdgesOf(int node) => _byNode.Others(node);

    /// <summary>One over the number of memberships of each hyperedge (<c>[E]</c>) or node (<c>[N]</c>); 1 where there are none. By it a sum becomes a mean.</summary>
    /// <param name="toward">Hyperedges or nodes.</param>
    /// <returns>Made once; not the caller's to dispose.</returns>
    public Tensor InverseCounts(Toward toward) => Index(toward).InverseCounts;

    /// <summary>The dual: nodes become hyperedges and hyperedges become nodes; pairs keep their order.</summary>
    public Incidence Transpose() => new(EdgeCount, NodeCount, _edges, _nodes, Device);

    /// <summary>
    /// Gives nodes a hyperedge of their own with that one member. New edges come after the present ones, in the order of the nodes, and
    /// so do their pairs.
    /// </summary>
    /// <param name="onlyIsolated">True gives one only to nodes that are in no hyperedge; false to all.</param>
    /// <returns>A new incidence; this one stays as it is.</returns>
    public Incidence WithSelfLoops(bool onlyIsolated)
    {
        List<int> lonely = [];
        for (int node = 0; node < NodeCount; node++)
        {
            if (!onlyIsolated || _byNode.Others(node).IsEmpty)
            {
                lonely.Add(node);
            }
        }
        return WithSelfLoopsAt([.. lonely]);
    }

    /// <summary>Gives the nodes of a list a hyperedge of their own with that one member; new edges and their pairs come last, in the order of the list.</summary>
    /// <param name="nodes">Which nodes get one.</param>
    /// <returns>A new incidence; this one stays as it is.</returns>
    /// <exception cref="ArgumentException">A node is out of range: the message names it.</exception>
    public Incidence WithSelfLoopsAt(ReadOnlySpan<int> nodes)
    {
        CheckIds("node", nodes, NodeCount);
        CheckMemberships((long)MembershipCount + nodes.Length);
        int[] loops = new int[nodes.Length];
        for (int i = 0; i < loops.Length; i++)
        {
            loops[i] = checked(EdgeCount + i);
        }
        return new Incidence(NodeCount, checked(EdgeCount + loops.Length), [.. _nodes, .. nodes], [.. _edges, .. loops], Device);
    }

    /// <summary>This incidence on another device; itself if it is there already.</summary>
    public Incidence To(Device device) =>
        ReferenceEquals(device, Device) ? this : new Incidence(NodeCount, EdgeCount, _nodes, _edges, device);

    /// <summary>Disposes of the index tensors. Nothing may use the incidence any more; disposing twice does nothing.</summary>
    public void Dispose()
    {
        _byEdge.Dispose();
        _byNode.Dispose();
        NodeOfMembership.Dispose();
        EdgeOfMembership.Dispose();
    }

    /// <summary>The counts: <c>6 nodes, 3 hyperedges, 8 memberships</c>.</summary>
    public override string ToString() => $"{NodeCount} nodes, {EdgeCount} hyperedges, {MembershipCount} memberships";

    internal SegmentIndex Index(Toward toward) => toward == Toward.Edges ? _byEdge : _byNode;

    /// <summary>A list of pairs is indexed by 32 bits: what would be longer is refused before anything is made.</summary>
    internal static void CheckMemberships(long count)
    {
        if (count > Array.MaxLength)
        {
            Throw.Argument($"Incidence: there can be at most {Array.MaxLength} memberships; this would have {count}.");
        }
    }

    // Every id is looked at by vectors first; only a failure looks for its pair.
    private static void CheckIds(string what, ReadOnlySpan<int> ids, int bound)
    {
        if (ids.IsEmpty || (TensorPrimitives.Min(ids) >= 0 && TensorPrimitives.Max(ids) < bound))
        {
            return;
        }
        int pair = 0;
        while ((uint)ids[pair] < (uint)bound)
        {
            pair++;
        }
        Throw.Argument($"Incidence: {what} ids must be from 0 to below {bound}; pair {pair} has {ids[pair]}.");
    }
}
