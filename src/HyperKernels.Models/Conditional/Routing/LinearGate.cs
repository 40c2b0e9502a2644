using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>A learned gate without noise: logits <c>x W_g^T</c>, which start at zero so that all experts weigh the same.</summary>
/// <remarks>Source: Shazeer and others, ICLR 2017 (arXiv 1701.06538), eq. 2.</remarks>
public sealed class LinearGate : Gate, IStoredLayer<LinearGate>
{
    static LinearGate() => LayerTypes.Register<LinearGate>();

    /// <summary>Makes the gate.</summary>
    /// <param name="inFeatures">The size of a row.</param>
    /// <param name="experts">The number of experts.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public LinearGate(int inFeatures, int experts)
        : base(inFeatures, experts) =>
        Weight = AddParameter("weight", [experts, inFeatures], Initializer.Zeros);

    /// <summary><c>[experts, inFeatures]</c></summary>
    public Parameter Weight { get; }

    /// <inheritdoc/>
    public override GateScores Forward(Tensor input)
    {
        Tensor logits = Ops.Linear(input, Weight);
        return new GateScores(logits, logits);
    }

    static string IStoredLayer<LinearGate>.TypeName => "LinearGate";

    static LinearGate IStoredLayer<LinearGate>.Read(LayerSettings settings) => new(settings.Int("inFeatures"), settings.Int("experts"));

    void IStoredLayer<LinearGate>.WriteSettings(LayerSettings settings) => settings.Set("inFeatures", InFeatures).Set("experts", Experts);

    /// <inheritdoc/>
    protected override string Describe() => $"LinearGate({InFeatures}, {Experts})";
}
