using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>HyperGCN convolution: <c>X' = L (X Theta) + b</c> with the graph L that stands for the hypergraph (<see cref="HyperGcnLaplacian"/>).</summary>
/// <remarks>
/// Either L is given, made once from the features (the authors' fast variant), or every call makes it anew from <c>X Theta</c> and a random projection. Then
/// a node's neighbours change with training, and two calls give different answers. Source: Yadati and others, HyperGCN: A New Method of Training
/// Graph Convolutional Networks on Hypergraphs, NeurIPS 2019 (arXiv 1809.02589), section 3.
/// </remarks>
public sealed class HyperGcnConv : Layer, IStoredLayer<HyperGcnConv>
{
    private readonly Linear _theta;
    private readonly Parameter? _bias;
    private readonly RandomStream _random;

    static HyperGcnConv() => LayerTypes.Register<HyperGcnConv>();

    /// <summary>Makes the layer with the authors' first values: uniform within <c>±1 / sqrt(outFeatures)</c>.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="outFeatures">Features of a node afterwards.</param>
    /// <param name="mediators">Whether the graphs that the layer makes have mediators.</param>
    /// <param name="bias">Whether b is added.</param>
    /// <param name="random">Draws first values, then projections; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is below 1.</exception>
    public HyperGcnConv(int inFeatures, int outFeatures, bool mediators = true, bool bias = true, RandomStream? random = null)
    {
        Mediators = mediators;
        _random = random ?? Initializer.Random;
        _theta = Add("theta", new Linear(inFeatures, outFeatures, bias: false, _random));
        float bound = 1 / MathF.Sqrt(outFeatures);
        Initializer first = Initializer.Uniform(-bound, bound);
        first.Apply(_theta.Weight, _random);
        _bias = bias ? AddParameter("bias", [outFeatures], first, _random, ParameterRole.Bias, _theta.Weight) : null;
    }

    /// <summary>Features of a node.</summary>
    public int InFeatures => _theta.InFeatures;

    /// <summary>Features of a node afterwards.</summary>
    public int OutFeatures => _theta.OutFeatures;

    /// <summary>Whether the graphs that the layer makes have mediators.</summary>
    public bool Mediators { get; }

    /// <summary>Computes the convolution with a graph made before.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="laplacian">L.</param>
    /// <returns><c>[N, outFeatures]</c></returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the layer's features, or is on another device.</exception>
    public Tensor Forward(Tensor nodes, HyperGcnLaplacian laplacian)
    {
        ArgumentNullException.ThrowIfNull(laplacian);
        return Smooth(_theta.Forward(nodes), laplacian);
    }

    /// <summary>Computes the convolution with a graph made of what it smooths.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes.</param>
    /// <param name="projection">What <c>X Theta</c> is projected on, <c>[outFeatures]</c>; null draws it from [0, 1).</param>
    /// <returns><c>[N, outFeatures]</c></returns>
    /// <exception cref="ArgumentException">A shape does not fit the graph or the layer.</exception>
    public Tensor Forward(Tensor nodes, Hypergraph graph, Tensor? projection = null)
    {
        Tensor rows = _theta.Forward(nodes);
        Tensor direction = projection ?? Ops.RandomUniform([OutFeatures], _random, device: nodes.Device);
        // Gradients need the graph later than this call ends, and nothing says when: what it holds is freed once the tape lets go of it.
        return Smooth(rows, HyperGcnLaplacian.Of(rows, direction, graph, Mediators));
    }

    private Tensor Smooth(Tensor rows, HyperGcnLaplacian laplacian)
    {
        Tensor smooth = laplacian.Apply(rows);
        return _bias is null ? smooth : Ops.Add(smooth, _bias.Value);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"HyperGcnConv({InFeatures}, {OutFeatures}{(Mediators ? "" : ", mediators: false")})";

    static string IStoredLayer<HyperGcnConv>.TypeName => "HyperGcnConv";

    static HyperGcnConv IStoredLayer<HyperGcnConv>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("outFeatures"), settings.Flag("mediators"), settings.Flag("bias"));

    void IStoredLayer<HyperGcnConv>.WriteSettings(LayerSettings settings) =>
        settings.Set("inFeatures", InFeatures).Set("outFeatures", OutFeatures).Set("mediators", Mediators).Set("bias", _bias is not null);
}
