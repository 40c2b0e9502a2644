using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A convolution of parameterised hypercomplex multiplication (PHC): kernels <c>K[p O/n + r, q I/n + s] = sum_i A_i[p, q] F_i[r, s]</c>, the Kronecker product on the two
/// axes of channels alone. About 1 / n of a convolution's parameters.
/// </summary>
/// <remarks>
/// Channels go by component, as in <see cref="KroneckerLinear"/>. The authors' layers make a bias and never add it; here it is added unless left out. Source: Grassucci,
/// Zhang, Comminiello, PHNNs, TNNLS 2022 (arXiv 2110.04176), eq. 6, and the authors' code, eleGAN23/HyperNets.
/// </remarks>
public sealed class KroneckerConv2d : TensorLayer, IStoredLayer<KroneckerConv2d>
{
    static KroneckerConv2d() => LayerTypes.Register<KroneckerConv2d>();

    /// <summary>Makes the layer with square kernels.</summary>
    /// <param name="inChannels">The channels I of what comes in, a multiple of n.</param>
    /// <param name="outChannels">The channels O of what comes out, a multiple of n.</param>
    /// <param name="kernelSize">Height and width of the kernels.</param>
    /// <param name="n">The number of components.</param>
    /// <param name="stride">Steps of the window.</param>
    /// <param name="padding">Zeros put around the input on every side.</param>
    /// <param name="dilation">Distance between the kernel's points.</param>
    /// <param name="bias">Whether a bias is added.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">n does not divide the channels, or a size is less than 1.</exception>
    public KroneckerConv2d(
        int inChannels, int outChannels, int kernelSize, int n = 4, int stride = 1, int padding = 0, int dilation = 1, bool bias = true, RandomStream? random = null)
    {
        KroneckerFactors.Check("KroneckerConv2d", inChannels, outChannels, n, "channels");
        KroneckerFactors.CheckWindow("KroneckerConv2d", kernelSize, stride, padding, dilation);
        (InChannels, OutChannels, KernelSize, N) = (inChannels, outChannels, kernelSize, n);
        Options = new Conv2dOptions(stride, padding, dilation);
        Rule = AddParameter("rule", [n, n, n], Initializer.XavierUniform(), random);
        Factors = AddParameter("factors", [n, outChannels / n, inChannels / n, kernelSize, kernelSize], Initializer.XavierUniform(), random);
        long fan = (long)inChannels * kernelSize * kernelSize;
        Bias = bias ? AddParameter("bias", [outChannels], Initializer.DefaultFor(fan), random, ParameterRole.Bias) : null;
    }

    /// <summary>The channels of what comes in.</summary>
    public int InChannels { get; }

    /// <summary>The channels of what comes out.</summary>
    public int OutChannels { get; }

    /// <summary>Height and width of the kernels.</summary>
    public int KernelSize { get; }

    /// <summary>The number of components.</summary>
    public int N { get; }

    /// <summary>Stride, padding and dilation.</summary>
    public Conv2dOptions Options { get; }

    /// <summary>A, the rule of multiplication, <c>[n, n, n]</c>.</summary>
    public Parameter Rule { get; }

    /// <summary>F, <c>[n, O / n, I / n, k, k]</c>.</summary>
    public Parameter Factors { get; }

    /// <summary>The bias, <c>[O]</c>, or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>The kernels as what convolutions take, <c>[O, I, k, k]</c>.</summary>
    public Weight Weight => Weight.Kronecker(Rule.Value, Factors.Value);

    /// <summary>Computes the convolution.</summary>
    /// <param name="input"><c>[B, I, H, W]</c></param>
    /// <returns><c>[B, O, H', W']</c></returns>
    /// <exception cref="ArgumentException">The channels differ, or the kernel does not fit into the padded input.</exception>
    public override Tensor Forward(Tensor input) => Ops.Conv2d(input, Weight, Bias?.Value, Options);

    static string IStoredLayer<KroneckerConv2d>.TypeName => "KroneckerConv2d";

    static KroneckerConv2d IStoredLayer<KroneckerConv2d>.Read(LayerSettings settings) => new(
        settings.Int("inChannels"), settings.Int("outChannels"), settings.Int("kernelSize"), settings.Int("n"), settings.Int("stride"), settings.Int("padding"),
        settings.Int("dilation"), settings.Flag("bias"));

    void IStoredLayer<KroneckerConv2d>.WriteSettings(LayerSettings settings) => settings
        .Set("inChannels", InChannels).Set("outChannels", OutChannels).Set("kernelSize", KernelSize).Set("n", N).Set("stride", Options.StrideH)
        .Set("padding", Options.PaddingH).Set("dilation", Options.DilationH).Set("bias", Bias is not null);

    /// <inheritdoc/>
    protected override string Describe() => $"KroneckerConv2d({InChannels}, {OutChannels}, kernelSize: {KernelSize}, n: {N})";
}
