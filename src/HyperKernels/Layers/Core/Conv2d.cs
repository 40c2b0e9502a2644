namespace HyperKernels.Layers;

/// <summary>A two-dimensional convolution (a correlation, as everywhere in deep learning) over the last two axes.</summary>
/// <remarks>Kernels may be one set for all, or one per sample or group of samples; see <see cref="Ops.Conv2d"/>.</remarks>
public sealed class Conv2d : TensorLayer, IStoredLayer<Conv2d>
{
    /// <summary>Makes the layer with square kernels and PyTorch's first values: uniform within <c>±1 / sqrt(fan in)</c>.</summary>
    /// <param name="inChannels">The channels I of what comes in.</param>
    /// <param name="outChannels">The channels O of what comes out.</param>
    /// <param name="kernelSize">Height and width of the kernels.</param>
    /// <param name="stride">Steps of the window.</param>
    /// <param name="padding">Zeros put around the input on every side.</param>
    /// <param name="dilation">Distance between the kernel's points.</param>
    /// <param name="groups">Groups of channels that do not mix; divides both numbers of channels.</param>
    /// <param name="bias">Whether a bias is added.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, the padding negative, or groups do not divide the channels.</exception>
    public Conv2d(
        int inChannels,
        int outChannels,
        int kernelSize,
        int stride = 1,
        int padding = 0,
        int dilation = 1,
        int groups = 1,
        bool bias = true,
        RandomStream? random = null)
        : this(inChannels, outChannels, (kernelSize, kernelSize), new Conv2dOptions(stride, padding, dilation, groups), bias, random)
    {
    }

    /// <summary>Makes the layer with kernels of any height and width and PyTorch's first values.</summary>
    /// <param name="inChannels">The channels I of what comes in.</param>
    /// <param name="outChannels">The channels O of what comes out.</param>
    /// <param name="kernelSize">Height and width of the kernels.</param>
    /// <param name="options">Stride, padding, dilation and groups.</param>
    /// <param name="bias">Whether a bias is added.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, the padding negative, or groups do not divide the channels.</exception>
    public Conv2d(
        int inChannels,
        int outChannels,
        (int Height, int Width) kernelSize,
        Conv2dOptions options,
        bool bias = true,
        RandomStream? random = null)
    {
        Checks.Channels("Conv2d", inChannels, outChannels, options.Groups);
        Checks.Window(
            "Conv2d", Math.Min(kernelSize.Height, kernelSize.Width), Math.Min(options.StrideH, options.StrideW), Math.Min(options.PaddingH, options.PaddingW));
        Checks.Positive("Conv2d", "dilation", Math.Min(options.DilationH, options.DilationW));
        Options = options;
        InChannels = inChannels;
        OutChannels = outChannels;
        KernelSize = kernelSize;
        int inputs = inChannels / options.Groups;
        Weight = AddParameter("weight", [outChannels, inputs, kernelSize.Height, kernelSize.Width], Initializer.Default, random);
        long fan = (long)inputs * kernelSize.Height * kernelSize.Width;
        Bias = bias ? AddParameter("bias", [outChannels], Initializer.DefaultFor(fan), random, ParameterRole.Bias, Weight) : null;
    }

    /// <summary>The channels of what comes in.</summary>
    public int InChannels { get; }

    /// <summary>The channels of what comes out.</summary>
    public int OutChannels { get; }

    /// <summary>Height and width of the kernels.</summary>
    public (int Height, int Width) KernelSize { get; }

    /// <summary>Stride, padding, dilation and groups.</summary>
    public Conv2dOptions Options { get; }

    /// <summary>The kernels, <c>[O, I / groups, height, width]</c>.</summary>
    public Parameter Weight { get; }

    /// <summary>The bias, <c>[O]</c>, or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>Computes the convolution.</summary>
    /// <param name="input"><c>[B, I, H, W]</c></param>
    /// <returns><c>[B, O, H', W']</c></returns>
    /// <exception cref="ArgumentException">The channels differ, or the kernel does not fit into the padded input.</exception>
    public override Tensor Forward(Tensor input) => Ops.Conv2d(input, Weight, Bias?.Value, Options);

    /// <inheritdoc/>
    protected override string Describe()
    {
        string size = KernelSize.Height == KernelSize.Width ? $"{KernelSize.Height}" : $"{KernelSize.Height}x{KernelSize.Width}";
        return $"Conv2d({InChannels}, {OutChannels}, kernelSize: {size})";
    }

    static string IStoredLayer<Conv2d>.TypeName => "Conv2d";

    static Conv2d IStoredLayer<Conv2d>.Read(LayerSettings settings) => new(
        settings.Int("inChannels"),
        settings.Int("outChannels"),
        (settings.Int("kernelHeight"), settings.Int("kernelWidth")),
        new Conv2dOptions
        {
            StrideH = settings.Int("strideH"),
            StrideW = settings.Int("strideW"),
            PaddingH = settings.Int("paddingH"),
            PaddingW = settings.Int("paddingW"),
            DilationH = settings.Int("dilationH"),
            DilationW = settings.Int("dilationW"),
            Groups = settings.Int("groups"),
        },
        settings.Flag("bias"));

    void IStoredLayer<Conv2d>.WriteSettings(LayerSettings settings) => settings
        .Set("inChannels", InChannels).Set("outChannels", OutChannels).Set("kernelHeight", KernelSize.Height).Set("kernelWidth", KernelSize.Width)
        .Set("strideH", Options.StrideH).Set("strideW", Options.StrideW).Set("paddingH", Options.PaddingH).Set("paddingW", Options.PaddingW)
        .Set("dilationH", Options.DilationH).Set("dilationW", Options.DilationW).Set("groups", Options.Groups).Set("bias", Bias is not null);
}
