using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>The feed-forward block of Llama and its kin: <c>y = W_down (silu(W_gate x) * W_up x)</c>, without biases; what dense models are cut into experts from.</summary>
/// <remarks>Source: Shazeer, GLU Variants Improve Transformer, 2020 (arXiv 2002.05202), eq. 6. Names are those of the transformers library.</remarks>
public sealed class GatedMlp : TensorLayer, IStoredLayer<GatedMlp>
{
    static GatedMlp() => LayerTypes.Register<GatedMlp>();

    /// <summary>Makes the block.</summary>
    /// <param name="features">D.</param>
    /// <param name="hiddenFeatures">H, the number of neurons.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public GatedMlp(int features, int hiddenFeatures, RandomStream? random = null)
    {
        Gate = Add("gate_proj", new Linear(features, hiddenFeatures, bias: false, random));
        Up = Add("up_proj", new Linear(features, hiddenFeatures, bias: false, random));
        Down = Add("down_proj", new Linear(hiddenFeatures, features, bias: false, random));
    }

    /// <summary>W_gate, <c>[H, D]</c>.</summary>
    public Linear Gate { get; }

    /// <summary>W_up, <c>[H, D]</c>.</summary>
    public Linear Up { get; }

    /// <summary>W_down, <c>[D, H]</c>.</summary>
    public Linear Down { get; }

    /// <summary>D.</summary>
    public int Features => Gate.InFeatures;

    /// <summary>H.</summary>
    public int HiddenFeatures => Gate.OutFeatures;

    /// <summary>Computes the block.</summary>
    /// <param name="input"><c>[B, ..., D]</c></param>
    /// <returns><c>[B, ..., D]</c></returns>
    /// <exception cref="ArgumentException">The last axis has another size.</exception>
    public override Tensor Forward(Tensor input) => Down.Forward(Ops.Multiply(Gate.Forward(input, Activation.Silu), Up.Forward(input)));

    static string IStoredLayer<GatedMlp>.TypeName => "GatedMlp";

    static GatedMlp IStoredLayer<GatedMlp>.Read(LayerSettings settings) => new(settings.Int("features"), settings.Int("hiddenFeatures"));

    void IStoredLayer<GatedMlp>.WriteSettings(LayerSettings settings) => settings.Set("features", Features).Set("hiddenFeatures", HiddenFeatures);

    /// <inheritdoc/>
    protected override string Describe() => $"GatedMlp({Features}, {HiddenFeatures})";
}
