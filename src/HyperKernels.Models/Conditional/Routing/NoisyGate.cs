using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A learned gate with tunable noise: <c>H = x W_g^T + e (softplus(x W_n^T) + 0.01)</c> with e drawn from N(0, 1) while it trains, and none otherwise. Both
/// matrices start at zero.
/// </summary>
/// <remarks>Source: Shazeer and others, ICLR 2017 (arXiv 1701.06538), eq. 4; the least deviation of 0.01 is the authors' code's.</remarks>
public sealed class NoisyGate : Gate, IStoredLayer<NoisyGate>
{
    private const float LeastDeviation = 1e-2f;

    private readonly RandomStream _random;

    static NoisyGate() => LayerTypes.Register<NoisyGate>();

    /// <summary>Makes the gate.</summary>
    /// <param name="inFeatures">The size of a row.</param>
    /// <param name="experts">The number of experts.</param>
    /// <param name="random">Draws the noise; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public NoisyGate(int inFeatures, int experts, RandomStream? random = null)
        : base(inFeatures, experts)
    {
        Weight = AddParameter("weight", [experts, inFeatures], Initializer.Zeros);
        NoiseWeight = AddParameter("noise_weight", [experts, inFeatures], Initializer.Zeros);
        _random = random ?? Initializer.Random;
    }

    /// <summary><c>[experts, inFeatures]</c></summary>
    public Parameter Weight { get; }

    /// <summary><c>[experts, inFeatures]</c>, for the noise's deviation.</summary>
    public Parameter NoiseWeight { get; }

    /// <inheritdoc/>
    public override GateScores Forward(Tensor input)
    {
        if (Training)
        {
            return Forward(input, Ops.RandomNormal([input.Shape[0], Experts], _random, device: input.Device));
        }
        Tensor logits = Ops.Linear(input, Weight);
        return new GateScores(logits, logits);
    }

    /// <summary>Scores with given noise.</summary>
    /// <param name="input">Rows <c>[N, inFeatures]</c>.</param>
    /// <param name="noise"><c>[N, experts]</c>, standard normal.</param>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public GateScores Forward(Tensor input, Tensor noise)
    {
        Tensor logits = Ops.Linear(input, Weight);
        Tensor deviation = Ops.AddScalar(Ops.Softplus(Ops.Linear(input, NoiseWeight)), LeastDeviation);
        return new GateScores(logits, Ops.Add(logits, Ops.Multiply(noise, deviation)), deviation);
    }

    static string IStoredLayer<NoisyGate>.TypeName => "NoisyGate";

    static NoisyGate IStoredLayer<NoisyGate>.Read(LayerSettings settings) => new(settings.Int("inFeatures"), settings.Int("experts"));

    void IStoredLayer<NoisyGate>.WriteSettings(LayerSettings settings) => settings.Set("inFeatures", InFeatures).Set("experts", Experts);

    /// <inheritdoc/>
    protected override string Describe() => $"NoisyGate({InFeatures}, {Experts})";
}
