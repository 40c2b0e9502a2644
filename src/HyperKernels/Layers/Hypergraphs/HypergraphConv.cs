namespace HyperKernels.Layers;

/// <summary>
/// HGNN convolution: <c>X' = Dv^-1/2 H W De^-1 H^T Dv^-1/2 (X Theta^T + b)</c>. Nodes give their features to their hyperedges, which
/// average them and give them back.
/// </summary>
/// <remarks>
/// <para>
/// H holds the graph's membership weights, W its edge weights; <c>dv</c> and <c>de</c> are those of <see cref="Hypergraph"/>, so that
/// <c>0^-1 = 0^-1/2 = 0</c>: a node without hyperedges gets zeros, the bias too (<see cref="Hypergraph.WithSelfLoops"/> helps). Differentiable in
/// features, parameters, edge weights (also through <c>dv</c>) and membership weights. The bias is added before the smoothing, as in
/// the authors' code. Computed in two passes over the memberships; the N by N product is never made.
/// </para>
/// <para>Source: Feng, You, Zhang, Ji, Gao, Hypergraph Neural Networks, AAAI 2019, eq. 10.</para>
/// </remarks>
public sealed class HypergraphConv : Layer, IStoredLayer<HypergraphConv>
{
    private readonly Linear _theta;

    /// <summary>Makes the layer with PyTorch's first values of a linear layer.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="outFeatures">Features of a node afterwards.</param>
    /// <param name="bias">Whether b is added.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">inFeatures or outFeatures is below 1.</exception>
    public HypergraphConv(int inFeatures, int outFeatures, bool bias = true, RandomStream? random = null)
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
        Tensor scale = graph.SymmetricNodeScale;
        Tensor edges = Ops.NodesToEdges(_theta.Forward(nodes), graph, scale);
        return Ops.EdgesToNodes(edges, graph, graph.EdgeScale, scale);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"HypergraphConv({InFeatures}, {OutFeatures})";

    static string IStoredLayer<HypergraphConv>.TypeName => "HypergraphConv";

    static HypergraphConv IStoredLayer<HypergraphConv>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures", formerly: "inputs"), settings.Int("outFeatures", formerly: "outputs"), settings.Flag("bias"));

    void IStoredLayer<HypergraphConv>.WriteSettings(LayerSettings settings) =>
        settings.Set("inFeatures", InFeatures).Set("outFeatures", OutFeatures).Set("bias", HasBias);
}
