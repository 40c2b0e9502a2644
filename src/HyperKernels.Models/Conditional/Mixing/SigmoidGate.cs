using System.Globalization;
using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The gate of conditionally parameterised convolutions: <c>r = sigmoid(W_r mean(x) + b_r)</c>. Every expert is weighed by itself; the weights need not sum to one.
/// </summary>
/// <remarks>Source: Yang, Bender, Le, Ngiam, CondConv, NeurIPS 2019 (arXiv 1904.04971), section 3; the dropout is that of the port nibuiro/CondConv-pytorch (0.2 there).</remarks>
public sealed class SigmoidGate : MixtureGate, IStoredLayer<SigmoidGate>
{
    private readonly Linear _linear;
    private readonly Dropout _dropout;

    static SigmoidGate() => LayerTypes.Register<SigmoidGate>();

    /// <summary>Makes the gate.</summary>
    /// <param name="inFeatures">The features of a sample.</param>
    /// <param name="experts">The number of experts.</param>
    /// <param name="features">Which axis holds the features.</param>
    /// <param name="dropout">That an averaged feature is dropped while training; 0 in the paper.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or the probability is not in [0, 1].</exception>
    public SigmoidGate(int inFeatures, int experts, FeatureAxis features = FeatureAxis.Second, float dropout = 0, RandomStream? random = null)
        : base(inFeatures, experts, features)
    {
        _dropout = Add("dropout", new Dropout(dropout, random));
        _linear = Add("linear", new Linear(inFeatures, experts, random: random));
    }

    /// <summary>The linear layer, <c>[E, I]</c> with a bias.</summary>
    public Linear Linear => _linear;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor input) => _linear.Forward(_dropout.Forward(Pool(input)), Activation.Sigmoid);

    static string IStoredLayer<SigmoidGate>.TypeName => "SigmoidGate";

    static SigmoidGate IStoredLayer<SigmoidGate>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("experts"), settings.Choice<FeatureAxis>("features"), settings.Number("dropout"));

    void IStoredLayer<SigmoidGate>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", InFeatures).Set("experts", Experts).Set("features", Features).Set("dropout", _dropout.Probability);

    /// <inheritdoc/>
    protected override string Describe() => string.Create(CultureInfo.InvariantCulture, $"SigmoidGate({InFeatures}, {Experts}, dropout: {_dropout.Probability})");
}
