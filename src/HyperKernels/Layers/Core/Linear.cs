namespace HyperKernels.Layers;

/// <summary>A linear layer: <c>y = x W^T + b</c>, on the last axis.</summary>
/// <remarks>Weights may be one set for all, or one per sample or group of samples; see <see cref="Ops.Linear"/>.</remarks>
public sealed class Linear : TensorLayer, IStoredLayer<Linear>
{
    /// <summary>Makes the layer with PyTorch's first values: weight and bias uniform within <c>±1 / sqrt(inFeatures)</c>.</summary>
    /// <param name="inFeatures">The size of the last axis of what comes in.</param>
    /// <param name="outFeatures">The size of the last axis of what comes out.</param>
    /// <param name="bias">Whether a bias is added.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public Linear(int inFeatures, int outFeatures, bool bias = true, RandomStream? random = null)
    {
        Checks.Positive("Linear", "inFeatures", inFeatures);
        Checks.Positive("Linear", "outFeatures", outFeatures);
        InFeatures = inFeatures;
        OutFeatures = outFeatures;
        Weight = AddParameter("weight", [outFeatures, inFeatures], Initializer.Default, random);
        Bias = bias ? AddParameter("bias", [outFeatures], Initializer.DefaultFor(inFeatures), random, ParameterRole.Bias, Weight) : null;
    }

    /// <summary>The size of the last axis of what comes in.</summary>
    public int InFeatures { get; }

    /// <summary>The size of the last axis of what comes out.</summary>
    public int OutFeatures { get; }

    /// <summary>The matrix, <c>[outFeatures, inFeatures]</c>.</summary>
    public Parameter Weight { get; }

    /// <summary>The bias, <c>[outFeatures]</c>, or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>Computes <c>x W^T + b</c>.</summary>
    /// <param name="input"><c>[B, ..., inFeatures]</c></param>
    /// <returns><c>[B, ..., outFeatures]</c></returns>
    /// <exception cref="ArgumentException">The last axis has another size.</exception>
    public override Tensor Forward(Tensor input) => Ops.Linear(input, Weight, Bias?.Value);

    /// <summary>Computes <c>activation(x W^T + b)</c>; the activation is applied before the result leaves the registers.</summary>
    /// <param name="input"><c>[B, ..., inFeatures]</c></param>
    /// <param name="activation">Applied to every element.</param>
    /// <returns><c>[B, ..., outFeatures]</c></returns>
    /// <exception cref="ArgumentException">The last axis has another size.</exception>
    public Tensor Forward(Tensor input, Activation activation) =>
        Ops.Linear(input, Weight, Bias?.Value, activation);

    /// <inheritdoc/>
    protected override string Describe() => $"Linear({InFeatures}, {OutFeatures}{(Bias is null ? ", bias: false" : "")})";

    static string IStoredLayer<Linear>.TypeName => "Linear";

    static Linear IStoredLayer<Linear>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures", formerly: "inputs"), settings.Int("outFeatures", formerly: "outputs"), settings.Flag("bias"));

    void IStoredLayer<Linear>.WriteSettings(LayerSettings settings) =>
        settings.Set("inFeatures", InFeatures).Set("outFeatures", OutFeatures).Set("bias", Bias is not null);
}
