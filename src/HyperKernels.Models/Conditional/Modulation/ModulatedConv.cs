using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The modulated convolution of StyleGAN2, with room for generated offsets: <c>w_b = W (1 + delta_b) s_b / sqrt(I k k)</c> with <c>s_b = A style_b + a</c> for every input
/// channel, then, if demodulated, divided by the length of each output's weights; <c>y_b = conv(x_b, w_b)</c>.
/// </summary>
/// <remarks>
/// Without offsets the shared kernels are convolved once and scales go around them; with offsets each sample has kernels of its own. Sources: Karras and others, Analyzing and
/// Improving the Image Quality of StyleGAN, CVPR 2020 (arXiv 1912.04958), eq. 1 and 3; Alaluf and others, HyperStyle, CVPR 2022 (arXiv 2111.15666), eq. 3.
/// </remarks>
public sealed class ModulatedConv : Layer, IStoredLayer<ModulatedConv>
{
    private const float Epsilon = 1e-8f;

    // Larger ones would have to be cropped before the blur.
    private const int LargestUpsampled = 5;

    private static readonly float[] s_taps = [1, 3, 3, 1];

    // The taps in both directions, with sum 4: the zeros between upsampled pixels take three quarters of it.
    private static readonly float[] s_blur = [.. from row in s_taps from column in s_taps select row * column / 16];

    static ModulatedConv() => LayerTypes.Register<ModulatedConv>();

    /// <summary>Makes the layer.</summary>
    /// <param name="inChannels">The channels I of what comes in.</param>
    /// <param name="outChannels">The channels O of what comes out.</param>
    /// <param name="kernelSize">Height and width of the kernels, an odd number.</param>
    /// <param name="styleFeatures">The numbers of a style.</param>
    /// <param name="demodulate">Whether the weights of every output are scaled to length one.</param>
    /// <param name="upsample">Whether what comes out is twice as high and wide: a transposed convolution of stride 2, and a blur.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or the kernel's even.</exception>
    public ModulatedConv(
        int inChannels, int outChannels, int kernelSize, int styleFeatures, bool demodulate = true, bool upsample = false, RandomStream? random = null)
    {
        if (inChannels < 1 || outChannels < 1 || kernelSize < 1 || kernelSize % 2 == 0 || styleFeatures < 1)
        {
            throw new ArgumentException(
                "ModulatedConv: inChannels, outChannels and styleFeatures must be at least 1 and kernelSize odd; "
                + $"got {inChannels}, {outChannels}, {styleFeatures} and {kernelSize}.");
        }
        if (upsample && kernelSize > LargestUpsampled)
        {
            throw new ArgumentException($"ModulatedConv: kernels that upsample can be {LargestUpsampled} wide at most; got {kernelSize}.", nameof(kernelSize));
        }
        (InChannels, OutChannels, KernelSize, StyleFeatures, Demodulates, Upsamples) = (inChannels, outChannels, kernelSize, styleFeatures, demodulate, upsample);
        Weight = AddParameter("weight", [outChannels, inChannels, kernelSize, kernelSize], Initializer.Normal(), random);
        Modulation = Add("modulation", new EqualisedLinear(styleFeatures, inChannels, 1, random));
    }

    /// <summary>The channels of what comes in.</summary>
    public int InChannels { get; }

    /// <summary>The channels of what comes out.</summary>
    public int OutChannels { get; }

    /// <summary>Height and width of the kernels.</summary>
    public int KernelSize { get; }

    /// <summary>The numbers of a style.</summary>
    public int StyleFeatures { get; }

    /// <summary>Whether the weights of every output are scaled to length one.</summary>
    public bool Demodulates { get; }

    /// <summary>Whether what comes out is twice as high and wide.</summary>
    public bool Upsamples { get; }

    /// <summary>W, <c>[O, I, k, k]</c>.</summary>
    public Parameter Weight { get; }

    /// <summary>Gives scales of input channels for a style.</summary>
    public EqualisedLinear Modulation { get; }

    /// <summary>The kernels of styles, as what convolutions take.</summary>
    /// <param name="style"><c>[C, styleFeatures]</c></param>
    /// <param name="delta">Offsets relative to W: <c>[C, O, I, k, k]</c>, or 1 in the place of any of these.</param>
    /// <returns>C sets of <c>[O, I, k, k]</c>; one that serves all samples if C is 1.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Weight Kernels(Tensor style, Tensor? delta = null)
    {
        Tensor scales = Modulation.Forward(style);
        Tensor factor = Ops.Reshape(scales, scales.Shape[0], 1, InChannels, 1, 1);
        if (delta is { } offsets)
        {
            factor = Ops.Multiply(Ops.AddScalar(offsets, 1), factor);
        }
        Tensor own = Ops.MultiplyScalar(Weight.Value, 1 / MathF.Sqrt(InChannels * KernelSize * KernelSize));
        return HyperKernels.Weight.Modulated(own, Ops.AddScalar(factor, -1), Demodulates, Epsilon);
    }

    /// <summary>Convolves with the kernels of each sample's style.</summary>
    /// <param name="input"><c>[B, I, H, W]</c></param>
    /// <param name="style"><c>[C, styleFeatures]</c>, C dividing B.</param>
    /// <param name="delta">Offsets relative to W: <c>[C, O, I, k, k]</c>, or 1 in the place of any of these; null for none.</param>
    /// <returns><c>[B, O, H, W]</c>, or <c>[B, O, 2 H, 2 W]</c> if upsampled.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor input, Tensor style, Tensor? delta = null) => Apply(input, Kernels(style, delta));

    /// <summary>Convolves with given kernels, as the layer does with its own.</summary>
    /// <param name="input"><c>[B, I, H, W]</c></param>
    /// <param name="kernels"><c>[O, I, k, k]</c>, or C sets of them.</param>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Apply(Tensor input, Weight kernels)
    {
        if (!Upsamples)
        {
            return Ops.Conv2d(input, kernels, null, new Conv2dOptions(padding: KernelSize / 2));
        }
        int Grown(int size) => (2 * (size - 1)) + KernelSize;
        Tensor spread = Ops.Conv2dGradInput(
            input, Ops.Transpose(kernels.Materialize(), -4, -3), Grown(input.Shape[2]), Grown(input.Shape[3]), new Conv2dOptions(stride: 2));
        // One filter for all channels: each is an image by itself.
        int padding = (LargestUpsampled - KernelSize) / 2;
        Tensor images = Ops.Reshape(spread, spread.Shape[0] * OutChannels, 1, spread.Shape[2], spread.Shape[3]);
        Tensor blurred = Ops.Conv2d(images, Tensor.From(s_blur, [1, 1, 4, 4], input.Device), null, new Conv2dOptions(padding: padding));
        return Ops.Reshape(blurred, input.Shape[0], OutChannels, blurred.Shape[2], blurred.Shape[3]);
    }

    static string IStoredLayer<ModulatedConv>.TypeName => "ModulatedConv";

    static ModulatedConv IStoredLayer<ModulatedConv>.Read(LayerSettings settings) => new(
        settings.Int("inChannels"), settings.Int("outChannels"), settings.Int("kernelSize"), settings.Int("styleFeatures"), settings.Flag("demodulate"),
        settings.Flag("upsample"));

    void IStoredLayer<ModulatedConv>.WriteSettings(LayerSettings settings) => settings
        .Set("inChannels", InChannels).Set("outChannels", OutChannels).Set("kernelSize", KernelSize).Set("styleFeatures", StyleFeatures)
        .Set("demodulate", Demodulates).Set("upsample", Upsamples);

    /// <inheritdoc/>
    protected override string Describe() => $"ModulatedConv({InChannels}, {OutChannels}, kernelSize: {KernelSize})";
}
