using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Hypergraph convolution with attention: <c>X' = D^-1 H W B^-1 H^T X Theta + b</c> in every head, where attention turns the entries of H into
/// <c>alpha = softmax of leaky(att . [x[v] Theta ; z[e] Theta])</c> in both directions; D and B are the degrees of nodes and hyperedges, of
/// the hypergraph or of attention (<see cref="HypergraphAttentionOptions.Degrees"/>).
/// </summary>
/// <remarks>
/// <para>
/// A score is the sum of one that the node gives and one that the hyperedge gives, so that nothing of the size of memberships times features is made.
/// Membership weights multiply alpha after the softmax. A node without hyperedges gets the bias, an empty hyperedge changes nothing.
/// Differentiable in features of both, parameters, edge weights (also through D) and membership weights.
/// </para>
/// <para>
/// Source: Bai, Zhang, Torr, Hypergraph Convolution and Hypergraph Attention, Pattern Recognition 2021, with PyTorch Geometric's layer for heads, the two
/// kinds of softmax, the bias and degrees that attention leaves alone unless told otherwise. That layer leaves W out of the product
/// (<see cref="EdgeWeightUse.DegreesAlone"/> does so too).
/// </para>
/// </remarks>
public sealed class HypergraphAttentionConv : Layer, IStoredLayer<HypergraphAttentionConv>
{
    private readonly Linear _theta;
    private readonly Parameter? _attention;
    private readonly Parameter? _bias;
    private readonly Dropout _dropout;

    static HypergraphAttentionConv() => LayerTypes.Register<HypergraphAttentionConv>();

    /// <summary>Makes the layer with Xavier's first values, and a bias of zeros.</summary>
    /// <param name="inFeatures">Features of a node, and of a hyperedge.</param>
    /// <param name="outFeatures">Features of a node in each head afterwards.</param>
    /// <param name="options">How it is made; null means PyTorch Geometric's values.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is below 1, or dropout is not in [0, 1].</exception>
    public HypergraphAttentionConv(int inFeatures, int outFeatures, HypergraphAttentionOptions? options = null, RandomStream? random = null)
    {
        Options = options ?? new HypergraphAttentionOptions();
        if (outFeatures < 1 || Options.Heads < 1)
        {
            throw new ArgumentException($"HypergraphAttentionConv: outFeatures and heads must be at least 1; got {outFeatures} and {Options.Heads}.");
        }
        HeadFeatures = outFeatures;
        _theta = Add("lin", new Linear(inFeatures, checked(Options.Heads * outFeatures), bias: false, random));
        Initializer.XavierUniform().Apply(_theta.Weight, random);
        _attention = Options.Attention == HypergraphAttention.None
            ? null
            : AddParameter("att", [1, Options.Heads, checked(2 * outFeatures)], HeadScores.Initial(Options.Heads, 2 * outFeatures), random);
        _bias = Options.Bias ? AddParameter("bias", [OutFeatures], Initializer.Zeros, role: ParameterRole.Bias, weight: _theta.Weight) : null;
        _dropout = Add("dropout", new Dropout(Options.Dropout, random));
    }

    /// <summary>Features of a node, and of a hyperedge.</summary>
    public int InFeatures => _theta.InFeatures;

    /// <summary>Features of a node in each head afterwards.</summary>
    public int HeadFeatures { get; }

    /// <summary>Features of a node afterwards: those of all heads where they stand side by side.</summary>
    public int OutFeatures => Options.Concatenate ? Options.Heads * HeadFeatures : HeadFeatures;

    /// <summary>How the layer is made.</summary>
    public HypergraphAttentionOptions Options { get; }

    /// <summary>Computes the convolution.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes, E hyperedges.</param>
    /// <param name="edges">Z: one row per hyperedge, <c>[E, inFeatures]</c>; null means the mean of its members' rows. Read by attention alone.</param>
    /// <returns><c>[N, OutFeatures]</c></returns>
    /// <exception cref="ArgumentException">A tensor has another number of rows or features, or is on another device than the graph.</exception>
    public Tensor Forward(Tensor nodes, Hypergraph graph, Tensor? edges = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Tensor rows = _theta.Forward(nodes);
        Tensor heads = Ops.Reshape(rows, nodes.Shape[0], Options.Heads, HeadFeatures);
        Tensor? alpha = _attention is null ? null : Attend(rows, edges, graph);
        Tensor gathered = alpha is { } attention && Options.Degrees == AttentionDegrees.OfAttention
            ? Average(heads, attention, graph)
            : Smooth(heads, alpha is { } given ? _dropout.Forward(given) : null, graph);
        Tensor result = Options.Concatenate ? Ops.Reshape(gathered, nodes.Shape[0], OutFeatures) : Ops.Mean(gathered, [1]);
        return _bias is null ? result : Ops.Add(result, _bias.Value);
    }

    /// <summary>The attention of every membership and head, <c>[M, heads]</c>.</summary>
    private Tensor Attend(Tensor rows, Tensor? edges, Hypergraph graph)
    {
        Incidence incidence = graph.Incidence;
        Tensor ofNodes = Ops.Linear(rows, Half(0));
        // Means and scores are both linear: the score of a mean row is the mean of its rows' scores, and Theta need not be applied to hyperedges.
        Tensor ofEdges = edges is { } given
            ? Ops.Linear(given, Ops.Matmul(Half(HeadFeatures), _theta.Weight.Value))
            : Ops.SegmentMean(Ops.NodesToMemberships(Ops.Linear(rows, Half(HeadFeatures)), incidence), incidence, Toward.Edges);
        Tensor scores = Ops.Add(Ops.NodesToMemberships(ofNodes, incidence), Ops.EdgesToMemberships(ofEdges, incidence));
        Toward toward = Options.Attention == HypergraphAttention.OverMembers ? Toward.Edges : Toward.Nodes;
        return Ops.SegmentSoftmax(Ops.LeakyRelu(scores, Options.Slope), incidence, toward);
    }

    /// <summary>Both ways with degrees that attention leaves alone.</summary>
    private Tensor Smooth(Tensor heads, Tensor? alpha, Hypergraph graph)
    {
        Tensor edgeScale = Options.EdgeWeights == EdgeWeightUse.DegreesAlone ? graph.InverseEdgeDegrees : graph.EdgeScale;
        Tensor gathered = Ops.NodesToEdges(heads, graph.Incidence, Weigh(alpha, graph, Toward.Edges));
        return Ops.EdgesToNodes(gathered, graph.Incidence, Weigh(alpha, graph, Toward.Nodes), edgeScale, graph.NodeScale);
    }

    /// <summary>Both ways with degrees that are sums of attention: averages, whose weights training drops some of.</summary>
    private Tensor Average(Tensor heads, Tensor alpha, Hypergraph graph)
    {
        Incidence incidence = graph.Incidence;
        Tensor dropped = _dropout.Forward(alpha);
        Tensor edgeDegrees = Ops.SegmentSum(Weigh(alpha, graph, Toward.Edges)!.Value, incidence, Toward.Edges);
        Tensor edges = Ops.Multiply(Ops.NodesToEdges(heads, incidence, Weigh(dropped, graph, Toward.Edges)), Inverse(edgeDegrees));

        Tensor edgeWeights = graph.EdgeWeights ?? Tensor.Ones([graph.EdgeCount], incidence.Device);
        Tensor ones = Ops.BroadcastTo(Ops.Reshape(edgeWeights, -1, 1), [graph.EdgeCount, Options.Heads]);
        Tensor nodeDegrees = Ops.EdgesToNodes(ones, incidence, Weigh(alpha, graph, Toward.Nodes));
        Tensor? messageWeights = Options.EdgeWeights == EdgeWeightUse.DegreesAlone ? null : graph.EdgeWeights;
        return Ops.Multiply(Ops.EdgesToNodes(edges, incidence, Weigh(dropped, graph, Toward.Nodes), messageWeights), Inverse(nodeDegrees));
    }

    /// <summary>One over degrees <c>[R, heads]</c> for rows <c>[R, heads, features]</c>; 0 for nothing.</summary>
    private static Tensor Inverse(Tensor degrees)
    {
        // Zeros are replaced before the division, not after: its gradient there would be infinite.
        Tensor safe = Ops.Where(degrees, degrees, Tensor.Ones([], degrees.Device));
        return Ops.Reshape(Ops.Where(degrees, Ops.Reciprocal(safe), Tensor.Zeros([], degrees.Device)), [.. degrees.Shape, 1]);
    }

    /// <summary>What memberships count on one way: their attention times their weight, <c>[M, heads]</c>, or either; null where all count one.</summary>
    private static Tensor? Weigh(Tensor? alpha, Hypergraph graph, Toward toward) => (alpha, graph.MembershipWeightsToward(toward)) switch
    {
        ({ } attention, { } weights) => Ops.Multiply(attention, Ops.Reshape(weights, graph.MembershipCount, 1)),
        (var attention, var weights) => attention ?? weights,
    };

    /// <summary>One half of att as a matrix: the first for nodes, the second for hyperedges.</summary>
    private Tensor Half(int start) => HeadScores.Matrix(Ops.Slice(_attention!.Value, 2, start, HeadFeatures));

    /// <inheritdoc/>
    protected override string Describe() =>
        $"HypergraphAttentionConv({InFeatures}, {HeadFeatures}, {Options.Attention}, heads: {Options.Heads}{(Options.Concatenate ? "" : ", averaged")})";

    static string IStoredLayer<HypergraphAttentionConv>.TypeName => "HypergraphAttentionConv";

    static HypergraphAttentionConv IStoredLayer<HypergraphAttentionConv>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("outFeatures"), new HypergraphAttentionOptions
        {
            Attention = settings.Choice<HypergraphAttention>("attention"),
            Heads = settings.Int("heads"),
            Concatenate = settings.Flag("concatenate"),
            Slope = settings.Number("slope"),
            Dropout = settings.Number("dropout"),
            EdgeWeights = settings.Choice<EdgeWeightUse>("edgeWeights"),
            // Files before there was a choice do not hold it.
            Degrees = settings.Has("degrees") ? settings.Choice<AttentionDegrees>("degrees") : AttentionDegrees.OfHypergraph,
            Bias = settings.Flag("bias"),
        });

    void IStoredLayer<HypergraphAttentionConv>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", InFeatures).Set("outFeatures", HeadFeatures).Set("attention", Options.Attention).Set("heads", Options.Heads)
        .Set("concatenate", Options.Concatenate).Set("slope", Options.Slope).Set("dropout", Options.Dropout)
        .Set("edgeWeights", Options.EdgeWeights).Set("degrees", Options.Degrees).Set("bias", Options.Bias);
}
