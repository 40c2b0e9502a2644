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
    private const float SmallestScale = 1e-6f;

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

    /// <summary>
    /// The same as <c>Forward(scale input + shift)</c> while it trains, with a number of each per channel. Statistics take both off again, but for what
    /// epsilon leaves of the scale: the scale's gradient is computed from that alone, where the sum of a plain backward pass would be rounding errors.
    /// </summary>
    /// <param name="input"><c>[B, channels, ...]</c></param>
    /// <param name="scale"><c>[channels]</c>; magnitudes below 1e-6 count as 1e-6, without a gradient.</param>
    /// <param name="shift"><c>[channels]</c>; goes into the running mean alone and gets no gradient.</param>
    /// <returns>The shape of the input.</returns>
    /// <exception cref="ArgumentException">The second axis has another size, a channel has fewer than two values, or the layer does not train.</exception>
    public Tensor ForwardScaled(Tensor input, Tensor scale, Tensor shift)
    {
        Checks.ChannelAxis("BatchNorm", input, Channels);
        long values = input.Count / Channels;
        Shape each = [Channels];
        if (!Training || values < 2 || scale.Shape != each || shift.Shape != each)
        {
            Throw.Argument(
                $"BatchNorm: a scaled pass needs a layer that trains, two values per channel or more, and scale and shift [{Channels}]; the input is {input.Shape}, "
                + $"they are {scale.Shape} and {shift.Shape}.");
        }
        Tensor tiny = Tensor.Full([], SmallestScale, input.Device);
        Tensor by = Ops.Where(Ops.Step(Ops.Subtract(Ops.Abs(scale), tiny)), scale, tiny);
        Tensor rows = Ops.Reshape(input, input.Shape[0], Channels, -1);
        Tensor mean = Ops.Mean(rows, [0, 2], keepAxes: true);
        Tensor centred = Ops.Subtract(rows, mean);
        Tensor variance = Ops.Mean(Ops.Square(centred), [0, 2]);
        // scale / sqrt(scale^2 v + eps) = sign / sqrt(v + eps / scale^2): no difference of nearly equal terms is left to differentiate.
        Tensor factor = Ops.Multiply(Ops.Sign(by), Ops.Rsqrt(Ops.Add(variance, Ops.MultiplyScalar(Ops.Reciprocal(Ops.Square(by)), Epsilon))));
        factor = Weight is null ? factor : Ops.Multiply(factor, Weight.Value);
        Track(Ops.Add(Ops.Multiply(Ops.Reshape(mean, Channels), by), shift), Ops.Multiply(variance, Ops.Square(by)), (float)values / (values - 1));
        Tensor output = Ops.Multiply(centred, Ops.Reshape(factor, Channels, 1));
        return Ops.Reshape(Bias is null ? output : Ops.Add(output, Ops.Reshape(Bias.Value, Channels, 1)), input.Shape);
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
