namespace HyperKernels.Layers;

/// <summary>Layer normalisation over trailing axes: <c>(x - mean) / sqrt(variance + eps) * weight + bias</c>.</summary>
/// <remarks>Gain and bias may be one set for all, or one per sample or group of samples. Source: Ba, Kiros, Hinton, arXiv 1607.06450.</remarks>
public sealed class LayerNorm : TensorLayer, IStoredLayer<LayerNorm>
{
    /// <summary>Makes the layer for a last axis of one size.</summary>
    /// <param name="size">The size of the last axis.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="affine">Whether gain (ones at first) and bias (zeros) are learned.</param>
    /// <exception cref="ArgumentException">The size is less than 1.</exception>
    public LayerNorm(int size, float epsilon = 1e-5f, bool affine = true)
        : this([size], epsilon, affine)
    {
    }

    /// <summary>Makes the layer for several trailing axes.</summary>
    /// <param name="shape">The sizes of the normalised axes.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="affine">Whether gain (ones at first) and bias (zeros) are learned.</param>
    /// <exception cref="ArgumentException">There is no axis, or an empty one.</exception>
    public LayerNorm(Shape shape, float epsilon = 1e-5f, bool affine = true)
    {
        Checks.Positive("LayerNorm", "the number of normalised axes", shape.Rank);
        Checks.Positive("LayerNorm", "the number of normalised elements", shape.Count);
        NormalizedShape = shape;
        Epsilon = epsilon;
        if (affine)
        {
            Weight = AddParameter("weight", shape, Initializer.Ones, null, ParameterRole.Gain);
            Bias = AddParameter("bias", shape, Initializer.Zeros, null, ParameterRole.Bias);
        }
    }

    /// <summary>The sizes of the normalised axes.</summary>
    public Shape NormalizedShape { get; }

    /// <summary>What is added to the variance.</summary>
    public float Epsilon { get; }

    /// <summary>The gain, shaped as the normalised axes, or null.</summary>
    public Parameter? Weight { get; }

    /// <summary>The bias, shaped as the normalised axes, or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>Normalises.</summary>
    /// <param name="input"><c>[B, ...]</c>, ending with the normalised axes.</param>
    /// <returns>The shape of the input.</returns>
    /// <exception cref="ArgumentException">The input ends with other axes.</exception>
    public override Tensor Forward(Tensor input)
    {
        Checks.Trailing("LayerNorm", input, NormalizedShape);
        return Ops.LayerNorm(input, NormalizedShape.Rank, Weight?.Value, Bias?.Value, Epsilon);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"LayerNorm({NormalizedShape})";

    static string IStoredLayer<LayerNorm>.TypeName => "LayerNorm";

    static LayerNorm IStoredLayer<LayerNorm>.Read(LayerSettings settings) =>
        new(new Shape(settings.Ints("shape")), settings.Number("epsilon"), settings.Flag("affine"));

    void IStoredLayer<LayerNorm>.WriteSettings(LayerSettings settings) =>
        settings.Set("shape", NormalizedShape.AsSpan()).Set("epsilon", Epsilon).Set("affine", Weight is not null);
}
