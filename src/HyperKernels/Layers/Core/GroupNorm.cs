namespace HyperKernels.Layers;

/// <summary>Normalisation over groups of channels and all positions of a sample, then a gain and a bias per channel.</summary>
/// <remarks>Gain and bias may be one set for all, or one per sample or group of samples. Source: Wu, He, ECCV 2018.</remarks>
public sealed class GroupNorm : TensorLayer, IStoredLayer<GroupNorm>
{
    /// <summary>Makes the layer.</summary>
    /// <param name="groups">The number of groups; divides the channels.</param>
    /// <param name="channels">The size of the second axis.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="affine">Whether gain (ones at first) and bias (zeros) are learned.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or groups do not divide the channels.</exception>
    public GroupNorm(int groups, int channels, float epsilon = 1e-5f, bool affine = true)
    {
        Checks.Channels("GroupNorm", channels, channels, groups);
        Groups = groups;
        Channels = channels;
        Epsilon = epsilon;
        if (affine)
        {
            Weight = AddParameter("weight", [channels], Initializer.Ones, null, ParameterRole.Gain);
            Bias = AddParameter("bias", [channels], Initializer.Zeros, null, ParameterRole.Bias);
        }
    }

    /// <summary>The number of groups.</summary>
    public int Groups { get; }

    /// <summary>The size of the second axis.</summary>
    public int Channels { get; }

    /// <summary>What is added to the variance.</summary>
    public float Epsilon { get; }

    /// <summary>The gain, <c>[channels]</c>, or null.</summary>
    public Parameter? Weight { get; }

    /// <summary>The bias, <c>[channels]</c>, or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>Normalises.</summary>
    /// <param name="input"><c>[B, channels, ...]</c></param>
    /// <returns>The shape of the input.</returns>
    /// <exception cref="ArgumentException">The second axis has another size.</exception>
    public override Tensor Forward(Tensor input)
    {
        Checks.ChannelAxis("GroupNorm", input, Channels);
        return Ops.GroupNorm(input, Groups, Weight?.Value, Bias?.Value, Epsilon);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"GroupNorm({Groups}, {Channels})";

    static string IStoredLayer<GroupNorm>.TypeName => "GroupNorm";

    static GroupNorm IStoredLayer<GroupNorm>.Read(LayerSettings settings) =>
        new(settings.Int("groups"), settings.Int("channels"), settings.Number("epsilon"), settings.Flag("affine"));

    void IStoredLayer<GroupNorm>.WriteSettings(LayerSettings settings) =>
        settings.Set("groups", Groups).Set("channels", Channels).Set("epsilon", Epsilon).Set("affine", Weight is not null);
}
