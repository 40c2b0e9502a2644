using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Convolution of edges on the dual hypergraph: <c>Z' = D^-1 H B^-1 H^T Z W^T + b</c>, a mean over hyperedges of the mean over their members.</summary>
/// <remarks>
/// The bias is added behind the smoothing, unlike that of <see cref="HypergraphConv"/>. Weights of memberships are read, with degrees to match. An edge in no
/// hyperedge gets the bias. Source as for <see cref="DualTransform"/>.
/// </remarks>
public sealed class DualConv : Layer, IStoredLayer<DualConv>
{
    private readonly Parameter _weight;
    private readonly Parameter _bias;

    static DualConv() => LayerTypes.Register<DualConv>();

    /// <summary>Makes the layer with the authors' first values: Xavier-uniform, bias 0.</summary>
    /// <param name="inFeatures">Features of an edge.</param>
    /// <param name="outFeatures">Features of an edge afterwards.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public DualConv(int inFeatures, int outFeatures, RandomStream? random = null)
    {
        if (inFeatures < 1 || outFeatures < 1)
        {
            throw new ArgumentException($"DualConv: inFeatures and outFeatures must be at least 1; got {inFeatures} and {outFeatures}.");
        }
        _weight = AddParameter("weight", [outFeatures, inFeatures], Initializer.XavierUniform(), random);
        _bias = AddParameter("bias", [outFeatures], Initializer.Zeros, random, ParameterRole.Bias, _weight);
    }

    /// <summary>Features of an edge.</summary>
    public int InFeatures => _weight.Shape[1];

    /// <summary>Features of an edge afterwards.</summary>
    public int OutFeatures => _weight.Shape[0];

    /// <summary>Computes the convolution.</summary>
    /// <param name="edges">Z: one row per edge of the graph, <c>[E, inFeatures]</c>.</param>
    /// <param name="dual">The dual, whose nodes the edges are: <see cref="KeptEdges.Dual"/>.</param>
    /// <returns><c>[E, outFeatures]</c>.</returns>
    /// <exception cref="ArgumentException">A shape differs, or the devices do.</exception>
    public Tensor Forward(Tensor edges, Hypergraph dual)
    {
        ArgumentNullException.ThrowIfNull(dual);
        Tensor hyperedges = Ops.NodesToEdges(Ops.Linear(edges, _weight), dual, edgeScale: dual.EdgeScale);
        return Ops.Add(Ops.EdgesToNodes(hyperedges, dual, nodeScale: dual.NodeScale), _bias.Value);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"DualConv({InFeatures}, {OutFeatures})";

    static string IStoredLayer<DualConv>.TypeName => "DualConv";

    static DualConv IStoredLayer<DualConv>.Read(LayerSettings settings) => new(settings.Int("inFeatures"), settings.Int("outFeatures"));

    void IStoredLayer<DualConv>.WriteSettings(LayerSettings settings) => settings.Set("inFeatures", InFeatures).Set("outFeatures", OutFeatures);
}
