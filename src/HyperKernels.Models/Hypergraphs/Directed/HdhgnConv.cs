using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A convolution over directed hyperedges with types. Members give their hyperedge <c>k_i = W_role x_v + b_role</c>, which takes
/// <c>h_e = sum softmax_e(&lt;Q1 z_e, K1 k_i&gt; / sqrt d) V1 k_i + U z_e</c>; it gives back <c>t_i = W'_role h_e + b'_role</c>, of which a node takes
/// <c>n_v = sum softmax_v(&lt;Q2 x_v, K2 t_i&gt; / sqrt d) V2 t_i</c>; then <c>x_v' = elu(GraphNorm(U1 x_v + U2 n_v))</c>.
/// </summary>
/// <remarks>
/// <para>
/// <c>z_e</c> is what is known of a hyperedge: the embedding of its type. Maps by role are applied once to each different pair of a node (or hyperedge)
/// and a role, as grouped products; scores and sums run over the memberships without a row for each. A hyperedge without members keeps <c>U z_e</c>,
/// a node without hyperedges <c>U1 x_v + b</c>.
/// </para>
/// <para>
/// Source: Yang, Jin, Dou, Heterogeneous Directed Hypergraph Neural Network over abstract syntax tree (AST) for Code Classification, SEKE 2023
/// (arXiv 2305.04228), and the authors' code, qiankunmu/HDHGN. Unlike there a last node without hyperedges changes no shape.
/// </para>
/// </remarks>
public sealed class HdhgnConv : Layer, IStoredLayer<HdhgnConv>
{
    private readonly int _edgeHeads;
    private readonly int _nodeHeads;
    private readonly int _roles;
    private readonly Linear _query1;
    private readonly Linear _key1;
    private readonly Linear _value1;
    private readonly Linear _edge;
    private readonly TypedLinear _toEdge;
    private readonly TypedLinear _toNode;
    private readonly Linear _query2;
    private readonly Linear _key2;
    private readonly Linear _value2;
    private readonly Linear _self;
    private readonly Linear _message;
    private readonly GraphNorm _norm;

    static HdhgnConv() => LayerTypes.Register<HdhgnConv>();

    /// <summary>Makes the layer with PyTorch's first values.</summary>
    /// <param name="features">Features of a node and of a hyperedge.</param>
    /// <param name="edgeHeads">Heads of the attention in hyperedges; divides the features.</param>
    /// <param name="nodeHeads">Heads of the attention at nodes; divides the features.</param>
    /// <param name="roles">The number of roles; 2 are tail and head.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or heads do not divide the features.</exception>
    public HdhgnConv(int features, int edgeHeads = 8, int nodeHeads = 8, int roles = 2, RandomStream? random = null)
    {
        if (features < 1 || edgeHeads < 1 || nodeHeads < 1 || features % edgeHeads != 0 || features % nodeHeads != 0)
        {
            throw new ArgumentException($"HdhgnConv: heads must divide the features; got {edgeHeads} and {nodeHeads} heads for {features} features.");
        }
        (Features, _edgeHeads, _nodeHeads, _roles) = (features, edgeHeads, nodeHeads, roles);
        Linear Map(string name, bool bias) => Add(name, new Linear(features, features, bias, random));
        _query1 = Map("Q1", false);
        _key1 = Map("K1", false);
        _value1 = Map("V1", false);
        _edge = Map("edge_linear", true);
        _toEdge = Add("head_tail_linear", new TypedLinear(features, features, roles, random));
        _toNode = Add("to_head_tail_linear", new TypedLinear(features, features, roles, random));
        _query2 = Map("Q2", false);
        _key2 = Map("K2", false);
        _value2 = Map("V2", false);
        _self = Map("u1", true);
        _message = Map("u2", true);
        _norm = Add("norm", new GraphNorm(features));
    }

    /// <summary>Features of a node and of a hyperedge.</summary>
    public int Features { get; }

    /// <summary>Computes the convolution.</summary>
    /// <param name="nodes">x: <c>[N, features]</c>.</param>
    /// <param name="edges">z: <c>[E, features]</c>.</param>
    /// <param name="graph">N nodes and E hyperedges, with the layer's number of roles.</param>
    /// <returns><c>[N, features]</c>.</returns>
    /// <exception cref="ArgumentException">A shape differs, or the graph has another number of roles.</exception>
    public Tensor Forward(Tensor nodes, Tensor edges, RoleHypergraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        if (graph.RoleCount != _roles)
        {
            throw new ArgumentException($"HdhgnConv: the hypergraph must have {_roles} roles; it has {graph.RoleCount}.", nameof(graph));
        }
        Tensor read = _toEdge.ForwardSorted(graph.OfNodes.Gather(nodes), graph.OfNodes.Groups);
        (Tensor keys, Tensor values) = (Heads(_key1.Forward(read), _edgeHeads), Heads(_value1.Forward(read), _edgeHeads));
        Tensor weights = Weights(keys, Heads(_query1.Forward(edges), _edgeHeads), graph.ToEdges, Toward.Edges);
        Tensor hyper = Ops.Add(Ops.Reshape(Ops.NodesToEdges(values, graph.ToEdges, weights), edges.Shape), _edge.Forward(edges));

        Tensor given = _toNode.ForwardSorted(graph.OfEdges.Gather(hyper), graph.OfEdges.Groups);
        (keys, values) = (Heads(_key2.Forward(given), _nodeHeads), Heads(_value2.Forward(given), _nodeHeads));
        weights = Weights(Heads(_query2.Forward(nodes), _nodeHeads), keys, graph.ToNodes, Toward.Nodes);
        Tensor messages = Ops.Reshape(Ops.EdgesToNodes(values, graph.ToNodes, weights), nodes.Shape);
        return Ops.Elu(_norm.Forward(Ops.Add(_message.Forward(messages), _self.Forward(nodes)), graph.NodesByGraph));
    }

    private static Tensor Heads(Tensor rows, int heads) => Ops.Reshape(rows, rows.Shape[0], heads, rows.Shape[1] / heads);

    private static Tensor Weights(Tensor ofNodes, Tensor ofEdges, Incidence incidence, Toward toward)
    {
        float scale = 1 / MathF.Sqrt(ofNodes.Shape[2]);
        return Ops.SegmentSoftmax(Ops.MultiplyScalar(Ops.SampledDot(ofNodes, ofEdges, incidence, perHead: true), scale), incidence, toward);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"HdhgnConv({Features}, edgeHeads: {_edgeHeads}, nodeHeads: {_nodeHeads}, roles: {_roles})";

    static string IStoredLayer<HdhgnConv>.TypeName => "HdhgnConv";

    static HdhgnConv IStoredLayer<HdhgnConv>.Read(LayerSettings settings) =>
        new(settings.Int("features"), settings.Int("edgeHeads"), settings.Int("nodeHeads"), settings.Int("roles"));

    void IStoredLayer<HdhgnConv>.WriteSettings(LayerSettings settings) =>
        settings.Set("features", Features).Set("edgeHeads", _edgeHeads).Set("nodeHeads", _nodeHeads).Set("roles", _roles);
}
