using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// HGNN+ convolution: <c>X' = Dv^-1 H W De^-1 H^T (X Theta^T + b)</c>. Hyperedges average their members, nodes average their hyperedges by
/// weight: rows of the smoothing add up to one, where those of <see cref="HypergraphConv"/> are symmetric.
/// </summary>
/// <remarks>
/// H holds the graph's membership weights, W its edge weights; <c>0^-1 = 0</c>: a node without hyperedges gets zeros, the bias too
/// (<see cref="Hypergraph.WithSelfLoops"/> helps). Differentiable in features, parameters, edge weights (also through <c>Dv</c>) and membership
/// weights. The bias is added before the smoothing, as in DeepHypergraph. Source: Gao, Feng, Ji, Ji, HGNN+: General Hypergraph Neural
/// Networks, TPAMI 2022, the spatial convolution of section 4.
/// </remarks>
public sealed class HgnnPlusConv : Layer, IStoredLayer<HgnnPlusConv>
{
    private readonly Linear _theta;

    static HgnnPlusConv() => LayerTypes.Register<HgnnPlusConv>();

    /// <summary>Makes the layer with PyTorch's first values of a linear layer.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="outFeatures">Features of a node afterwards.</param>
    /// <param name="bias">Whether b is added.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">inFeatures or outFeatures is below 1.</exception>
    public HgnnPlusConv(int inFeatures, int outFeatures, bool bias = true, RandomStream? random = null)
    {
        _theta = Add("theta", new Linear(inFeatures, outFeatures, bias, random));
    }

    /// <summary>Features of a node.</summary>
    public int InFeatures => _theta.InFeatures;

    /// <summary>Features of a node afterwards.</summary>
    public int OutFeatures => _theta.OutFeatures;

    /// <summary>Whether a bias is added.</summary>
    public bool HasBias => _theta.Bias is not null;

    /// <summary>Computes the convolution.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">The hypergraph with its weights.</param>
    /// <returns><c>[N, outFeatures]</c>; zeros for a node without hyperedges.</returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the layer's features, or is on another device than the graph.</exception>
    public Tensor Forward(Tensor nodes, Hypergraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Tensor edges = Ops.NodesToEdges(_theta.Forward(nodes), graph);
        return Ops.EdgesToNodes(edges, graph, graph.EdgeScale, graph.NodeScale);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"HgnnPlusConv({InFeatures}, {OutFeatures})";

    static string IStoredLayer<HgnnPlusConv>.TypeName => "HgnnPlusConv";

    static HgnnPlusConv IStoredLayer<HgnnPlusConv>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("outFeatures"), settings.Flag("bias"));

    void IStoredLayer<HgnnPlusConv>.WriteSettings(LayerSettings settings) =>
        settings.Set("inFeatures", InFeatures).Set("outFeatures", OutFeatures).Set("bias", HasBias);
}
