namespace HyperKernels.Layers;

/// <summary>Normalisation by the root mean square of trailing axes: <c>x / sqrt(mean(x^2) + eps) * weight</c>.</summary>
/// <remarks>The gain may be one set for all, or one per sample or group of samples. Source: Zhang, Sennrich, NeurIPS 2019.</remarks>
public sealed class RmsNorm : TensorLayer, IStoredLayer<RmsNorm>
{
    /// <summary>Makes the layer for a last axis of one size.</summary>
    /// <param name="size">The size of the last axis.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <param name="affine">Whether a gain (ones at first) is learned.</param>
    /// <exception cref="ArgumentException">The size is less than 1.</exception>
    public RmsNorm(int size, float epsilon = 1e-5f, bool affine = true)
        : this([size], epsilon, affine)
    {
    }

    /// <summary>Makes the layer for several trailing axes.</summary>
    /// <param name="shape">The sizes of the normalised axes.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <param name="affine">Whether a gain (ones at first) is learned.</param>
    /// <exception cref="ArgumentException">There is no axis, or an empty one.</exception>
    public RmsNorm(Shape shape, float epsilon = 1e-5f, bool affine = true)
    {
        Checks.Positive("RmsNorm", "the number of normalised axes", shape.Rank);
        Checks.Positive("RmsNorm", "the number of normalised elements", shape.Count);
        NormalizedShape = shape;
        Epsilon = epsilon;
        Weight = affine ? AddParameter("weight", shape, Initializer.Ones, null, ParameterRole.Gain) : null;
    }

    /// <summary>The sizes of the normalised axes.</summary>
    public Shape NormalizedShape { get; }

    /// <summary>What is added to the mean square.</summary>
    public float Epsilon { get; }

    /// <summary>The gain, shaped as the normalised axes, or null.</summary>
    public Parameter? Weight { get; }

    /// <summary>Normalises.</summary>
    /// <param name="input"><c>[B, ...]</c>, ending with the normalised axes.</param>
    /// <returns>The shape of the input.</returns>
    /// <exception cref="ArgumentException">The input ends with other axes.</exception>
    public override Tensor Forward(Tensor input)
    {
        Checks.Trailing("RmsNorm", input, NormalizedShape);
        return Ops.RmsNorm(input, NormalizedShape.Rank, Weight?.Value, Epsilon);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"RmsNorm({NormalizedShape})";

    static string IStoredLayer<RmsNorm>.TypeName => "RmsNorm";

    static RmsNorm IStoredLayer<RmsNorm>.Read(LayerSettings settings) =>
        new(new Shape(settings.Ints("shape")), settings.Number("epsilon"), settings.Flag("affine"));

    void IStoredLayer<RmsNorm>.WriteSettings(LayerSettings settings) =>
        settings.Set("shape", NormalizedShape.AsSpan()).Set("epsilon", Epsilon).Set("affine", Weight is not null);
}
