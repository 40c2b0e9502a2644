using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// HNHN convolution, where hyperedges are neurons too: <c>Z = relu(mean over members of (X W_E^T + b_E))</c>, then <c>X' = mean over hyperedges of
/// (Z W_V^T + b_V)</c>. In the first mean a member counts as <c>d[v]^beta</c>, in the second a hyperedge as <c>|e|^alpha</c>.
/// </summary>
/// <remarks>
/// Alpha and beta of 0 are plain means, as in DeepHypergraph. Membership and edge weights multiply what counts, and degrees are those of
/// <see cref="Hypergraph"/>. A node without hyperedges gets zeros (<see cref="Hypergraph.WithSelfLoops"/> helps). Biases are added before the means, where
/// the paper adds them after: the same but for rows of nothing. Source: Dong, Sawin, Bengio, HNHN: Hypergraph Networks with
/// Hyperedge Neurons, 2020 (arXiv 2006.12278), section 3.
/// </remarks>
public sealed class HnhnConv : Layer, IStoredLayer<HnhnConv>
{
    private readonly Linear _toEdges;
    private readonly Linear _toNodes;

    static HnhnConv() => LayerTypes.Register<HnhnConv>();

    /// <summary>Makes the layer with PyTorch's first values of linear layers.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="outFeatures">Features of a node afterwards.</param>
    /// <param name="alpha">The power of a hyperedge's size by which it counts; above 0 large ones count for more.</param>
    /// <param name="beta">The power of a node's degree by which it counts.</param>
    /// <param name="edgeFeatures">Features of a hyperedge, the neurons in between; 0 means as many as outFeatures.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is below 1.</exception>
    public HnhnConv(int inFeatures, int outFeatures, float alpha = 0, float beta = 0, int edgeFeatures = 0, RandomStream? random = null)
    {
        (Alpha, Beta) = (alpha, beta);
        int between = edgeFeatures == 0 ? outFeatures : edgeFeatures;
        _toEdges = Add("theta_v2e", new Linear(inFeatures, between, random: random));
        _toNodes = Add("theta_e2v", new Linear(between, outFeatures, random: random));
    }

    /// <summary>Features of a node.</summary>
    public int InFeatures => _toEdges.InFeatures;

    /// <summary>Features of a hyperedge.</summary>
    public int EdgeFeatures => _toEdges.OutFeatures;

    /// <summary>Features of a node afterwards.</summary>
    public int OutFeatures => _toNodes.OutFeatures;

    /// <summary>The power of a hyperedge's size by which it counts.</summary>
    public float Alpha { get; }

    /// <summary>The power of a node's degree by which it counts.</summary>
    public float Beta { get; }

    /// <summary>Computes the convolution.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes.</param>
    /// <returns><c>[N, outFeatures]</c>, before any activation; zeros for a node without hyperedges.</returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the layer's features, or is on another device than the graph.</exception>
    public Tensor Forward(Tensor nodes, Hypergraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return ToNodes(_toNodes.Forward(Ops.Relu(ToEdges(_toEdges.Forward(nodes), graph))), graph);
    }

    private Tensor ToEdges(Tensor rows, Hypergraph graph)
    {
        if (Beta == 0)
        {
            return Ops.NodesToEdges(rows, graph, edgeScale: graph.InverseEdgeDegrees);
        }
        Tensor counts = Power(graph.NodeDegrees, Beta);
        return Ops.NodesToEdges(rows, graph, counts, Power(Ops.NodesToEdges(counts, graph), -1));
    }

    private Tensor ToNodes(Tensor rows, Hypergraph graph)
    {
        if (Alpha == 0)
        {
            return Ops.EdgesToNodes(rows, graph, graph.EdgeWeights, graph.NodeScale);
        }
        Tensor counts = Power(graph.EdgeDegrees, Alpha);
        counts = graph.EdgeWeights is { } weights ? Ops.Multiply(weights, counts) : counts;
        return Ops.EdgesToNodes(rows, graph, counts, Power(Ops.EdgesToNodes(counts, graph), -1));
    }

    // Zero stays zero under any power. It is replaced before the power, not after: the gradient of 0^-1 would be infinite.
    private static Tensor Power(Tensor degrees, float exponent) => Ops.Where(
        degrees, Ops.PowerScalar(Ops.Where(degrees, degrees, Tensor.Ones([], degrees.Device)), exponent), Tensor.Zeros([], degrees.Device));

    /// <inheritdoc/>
    protected override string Describe() => FormattableString.Invariant($"HnhnConv({InFeatures}, {EdgeFeatures}, {OutFeatures}, alpha: {Alpha}, beta: {Beta})");

    static string IStoredLayer<HnhnConv>.TypeName => "HnhnConv";

    static HnhnConv IStoredLayer<HnhnConv>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("outFeatures"), settings.Number("alpha"), settings.Number("beta"), settings.Int("edgeFeatures"));

    void IStoredLayer<HnhnConv>.WriteSettings(LayerSettings settings) =>
        settings.Set("inFeatures", InFeatures).Set("outFeatures", OutFeatures).Set("alpha", Alpha).Set("beta", Beta).Set("edgeFeatures", EdgeFeatures);
}
