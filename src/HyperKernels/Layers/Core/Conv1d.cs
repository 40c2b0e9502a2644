namespace HyperKernels.Layers;

/// <summary>A one-dimensional convolution (a correlation, as everywhere in deep learning) over the last axis.</summary>
/// <remarks>Kernels may be one set for all, or one per sample or group of samples; see <see cref="Ops.Conv1d"/>.</remarks>
public sealed class Conv1d : TensorLayer, IStoredLayer<Conv1d>
{
    /// <summary>Makes the layer with PyTorch's first values: uniform within <c>±1 / sqrt(fan in)</c>.</summary>
    /// <param name="inChannels">The channels I of what comes in.</param>
    /// <param name="outChannels">The channels O of what comes out.</param>
    /// <param name="kernelSize">The length of the kernels.</param>
    /// <param name="stride">Steps of the window.</param>
    /// <param name="padding">Zeros put before and after the input.</param>
    /// <param name="dilation">Distance between the kernel's points.</param>
    /// <param name="groups">Groups of channels that do not mix; divides both numbers of channels.</param>
    /// <param name="bias">Whether a bias is added.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, the padding negative, or groups do not divide the channels.</exception>
    public Conv1d(
        int inChannels,
        int outChannels,
        int kernelSize,
        int stride = 1,
        int padding = 0,
        int dilation = 1,
        int groups = 1,
        bool bias = true,
        RandomStream? random = null)
    {
        Checks.Channels("Conv1d", inChannels, outChannels, groups);
        Checks.Window("Conv1d", kernelSize, stride, padding);
        Checks.Positive("Conv1d", "dilation", dilation);
        Stride = stride;
        Padding = padding;
        Dilation = dilation;
        Groups = groups;
        InChannels = inChannels;
        OutChannels = outChannels;
        KernelSize = kernelSize;
        int inputs = inChannels / groups;
        Weight = AddParameter("weight", [outChannels, inputs, kernelSize], Initializer.Default, random);
        long fan = (long)inputs * kernelSize;
        Bias = bias ? AddParameter("bias", [outChannels], Initializer.DefaultFor(fan), random, ParameterRole.Bias, Weight) : null;
    }

    /// <summary>The channels of what comes in.</summary>
    public int InChannels { get; }

    /// <summary>The channels of what comes out.</summary>
    public int OutChannels { get; }

    /// <summary>The length of the kernels.</summary>
    public int KernelSize { get; }

    /// <summary>Steps of the window.</summary>
    public int Stride { get; }

    /// <summary>Zeros put before and after the input.</summary>
    public int Padding { get; }

    /// <summary>Distance between the kernel's points.</summary>
    public int Dilation { get; }

    /// <summary>Groups of channels that do not mix.</summary>
    public int Groups { get; }

    /// <summary>The kernels, <c>[O, I / groups, length]</c>.</summary>
    public Parameter Weight { get; }

    /// <summary>The bias, <c>[O]</c>, or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>Computes the convolution.</summary>
    /// <param name="input"><c>[B, I, L]</c></param>
    /// <returns><c>[B, O, L']</c></returns>
    /// <exception cref="ArgumentException">The channels differ, or the kernel does not fit into the padded input.</exception>
    public override Tensor Forward(Tensor input) => Ops.Conv1d(input, Weight, Bias?.Value, Stride, Padding, Dilation, Groups);

    /// <inheritdoc/>
    protected override string Describe() => $"Conv1d({InChannels}, {OutChannels}, kernelSize: {KernelSize})";

    static string IStoredLayer<Conv1d>.TypeName => "Conv1d";

    static Conv1d IStoredLayer<Conv1d>.Read(LayerSettings settings) => new(
        settings.Int("inChannels"), settings.Int("outChannels"), settings.Int("kernelSize"), settings.Int("stride"), settings.Int("padding"),
        settings.Int("dilation"), settings.Int("groups"), settings.Flag("bias"));

    void IStoredLayer<Conv1d>.WriteSettings(LayerSettings settings) => settings
        .Set("inChannels", InChannels).Set("outChannels", OutChannels).Set("kernelSize", KernelSize).Set("stride", Stride).Set("padding", Padding)
        .Set("dilation", Dilation).Set("groups", Groups).Set("bias", Bias is not null);
}
