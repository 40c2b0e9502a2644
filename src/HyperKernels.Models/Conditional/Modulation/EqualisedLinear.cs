using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>A linear layer of equalised learning rate: <c>y = x (W / sqrt(I))^T + b</c> with W standard normal at first.</summary>
/// <remarks>Source: Karras, Aila, Laine, Lehtinen, Progressive Growing of GANs, ICLR 2018 (arXiv 1710.10196), section 4.1; as StyleGAN2 uses it.</remarks>
public sealed class EqualisedLinear : TensorLayer, IStoredLayer<EqualisedLinear>
{
    static EqualisedLinear() => LayerTypes.Register<EqualisedLinear>();

    /// <summary>Makes the layer.</summary>
    /// <param name="inFeatures">The size I of the last axis of what comes in.</param>
    /// <param name="outFeatures">The size of the last axis of what comes out.</param>
    /// <param name="firstBias">What the bias starts at.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public EqualisedLinear(int inFeatures, int outFeatures, float firstBias = 0, RandomStream? random = null)
    {
        if (inFeatures < 1 || outFeatures < 1)
        {
            throw new ArgumentException($"EqualisedLinear: inFeatures and outFeatures must be at least 1; got {inFeatures} and {outFeatures}.");
        }
        (InFeatures, OutFeatures) = (inFeatures, outFeatures);
        Weight = AddParameter("weight", [outFeatures, inFeatures], Initializer.Normal(), random);
        Bias = AddParameter("bias", [outFeatures], Initializer.Constant(firstBias), random, ParameterRole.Bias, Weight);
    }

    /// <summary>The size of the last axis of what comes in.</summary>
    public int InFeatures { get; }

    /// <summary>The size of the last axis of what comes out.</summary>
    public int OutFeatures { get; }

    /// <summary>W, <c>[outFeatures, inFeatures]</c>, before it is divided.</summary>
    public Parameter Weight { get; }

    /// <summary>The bias, <c>[outFeatures]</c>.</summary>
    public Parameter Bias { get; }

    /// <summary>Computes <c>x (W / sqrt(I))^T + b</c>.</summary>
    /// <param name="input"><c>[B, ..., inFeatures]</c></param>
    /// <returns><c>[B, ..., outFeatures]</c></returns>
    /// <exception cref="ArgumentException">The last axis has another size.</exception>
    public override Tensor Forward(Tensor input) => Ops.Linear(Ops.MultiplyScalar(input, 1 / MathF.Sqrt(InFeatures)), Weight, Bias.Value);

    static string IStoredLayer<EqualisedLinear>.TypeName => "EqualisedLinear";

    static EqualisedLinear IStoredLayer<EqualisedLinear>.Read(LayerSettings settings) => new(settings.Int("inFeatures"), settings.Int("outFeatures"));

    void IStoredLayer<EqualisedLinear>.WriteSettings(LayerSettings settings) => settings.Set("inFeatures", InFeatures).Set("outFeatures", OutFeatures);

    /// <inheritdoc/>
    protected override string Describe() => $"EqualisedLinear({InFeatures}, {OutFeatures})";
}
