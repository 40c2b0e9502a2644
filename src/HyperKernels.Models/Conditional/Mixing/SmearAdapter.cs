using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// An adapter merged from experts for every example: <c>y_b = h_b + U_b silu(D_b h_b + d_b)</c> with every tensor the mean of the experts' by the shares of a
/// <see cref="SmearGate"/>.
/// </summary>
/// <remarks>
/// As in the authors' code (r-three/smear) the way up has no bias, matrices start normal with deviation 0.01 and biases at zero, and several routers, each with experts
/// of its own, may stand side by side. Source: Muqeeth, Liu, Raffel, TMLR 2024 (arXiv 2306.03745), section 3.
/// </remarks>
public sealed class SmearAdapter : TensorLayer, IStoredLayer<SmearAdapter>
{
    private const float Deviation = 0.01f;

    private readonly LayerNorm? _preNorm;
    private readonly LayerNorm? _postNorm;
    private readonly MixtureOfWeights[] _routes;

    static SmearAdapter() => LayerTypes.Register<SmearAdapter>();

    /// <summary>Makes the adapter.</summary>
    /// <param name="features">The features of a token.</param>
    /// <param name="hiddenFeatures">The width between the ways down and up.</param>
    /// <param name="experts">The number of experts.</param>
    /// <param name="options">Routers, norms and dropout; null means the paper's.</param>
    /// <param name="activation">Between the two; null means SiLU (swish).</param>
    /// <param name="random">Where first values and dropped experts come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size or the number of routers is less than 1.</exception>
    public SmearAdapter(
        int features, int hiddenFeatures, int experts, SmearOptions? options = null, Activation? activation = null, RandomStream? random = null)
    {
        Options = options ?? new SmearOptions();
        if (Options.Routers < 1)
        {
            throw new ArgumentException($"SmearAdapter: at least one router is needed; got {Options.Routers}.", nameof(options));
        }
        (Features, HiddenFeatures, Experts, Activation) = (features, hiddenFeatures, experts, activation ?? Activation.Silu);
        _preNorm = Options.PreNorm ? Add("pre_norm", new LayerNorm(features)) : null;
        _postNorm = Options.PostNorm ? Add("post_norm", new LayerNorm(features)) : null;
        _routes = new MixtureOfWeights[Options.Routers];
        for (int m = 0; m < _routes.Length; m++)
        {
            Sequential expert =
            [
                new Linear(features, hiddenFeatures, random: random),
                ActivationLayer.Of(Activation),
                new Linear(hiddenFeatures, features, bias: false, random),
            ];
            _routes[m] = Add($"route{m}", new MixtureOfWeights(
                expert, new SmearGate(features, experts, Options, FeatureAxis.Last, random), "*",
                static named => named.Role == ParameterRole.Bias ? Initializer.Zeros : Initializer.Normal(0, Deviation), random));
        }
    }

    /// <summary>The features of a token.</summary>
    public int Features { get; }

    /// <summary>The width between the ways down and up.</summary>
    public int HiddenFeatures { get; }

    /// <summary>The number of experts of each router.</summary>
    public int Experts { get; }

    /// <summary>Between the ways down and up.</summary>
    public Activation Activation { get; }

    /// <summary>Routers, norms and dropout.</summary>
    public SmearOptions Options { get; }

    /// <summary>The routers with their experts.</summary>
    public IReadOnlyList<MixtureOfWeights> Routes => _routes;

    /// <summary>Adds what the merged adapters give.</summary>
    /// <param name="input"><c>[B, S, features]</c></param>
    /// <returns>The shape of the input.</returns>
    /// <exception cref="ArgumentException">The last axis has another size.</exception>
    public override Tensor Forward(Tensor input) => Forward(input, null);

    /// <summary>Adds what the merged adapters give, routed by other tokens: those of the encoder, for a decoder's adapter.</summary>
    /// <param name="input"><c>[B, S, features]</c></param>
    /// <param name="routed">What the routers read, <c>[B, S', features]</c>; null means the input.</param>
    /// <returns>The shape of the input.</returns>
    /// <exception cref="ArgumentException">A last axis has another size.</exception>
    public Tensor Forward(Tensor input, Tensor? routed)
    {
        Tensor tokens = _preNorm?.Forward(input) ?? input;
        Tensor sum = _routes[0].Forward(tokens, _routes[0].Gate.Forward(routed ?? tokens));
        foreach (MixtureOfWeights route in _routes.AsSpan(1))
        {
            sum = Ops.Add(sum, route.Forward(tokens, route.Gate.Forward(routed ?? tokens)));
        }
        Tensor change = _routes.Length == 1 ? sum : Ops.MultiplyScalar(sum, 1f / _routes.Length);
        return Ops.Add(_postNorm?.Forward(change) ?? change, input);
    }

    static string IStoredLayer<SmearAdapter>.TypeName => "SmearAdapter";

    static SmearAdapter IStoredLayer<SmearAdapter>.Read(LayerSettings settings) => new(
        settings.Int("features"), settings.Int("hiddenFeatures"), settings.Int("experts"),
        new SmearOptions
        {
            ExpertDropout = settings.Number("expertDropout"),
            Renormalise = settings.Flag("renormalise"),
            Scaling = settings.Choice<RouterScaling>("scaling"),
            RouterBias = settings.Flag("routerBias"),
            Routers = settings.Int("routers"),
            PreNorm = settings.Flag("preNorm"),
            PostNorm = settings.Flag("postNorm"),
        },
        settings.Activation());

    void IStoredLayer<SmearAdapter>.WriteSettings(LayerSettings settings) => settings
        .Set("features", Features).Set("hiddenFeatures", HiddenFeatures).Set("experts", Experts).Set("expertDropout", Options.ExpertDropout)
        .Set("renormalise", Options.Renormalise).Set("scaling", Options.Scaling).Set("routerBias", Options.RouterBias).Set("routers", Options.Routers)
        .Set("preNorm", Options.PreNorm).Set("postNorm", Options.PostNorm).SetActivation(Activation);

    /// <inheritdoc/>
    protected override string Describe() => $"SmearAdapter({Features}, {HiddenFeatures}, experts: {Experts})";
}
