using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The router of soft merging: <c>p = softmax(R LN(mean(h)) + r)</c> for every sample. While training experts can be left out at random, so that none can rely on
/// all others.
/// </summary>
/// <remarks>
/// Source: Muqeeth, Liu, Raffel, Soft Merging of Experts with Adaptive Routing, TMLR 2024 (arXiv 2306.03745), section 3, and the authors' code, r-three/smear: there what
/// is left after dropping is renormalised after 1e-10 is added to each share, and rows of the router may be normalised.
/// </remarks>
public sealed class SmearGate : MixtureGate, IStoredLayer<SmearGate>
{
    private const float Deviation = 0.01f;
    private const float Least = 1e-10f;

    private readonly LayerNorm _norm;
    private readonly LayerNorm? _rowNorm;

    static SmearGate() => LayerTypes.Register<SmearGate>();

    /// <summary>Makes the router.</summary>
    /// <param name="inFeatures">The features of a sample.</param>
    /// <param name="experts">The number of experts.</param>
    /// <param name="options">Dropout and scaling; null means the paper's. What concerns adapters is not read.</param>
    /// <param name="features">Which axis holds the features.</param>
    /// <param name="random">Where first values and dropped experts come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or the probability is not in [0, 1).</exception>
    public SmearGate(int inFeatures, int experts, SmearOptions? options = null, FeatureAxis features = FeatureAxis.Last, RandomStream? random = null)
        : base(inFeatures, experts, features)
    {
        Options = options ?? new SmearOptions();
        if (!(Options.ExpertDropout >= 0 && Options.ExpertDropout < 1))
        {
            throw new ArgumentException($"SmearGate: the probability to leave an expert out must be in [0, 1); got {Options.ExpertDropout}.", nameof(options));
        }
        Random = random ?? Initializer.Random;
        _norm = Add("norm", new LayerNorm(inFeatures));
        Weight = AddParameter("weight", [experts, inFeatures], Initializer.Normal(0, Deviation), random);
        Bias = Options.RouterBias ? AddParameter("bias", [experts], Initializer.Zeros, random, ParameterRole.Bias, Weight) : null;
        if (Options.Scaling == RouterScaling.LayerNorm)
        {
            _rowNorm = Add("row_norm", new LayerNorm(inFeatures));
            Initializer.Constant(Deviation).Apply(_rowNorm.Weight!);
        }
    }

    /// <summary>Dropout and scaling.</summary>
    public SmearOptions Options { get; }

    /// <summary>R, <c>[E, I]</c>.</summary>
    public Parameter Weight { get; }

    /// <summary>r, <c>[E]</c>, or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>Where dropped experts come from.</summary>
    public RandomStream Random { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor input)
    {
        Tensor rows = Options.Scaling switch
        {
            RouterScaling.LayerNorm => _rowNorm!.Forward(Weight.Value),
            RouterScaling.Length => Ops.L2Normalize(Weight.Value),
            _ => Weight.Value,
        };
        Tensor shares = Ops.Softmax(Ops.Linear(_norm.Forward(Pool(input)), rows, Bias?.Value));
        return Training && Options.ExpertDropout > 0 ? Drop(shares) : shares;
    }

    static string IStoredLayer<SmearGate>.TypeName => "SmearGate";

    static SmearGate IStoredLayer<SmearGate>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"), settings.Int("experts"),
        new SmearOptions
        {
            ExpertDropout = settings.Number("expertDropout"),
            Renormalise = settings.Flag("renormalise"),
            Scaling = settings.Choice<RouterScaling>("scaling"),
            RouterBias = settings.Flag("bias"),
        },
        settings.Choice<FeatureAxis>("features"));

    void IStoredLayer<SmearGate>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", InFeatures).Set("experts", Experts).Set("features", Features).Set("expertDropout", Options.ExpertDropout)
        .Set("renormalise", Options.Renormalise).Set("scaling", Options.Scaling).Set("bias", Options.RouterBias);

    /// <inheritdoc/>
    protected override string Describe() => $"SmearGate({InFeatures}, {Experts})";

    private Tensor Drop(Tensor shares)
    {
        // One where the draw, a multiple of 2^-24 in [0, 1), is at least the probability.
        Tensor draw = Ops.RandomUniform(shares.Shape, Random, device: shares.Device);
        Tensor kept = Ops.Multiply(shares, Ops.AddScalar(Ops.Neg(Ops.Step(Ops.AddScalar(Ops.Neg(draw), Options.ExpertDropout))), 1));
        if (!Options.Renormalise)
        {
            return kept;
        }
        Tensor raised = Ops.AddScalar(kept, Least);
        return Ops.Divide(raised, Ops.Sum(raised, [1], keepAxes: true));
    }
}
