using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>A gate whose weights sum to one: <c>r = softmax(MLP(mean(x)))</c>, with one hidden layer (ReLU) or none.</summary>
/// <remarks>
/// Source: Han and others, ParameterNet, CVPR 2024 (arXiv 2306.14525), section 3.3. The paper leaves the hidden width open: a quarter of the features is that of
/// dynamic convolutions (Chen and others, CVPR 2020). The authors' code has the gate of CondConv in this place (<see cref="SigmoidGate"/>).
/// </remarks>
public sealed class SoftmaxGate : MixtureGate, IStoredLayer<SoftmaxGate>
{
    private readonly Mlp _mlp;

    static SoftmaxGate() => LayerTypes.Register<SoftmaxGate>();

    /// <summary>Makes the gate.</summary>
    /// <param name="inFeatures">The features I of a sample.</param>
    /// <param name="experts">The number of experts.</param>
    /// <param name="hiddenFeatures">The width of the hidden layer; null means I / 4 (at least 1), 0 no hidden layer.</param>
    /// <param name="features">Which axis holds the features.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or the hidden width negative.</exception>
    public SoftmaxGate(int inFeatures, int experts, int? hiddenFeatures = null, FeatureAxis features = FeatureAxis.Second, RandomStream? random = null)
        : base(inFeatures, experts, features)
    {
        HiddenFeatures = hiddenFeatures ?? Math.Max(1, inFeatures / 4);
        if (HiddenFeatures < 0)
        {
            throw new ArgumentException($"SoftmaxGate: hiddenFeatures must not be negative; got {HiddenFeatures}.", nameof(hiddenFeatures));
        }
        _mlp = Add("mlp", new Mlp(HiddenFeatures == 0 ? [inFeatures, experts] : [inFeatures, HiddenFeatures, experts], random: random));
    }

    /// <summary>The width of the hidden layer; 0 if there is none.</summary>
    public int HiddenFeatures { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor input) => Ops.Softmax(_mlp.Forward(Pool(input)));

    static string IStoredLayer<SoftmaxGate>.TypeName => "SoftmaxGate";

    static SoftmaxGate IStoredLayer<SoftmaxGate>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("experts"), settings.Int("hiddenFeatures"), settings.Choice<FeatureAxis>("features"));

    void IStoredLayer<SoftmaxGate>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", InFeatures).Set("experts", Experts).Set("hiddenFeatures", HiddenFeatures).Set("features", Features);

    /// <inheritdoc/>
    protected override string Describe() => $"SoftmaxGate({InFeatures}, {Experts}, hiddenFeatures: {HiddenFeatures})";
}
