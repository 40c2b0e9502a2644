using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>A convolution of sequences by parameterised hypercomplex multiplication (PHC): <see cref="KroneckerConv2d"/> for <c>[B, I, L]</c>.</summary>
/// <remarks>Source: Grassucci, Zhang, Comminiello, PHNNs, TNNLS 2022 (arXiv 2110.04176), eq. 6, and the authors' code, eleGAN23/HyperNets.</remarks>
public sealed class KroneckerConv1d : TensorLayer, IStoredLayer<KroneckerConv1d>
{
    static KroneckerConv1d() => LayerTypes.Register<KroneckerConv1d>();

    /// <summary>Makes the layer.</summary>
    /// <param name="inChannels">The channels I of what comes in, a multiple of n.</param>
    /// <param name="outChannels">The channels O of what comes out, a multiple of n.</param>
    /// <param name="kernelSize">The length of the kernels.</param>
    /// <param name="n">The number of components.</param>
    /// <param name="stride">Steps of the window.</param>
    /// <param name="padding">Zeros put before and after the input.</param>
    /// <param name="dilation">Distance between the kernel's points.</param>
    /// <param name="bias">Whether a bias is added.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">n does not divide the channels, or a size is less than 1.</exception>
    public KroneckerConv1d(
        int inChannels, int outChannels, int kernelSize, int n = 4, int stride = 1, int padding = 0, int dilation = 1, bool bias = true, RandomStream? random = null)
    {
        KroneckerFactors.Check("KroneckerConv1d", inChannels, outChannels, n, "channels");
        KroneckerFactors.CheckWindow("KroneckerConv1d", kernelSize, stride, padding, dilation);
        (InChannels, OutChannels, KernelSize, N) = (inChannels, outChannels, kernelSize, n);
        (Stride, Padding, Dilation) = (stride, padding, dilation);
        Rule = AddParameter("rule", [n, n, n], Initializer.XavierUniform(), random);
        Factors = AddParameter("factors", [n, outChannels / n, inChannels / n, kernelSize], Initializer.XavierUniform(), random);
        Bias = bias ? AddParameter("bias", [outChannels], Initializer.DefaultFor((long)inChannels * kernelSize), random, ParameterRole.Bias) : null;
    }

    /// <summary>The channels of what comes in.</summary>
    public int InChannels { get; }

    /// <summary>The channels of what comes out.</summary>
    public int OutChannels { get; }

    /// <summary>The length of the kernels.</summary>
    public int KernelSize { get; }

    /// <summary>The number of components.</summary>
    public int N { get; }

    /// <summary>Steps of the window.</summary>
    public int Stride { get; }

    /// <summary>Zeros put before and after the input.</summary>
    public int Padding { get; }

    /// <summary>Distance between the kernel's points.</summary>
    public int Dilation { get; }

    /// <summary>A, the rule of multiplication, <c>[n, n, n]</c>.</summary>
    public Parameter Rule { get; }

    /// <summary>F, <c>[n, O / n, I / n, k]</c>.</summary>
    public Parameter Factors { get; }

    /// <summary>The bias, <c>[O]</c>, or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>The kernels as what convolutions take, <c>[O, I, k]</c>.</summary>
    public Weight Weight => Weight.Kronecker(Rule.Value, Factors.Value);

    /// <summary>Computes the convolution.</summary>
    /// <param name="input"><c>[B, I, L]</c></param>
    /// <returns><c>[B, O, L']</c></returns>
    /// <exception cref="ArgumentException">The channels differ, or the kernel does not fit into the padded input.</exception>
    public override Tensor Forward(Tensor input) => Ops.Conv1d(input, Weight, Bias?.Value, Stride, Padding, Dilation);

    static string IStoredLayer<KroneckerConv1d>.TypeName => "KroneckerConv1d";

    static KroneckerConv1d IStoredLayer<KroneckerConv1d>.Read(LayerSettings settings) => new(
        settings.Int("inChannels"), settings.Int("outChannels"), settings.Int("kernelSize"), settings.Int("n"), settings.Int("stride"), settings.Int("padding"),
        settings.Int("dilation"), settings.Flag("bias"));

    void IStoredLayer<KroneckerConv1d>.WriteSettings(LayerSettings settings) => settings
        .Set("inChannels", InChannels).Set("outChannels", OutChannels).Set("kernelSize", KernelSize).Set("n", N).Set("stride", Stride)
        .Set("padding", Padding).Set("dilation", Dilation).Set("bias", Bias is not null);

    /// <inheritdoc/>
    protected override string Describe() => $"KroneckerConv1d({InChannels}, {OutChannels}, kernelSize: {KernelSize}, n: {N})";
}
