using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The equivariant hypergraph diffusion layer: <c>h[e] = mean over the members v of MLP1(x[v])</c>, for every membership <c>m = MLP2([x[v]; h[e]])</c>, and
/// <c>x'[v] = MLP3((1 - alpha) mean over the memberships of m + alpha x0[v])</c>.
/// </summary>
/// <remarks>
/// <para>
/// What a hyperedge sends depends on who reads it. MLP2 is never applied to joined rows: its first linear layer is that of the node plus that of the
/// hyperedge, input norm included, and its last one comes behind the mean, so that memberships cost sums of rows instead of matrix products. Averages may be sums instead.
/// A node without hyperedges averages to zeros.
/// </para>
/// <para>Source: Wang, Yang, Liu, Wang, Li, Equivariant Hypergraph Diffusion Neural Operators, ICLR 2023 (arXiv 2207.06680), as in the authors' code.</para>
/// </remarks>
public sealed class EdHnnConv : EdHnnLayer, IStoredLayer<EdHnnConv>
{
    private readonly SetMlp? _ofNodes;
    private readonly SetMlp? _ofMemberships;
    private readonly SetMlp? _last;

    static EdHnnConv() => LayerTypes.Register<EdHnnConv>();

    /// <summary>Makes the layer with PyTorch's first values of linear layers.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="outFeatures">Features of a node afterwards, and of a hyperedge.</param>
    /// <param name="options">Perceptrons, aggregation and alpha; what concerns a network is not read. Null means the authors' defaults.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, alpha is not in [0, 1], or features change without the perceptron that changes them.</exception>
    public EdHnnConv(int inFeatures, int outFeatures, EdHnnOptions? options = null, RandomStream? random = null)
        : base(inFeatures, outFeatures)
    {
        Options = options ?? new EdHnnOptions();
        if (Options.Mlp1Layers == 0 && inFeatures != outFeatures)
        {
            throw new ArgumentException($"EdHnnConv: without its first perceptron (Mlp1Layers = 0) features stay as many as they are; got {inFeatures} and {outFeatures}.");
        }
        CheckAlpha(Options.Alpha);
        _ofNodes = Mlp("W1", inFeatures, Options.Mlp1Layers, random);
        _ofMemberships = Mlp("W2", inFeatures + outFeatures, Options.Mlp2Layers, random);
        _last = Mlp("W", outFeatures, Options.Mlp3Layers, random);
    }

    /// <summary>What it is made of.</summary>
    public EdHnnOptions Options { get; }

    private protected override Tensor Convolve(Tensor nodes, Tensor initial, Incidence incidence)
    {
        Tensor edges = Average(_ofNodes?.Forward(nodes) ?? nodes, incidence, Toward.Edges, Options.Aggregation);
        Tensor diffused = _ofMemberships?.ToNodes(nodes, edges, incidence, Options.Aggregation) ?? Average(edges, incidence, Toward.Nodes, Options.Aggregation);
        Tensor x = Restart(diffused, initial, Options.Alpha);
        return _last?.Forward(x) ?? x;
    }

    static string IStoredLayer<EdHnnConv>.TypeName => "EdHnnConv";

    static EdHnnConv IStoredLayer<EdHnnConv>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("outFeatures"), EdHnnOptionsStore.Read(settings));

    void IStoredLayer<EdHnnConv>.WriteSettings(LayerSettings settings) =>
        EdHnnOptionsStore.Write(Options, settings.Set("inFeatures", InFeatures).Set("outFeatures", OutFeatures));

    private SetMlp? Mlp(string name, int inputs, int layers, RandomStream? random) => layers == 0
        ? null
        : Add(name, new SetMlp(inputs, OutFeatures, OutFeatures, layers, Options.Normalization, Options.InputNorm, Options.Dropout, random));
}
