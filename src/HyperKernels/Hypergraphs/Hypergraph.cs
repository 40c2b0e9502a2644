namespace HyperKernels;

/// <summary>
/// An <see cref="HyperKernels.Incidence"/> with optional weights of hyperedges and memberships, types and roles, and the degree scalings
/// that convolutions use. Immutable; of names, features and labels it knows nothing.
/// </summary>
/// <remarks>
/// <c>dv[v] = sum over the hyperedges e of v of w[e] * h</c> and <c>de[e] = sum over its members of h</c>, with edge weights w and membership weights h (ones
/// unless given); <c>0^-1 = 0^-1/2 = 0</c>. Scales of a graph without weights are made once. With weights they are computed at every
/// use from the weights' present values, and differentiable in them.
/// </remarks>
public sealed partial class Hypergraph : IDisposable
{
    private readonly Lock _gate = new();
    private readonly HypergraphRows _rows;
    private readonly bool _ownsIncidence;
    private Tensor? _symmetricNodeScale;
    private Tensor? _nodeScale;
    private Tensor? _inverseEdgeDegrees;

    /// <summary>Makes a hypergraph over an incidence, which may be shared and stays the caller's to dispose.</summary>
    /// <param name="incidence">Which node is in which hyperedge.</param>
    /// <param name="edgeWeights">w, <c>[E]</c>; ones if null. May be a parameter's value or a watched tensor.</param>
    /// <param name="membershipWeights">h, <c>[M]</c>, in the order of the pairs; ones if null.</param>
    /// <exception cref="ArgumentException">Weights have another shape, hold integers, or are on another device.</exception>
    public Hypergraph(Incidence incidence, Tensor? edgeWeights = null, Tensor? membershipWeights = null)
        : this(incidence, new HypergraphRows { EdgeWeights = edgeWeights, MembershipWeights = membershipWeights }, ownsIncidence: false)
    {
    }

    internal Hypergraph(Incidence incidence, in HypergraphRows rows, bool ownsIncidence)
    {
        ArgumentNullException.ThrowIfNull(incidence);
        rows.Check(incidence);
        Incidence = incidence;
        _rows = rows;
        _ownsIncidence = ownsIncidence;
    }

    /// <summary>The structure.</summary>
    public Incidence Incidence { get; }

    /// <summary>N: the number of nodes.</summary>
    public int NodeCount => Incidence.NodeCount;

    /// <summary>E: the number of hyperedges.</summary>
    public int EdgeCount => Incidence.EdgeCount;

    /// <summary>M: the number of memberships.</summary>
    public int MembershipCount => Incidence.MembershipCount;

    /// <summary>w, <c>[E]</c>; null means ones.</summary>
    public Tensor? EdgeWeights => _rows.EdgeWeights;

    /// <summary>h, <c>[M]</c>; null means ones.</summary>
    public Tensor? MembershipWeights => _rows.MembershipWeights;

    /// <summary>
    /// h for one way, <c>[M]</c>; null means ones. Both ways have <see cref="MembershipWeights"/>, but in what a <see cref="NeighbourSampler"/> draws: a
    /// membership stands for others of its hyperedge on the way to hyperedges, and for others of its node on the way to nodes.
    /// </summary>
    public Tensor? MembershipWeightsToward(Toward toward) => (toward == Toward.Nodes ? _rows.NodewardWeights : null) ?? _rows.MembershipWeights;

    /// <summary><c>dv</c>: for each node the sum of w h over its hyperedges, <c>[N]</c>.</summary>
    public Tensor NodeDegrees =>
        EdgeWeights is { } weights
            ? Ops.EdgesToNodes(weights, this)
            : SumOfWeights(Toward.Nodes);

    /// <summary><c>de</c>: for each hyperedge the sum of h over its members, <c>[E]</c>.</summary>
    public Tensor EdgeDegrees => SumOfWeights(Toward.Edges);

    /// <summary><c>dv^-1/2</c>, <c>[N]</c>; 0 for a node without hyperedges. Not the caller's to dispose.</summary>
    public Tensor SymmetricNodeScale =>
        IsWeighted ? InverseRoot(NodeDegrees) : Cached(ref _symmetricNodeScale, static graph => InverseRoot(graph.NodeDegrees));

    /// <summary><c>dv^-1</c>, <c>[N]</c>; 0 for a node without hyperedges. Not the caller's to dispose.</summary>
    public Tensor NodeScale => IsWeighted ? Inverse(NodeDegrees) : Cached(ref _nodeScale, static graph => Inverse(graph.NodeDegrees));

    /// <summary><c>w de^-1</c>, <c>[E]</c>; 0 for an empty hyperedge. Not the caller's to dispose.</summary>
    public Tensor EdgeScale => EdgeWeights is { } weights ? Ops.Multiply(weights, InverseEdgeDegrees) : InverseEdgeDegrees;

    /// <summary><c>de^-1</c>, <c>[E]</c>; 0 for an empty hyperedge. Not the caller's to dispose.</summary>
    public Tensor InverseEdgeDegrees =>
        MembershipWeights is null ? Cached(ref _inverseEdgeDegrees, static graph => Inverse(graph.EdgeDegrees)) : Inverse(EdgeDegrees);

    /// <summary>Weights, types and roles together: what structures made of this one take their rows from.</summary>
    internal HypergraphRows Rows => _rows;

    private bool IsWeighted => EdgeWeights is not null || MembershipWeights is not null;

    /// <summary>Builds a hypergraph from the members of each hyperedge: <c>Hypergraph.FromEdges(6, [[0, 1, 2], [2, 3], [3, 4, 5]])</c>.</summary>
    /// <param name="nodes">The number of nodes; never taken from the largest id.</param>
    /// <param name="edges">The members of each hyperedge.</param>
    /// <param name="device">Where it goes; null means <see cref="Device.Default"/>.</param>
    /// <exception cref="ArgumentException">nodes is negative, or a member is out of range: the message names it.</exception>
    public static Hypergraph FromEdges(int nodes, int[][] edges, Device? device = null) =>
        new(Incidence.FromEdges(nodes, edges, device), default, ownsIncidence: true);

    /// <summary>Builds a hypergraph from pairs of a node and a hyperedge.</summary>
    /// <param name="nodes">The number of nodes; never taken from the largest id.</param>
    /// <param name="edges">The number of hyperedges.</param>
    /// <param name="nodeIds">The node of each pair, from 0.</param>
    /// <param name="edgeIds">The hyperedge of each pair, from 0.</param>
    /// <param name="device">Where it goes; null means <see cref="Device.Default"/>.</param>
    /// <exception cref="ArgumentException">As <see cref="Incidence.FromPairs"/>.</exception>
    public static Hypergraph FromPairs(int nodes, int edges, ReadOnlySpan<int> nodeIds, ReadOnlySpan<int> edgeIds, Device? device = null) =>
        new(Incidence.FromPairs(nodes, edges, nodeIds, edgeIds, device), default, ownsIncidence: true);

    /// <summary>The same structure with weights of hyperedges, <c>[E]</c>. Shares the incidence: dispose it with the first graph.</summary>
    public Hypergraph WithEdgeWeights(Tensor? edgeWeights) =>
        new(Incidence, _rows with { EdgeWeights = edgeWeights }, ownsIncidence: false);

    /// <summary>The same structure with weights of memberships, <c>[M]</c>, in the order of the pairs. Shares the incidence: dispose it with the first graph.</summary>
    public Hypergraph WithMembershipWeights(Tensor? membershipWeights) =>
        new(Incidence, _rows with { MembershipWeights = membershipWeights, NodewardWeights = null }, ownsIncidence: false);

    /// <summary>
    /// The same structure as one process's part of a larger one: sums of hyperedges, degrees of hyperedges among them, are completed between processes, in
    /// gradients too. Shares the incidence: dispose it with the first graph.
    /// </summary>
    /// <param name="exchange">Adds what the members in other processes give; null for a whole of its own.</param>
    /// <returns>A graph for <see cref="Ops.NodesToEdges(Tensor, Hypergraph, Tensor?, Tensor?)"/> and the layers that use it. Nodes have all of their hyperedges here.</returns>
    public Hypergraph WithExchange(IEdgeExchange? exchange) => new(Incidence, _rows with { Exchange = exchange }, ownsIncidence: false);

    /// <summary>
    /// Gives nodes a hyperedge of their own with that one member, weight 1: without it an isolated node's output of a convolution is zero.
    /// </summary>
    /// <param name="onlyIsolated">True gives one only to nodes that are in no hyperedge; false to all.</param>
    /// <returns>
    /// A new graph whose further hyperedges and memberships come last. Weights get ones there; where there are types of hyperedges or roles, the loops get a
    /// further one of their own.
    /// </returns>
    public Hypergraph WithSelfLoops(bool onlyIsolated) => WithLoops(Incidence.WithSelfLoops(onlyIsolated));

    /// <summary>Gives the nodes of a list a hyperedge of their own with that one member, weight 1.</summary>
    /// <param name="nodes">Which nodes get one.</param>
    /// <returns>As <see cref="WithSelfLoops"/>, in the order of the list.</returns>
    /// <exception cref="ArgumentException">A node is out of range: the message names it.</exception>
    public Hypergraph WithSelfLoopsAt(ReadOnlySpan<int> nodes) => WithLoops(Incidence.WithSelfLoopsAt(nodes));

    /// <summary>
    /// Numbers nodes and hyperedges anew, so that those which meet have close numbers: products then find more of their rows in the caches.
    /// </summary>
    /// <returns>
    /// The graph in the new order, and a permutation each for rows of nodes, hyperedges and memberships: <c>x = order.Nodes.Apply(x)</c> on the
    /// way in (<c>[N, F]</c>), <c>y = order.Nodes.Undo(y)</c> on the way out. This graph stays as it is.
    /// </returns>
    /// <remarks>
    /// Meant to be done once, when a graph is built: it takes time linear in nodes, hyperedges and memberships, about that of building the
    /// incidence twice. It gains where the graph is local and its numbering is not (meshes, images, neighbours in space, blocks, in shuffled
    /// files) and features do not fit the caches. A graph that joins anything to anything has no order that helps much, and small ones need
    /// none. Sums over a node's hyperedges run in another order, so that results agree to rounding. Weights are reordered too,
    /// differentiably; like those of <see cref="WithSelfLoops"/> they belong to the current scope.
    /// </remarks>
    public ReorderedHypergraph Reordered() => new(this);

    /// <summary>Disposes of what the graph made: its scales, and the incidence unless that was given. Weights stay the caller's.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _symmetricNodeScale?.Dispose();
            _nodeScale?.Dispose();
            _inverseEdgeDegrees?.Dispose();
        }
        if (_ownsIncidence)
        {
            Incidence.Dispose();
        }
    }

    /// <summary>The counts: <c>6 nodes, 3 hyperedges, 8 memberships</c>.</summary>
    public override string ToString() => Incidence.ToString();

    private Hypergraph WithLoops(Incidence incidence)
    {
        HypergraphRows rows = _rows with
        {
            EdgeWeights = WithOnes(_rows.EdgeWeights, incidence.EdgeCount),
            MembershipWeights = WithOnes(_rows.MembershipWeights, incidence.MembershipCount),
            NodewardWeights = WithOnes(_rows.NodewardWeights, incidence.MembershipCount),
            EdgeTypes = WithOneMore(_rows.EdgeTypes, incidence.EdgeCount),
            Roles = WithOneMore(_rows.Roles, incidence.MembershipCount),
        };
        return new Hypergraph(incidence, rows, ownsIncidence: true);
    }

    private static Tensor? WithOnes(Tensor? weights, int count) =>
        weights is { } given ? Ops.Concatenate(0, given, Tensor.Ones([count - given.Shape[0]], given.Device)) : null;

    private RowGroups? WithOneMore(RowGroups? kinds, int count)
    {
        if (kinds is null)
        {
            return null;
        }
        int[] kindOfRow = new int[count];
        kinds.GroupOfRow.CopyTo(kindOfRow);
        kindOfRow.AsSpan(kinds.Rows).Fill(kinds.Groups);
        return RowGroups.Of(kindOfRow, kinds.Groups + 1, Incidence.Device);
    }

    // Zero is replaced before the power, not after: the gradient of 0^-1/2 would be infinite, and infinity times zero is NaN.
    private static Tensor InverseRoot(Tensor degrees)
    {
        Tensor zeros = Tensor.Zeros([], degrees.Device);
        return Ops.Where(degrees, Ops.Rsqrt(Ops.Where(degrees, degrees, Tensor.Ones([], degrees.Device))), zeros);
    }

    private static Tensor Inverse(Tensor degrees)
    {
        Tensor zeros = Tensor.Zeros([], degrees.Device);
        return Ops.Where(degrees, Ops.Reciprocal(Ops.Where(degrees, degrees, Tensor.Ones([], degrees.Device))), zeros);
    }

    private Tensor SumOfWeights(Toward toward)
    {
        Tensor sums = Ops.SegmentSum(MembershipWeightsToward(toward) ?? Tensor.Ones([MembershipCount], Incidence.Device), Incidence, toward);
        return toward == Toward.Edges && _rows.Exchange is { } exchange ? Ops.SumOverProcesses(sums, exchange) : sums;
    }

    /// <summary>A scale that depends on the structure alone, kept outside scopes from its first use on.</summary>
    private Tensor Cached(ref Tensor? scale, Func<Hypergraph, Tensor> compute)
    {
        lock (_gate)
        {
            if (scale is not { } kept)
            {
                // Made once, also where its first use is inside a step that is being captured.
                using CapturePause pause = Incidence.Device.PauseCapture();
                using MemoryScope scope = new();
                Tensor computed = compute(this);
                kept = Tensor.NewUnowned(computed.Device, computed.Shape, ElementType.Float32);
                kept.CopyFrom(computed.ToArray());
                scale = kept;
            }
            return kept;
        }
    }
}
