namespace HyperKernels.Layers;

/// <summary>
/// Normalisation of every channel over the batch and all positions; while it does not train, with running statistics instead.
/// </summary>
/// <remarks>
/// Running values are <c>(1 - momentum) old + momentum new</c>, the variance with n - 1 as PyTorch takes it. Training writes them: do
/// not train one layer from two threads at once. Source: Ioffe, Szegedy, ICML 2015.
/// </remarks>
public sealed class BatchNorm : TensorLayer, IStoredLayer<BatchNorm>
{
    private readonly Tensor _batches;

    /// <summary>Makes the layer; for inputs with any number of positions axes (PyTorch's BatchNorm1d to 3d).</summary>
    /// <param name="channels">The size of the second axis.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="momentum">The weight of a new batch in the running statistics.</param>
    /// <param name="affine">Whether gain (ones at first) and bias (zeros) are learned.</param>
    /// <exception cref="ArgumentException">The number of channels is less than 1.</exception>
    public BatchNorm(int channels, float epsilon = 1e-5f, float momentum = 0.1f, bool affine = true)
    {
        Checks.Positive("BatchNorm", "channels", channels);
        Channels = channels;
        Epsilon = epsilon;
        Momentum = momentum;
        if (affine)
        {
            Weight = AddParameter("weight", [channels], Initializer.Ones, null, ParameterRole.Gain);
            Bias = AddParameter("bias", [channels], Initializer.Zeros, null, ParameterRole.Bias);
        }
        RunningMean = AddBuffer("running_mean", [channels], 0);
        RunningVariance = AddBuffer("running_var", [channels], 1);
        _batches = AddBuffer("num_batches_tracked", [], 0, optional: true);
    }

    /// <summary>The size of the second axis.</summary>
    public int Channels { get; }

    /// <summary>What is added to the variance.</summary>
    public float Epsilon { get; }

    /// <summary>The weight of a new batch in the running statistics.</summary>
    public float Momentum { get; }

    /// <summary>The gain, <c>[channels]</c>, or null.</summary>
    public Parameter? Weight { get; }

    /// <summary>The bias, <c>[channels]</c>, or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>The mean used when the layer does not train, <c>[channels]</c>.</summary>
    public Tensor RunningMean { get; }

    /// <summary>The variance used when the layer does not train, <c>[channels]</c>.</summary>
    public Tensor RunningVariance { get; }

    /// <summary>True while it trains: statistics are those of the batch.</summary>
    protected internal override bool MixesSamples => Training;

    /// <summary>Normalises, and while training takes the batch into the running statistics.</summary>
    /// <param name="input"><c>[B, channels, ...]</c></param>
    /// <returns>The shape of the input.</returns>
    /// <exception cref="ArgumentException">The second axis has another size, or a channel has fewer than two values to train on.</exception>
    public override Tensor Forward(Tensor input)
    {
        Checks.ChannelAxis("BatchNorm", input, Channels);
        if (!Training)
        {
            return Ops.BatchNormInference(input, RunningMean, RunningVariance, Weight?.Value, Bias?.Value, Epsilon);
        }
        long values = input.Count / Channels;
        if (values < 2)
        {
            Throw.Argument($"BatchNorm: training needs two values per channel or more; the input is {input.Shape}. Call Eval() for single samples.");
        }
        (Tensor output, Tensor mean, Tensor variance) = Ops.BatchNorm(input, Weight?.Value, Bias?.Value, Epsilon);
        Track(mean, variance, (float)values / (values - 1));
        return output;
    }

    /// <inheritdoc/>
    protected override string Describe() => $"BatchNorm({Channels})";

    private void Track(Tensor mean, Tensor variance, float unbiased)
    {
        // A plain scope: not recorded, also inside a tape.
        using MemoryScope scope = new();
        Ops.AddInto(RunningMean, Ops.MultiplyScalar(Ops.Subtract(mean, RunningMean), Momentum));
        Ops.AddInto(RunningVariance, Ops.MultiplyScalar(Ops.Subtract(Ops.MultiplyScalar(variance, unbiased), RunningVariance), Momentum));
        Ops.AddInto(_batches, Tensor.Ones([], _batches.Device));
    }

    static string IStoredLayer<BatchNorm>.TypeName => "BatchNorm";

    static BatchNorm IStoredLayer<BatchNorm>.Read(LayerSettings settings) =>
        new(settings.Int("channels"), settings.Number("epsilon"), settings.Number("momentum"), settings.Flag("affine"));

    void IStoredLayer<BatchNorm>.WriteSettings(LayerSettings settings) =>
        settings.Set("channels", Channels).Set("epsilon", Epsilon).Set("momentum", Momentum).Set("affine", Weight is not null);
}
