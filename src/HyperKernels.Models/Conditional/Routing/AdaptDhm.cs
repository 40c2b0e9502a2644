using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A network whose layers are those of all rows times those of a row's cluster: <c>W = W_shared * W_k</c>, <c>b = b_shared + b_k</c> with k from a
/// <see cref="ClusterRouter"/>. Rows are grouped by cluster once, and every layer runs as one grouped product.
/// </summary>
/// <remarks>
/// ReLU between the layers, none after the last. Factors of clusters start at one and their biases at zero: at first all clusters are alike. Source: Li and others,
/// AdaptDHM: Adaptive Distribution Hierarchical Model for Multi-Domain CTR Prediction, 2022 (arXiv 2211.12105); the equations are a reading of its description, not verified
/// against the authors' code, which is not public.
/// </remarks>
public sealed class AdaptDhm : TensorLayer, IStoredLayer<AdaptDhm>
{
    private readonly Linear[] _shared;
    private readonly Parameter[] _factors;
    private readonly Parameter[] _biases;

    static AdaptDhm()
    {
        LayerTypes.Register<AdaptDhm>();
        LayerTypes.Register<ClusterRouter>();
    }

    /// <summary>Makes the network.</summary>
    /// <param name="sizes">Inputs, hidden widths, outputs: two sizes or more.</param>
    /// <param name="clusters">K.</param>
    /// <param name="momentum">Of the router's centres.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">Fewer than two sizes, or one less than 1.</exception>
    public AdaptDhm(ReadOnlySpan<int> sizes, int clusters, float momentum = 0.9f, RandomStream? random = null)
    {
        if (sizes.Length < 2)
        {
            throw new ArgumentException($"AdaptDhm: at least the sizes of input and output are needed; got {sizes.Length}.", nameof(sizes));
        }
        Router = Add("router", new ClusterRouter(sizes[0], clusters, momentum, random));
        (_shared, _factors, _biases) = (new Linear[sizes.Length - 1], new Parameter[sizes.Length - 1], new Parameter[sizes.Length - 1]);
        for (int i = 0; i < _shared.Length; i++)
        {
            _shared[i] = Add($"shared{i}", new Linear(sizes[i], sizes[i + 1], random: random));
            _factors[i] = AddParameter($"factor{i}", [clusters, sizes[i + 1], sizes[i]], Initializer.Ones);
            _biases[i] = AddParameter($"bias{i}", [clusters, sizes[i + 1]], Initializer.Zeros, role: ParameterRole.Bias, weight: _factors[i]);
        }
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "adaptdhm",
        Title = "Adaptive distribution hierarchical model (AdaptDHM)",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Li and others", "AdaptDHM: Adaptive Distribution Hierarchical Model for Multi-Domain CTR Prediction", "arXiv", 2022) { Arxiv = "2211.12105" },
        Equation = "y = (W_shared * W_k) x + b_shared + b_k, k = argmax cos(x, c_k), c_k moving averages",
        Source = "the paper's description; not verified against the authors' code",
        Layers = [typeof(AdaptDhm), typeof(ClusterRouter)],
    };

    /// <summary>Gives rows their clusters.</summary>
    public ClusterRouter Router { get; }

    /// <summary>The layers of all rows.</summary>
    public IReadOnlyList<Linear> Shared => _shared;

    /// <summary>What each cluster multiplies their matrices by, <c>[K, O, I]</c> for each layer.</summary>
    public IReadOnlyList<Parameter> Factors => _factors;

    /// <summary>What each cluster adds to their biases, <c>[K, O]</c> for each layer.</summary>
    public IReadOnlyList<Parameter> Biases => _biases;

    /// <inheritdoc/>
    protected override bool MixesSamples => Training;

    /// <summary>Routes every row and computes it.</summary>
    /// <param name="input"><c>[N, first size]</c></param>
    /// <returns><c>[N, last size]</c></returns>
    /// <exception cref="ArgumentException">The rows have another size.</exception>
    public override Tensor Forward(Tensor input)
    {
        RowGroups groups = Router.Forward(input);
        Tensor x = Ops.GatherRows(input, groups.Order);
        for (int i = 0; i < _shared.Length; i++)
        {
            Tensor weight = Ops.Multiply(_factors[i].Value, _shared[i].Weight.Value);
            Tensor bias = Ops.Add(_biases[i].Value, _shared[i].Bias!.Value);
            x = Ops.LinearGrouped(x, weight, groups, bias, i < _shared.Length - 1 ? Activation.Relu : Activation.None);
        }
        return Ops.GatherRows(x, groups.Places);
    }

    static string IStoredLayer<AdaptDhm>.TypeName => "AdaptDhm";

    static AdaptDhm IStoredLayer<AdaptDhm>.Read(LayerSettings settings) => new(settings.Ints("sizes"), settings.Int("clusters"), settings.Number("momentum"));

    void IStoredLayer<AdaptDhm>.WriteSettings(LayerSettings settings) => settings
        .Set("sizes", [_shared[0].InFeatures, .. _shared.Select(static layer => layer.OutFeatures)]).Set("clusters", Router.Clusters).Set("momentum", Router.Momentum);

    /// <inheritdoc/>
    protected override string Describe() => $"AdaptDhm(clusters: {Router.Clusters})";
}
