using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The generator that many convolutions share: in two stages, <c>a = reshape(z W2 + b2)</c> <c>[I, dz]</c> and <c>a W1 + b1</c>, so that it needs
/// <c>dz (I dz + O f f)</c> numbers where one matrix would need <c>dz I O f f</c>.
/// </summary>
/// <remarks>
/// The result has the input channel first and is read as <c>[O, I, f, f]</c> without moving it, as the authors' code does: which number lands where does not matter for what is
/// trained like that, but for their files it does. First values are normal with deviation 1/40. Source: Alaluf and others, HyperStyle, CVPR 2022 (arXiv 2111.15666), section
/// 3.2 (Shared Refinement Blocks), after Ha, Dai, Le, HyperNetworks, ICLR 2017.
/// </remarks>
public sealed class SharedOffsets : KernelOffsets, IStoredLayer<SharedOffsets>
{
    private static readonly Initializer s_start = Initializer.Normal(0, 1f / 40);

    static SharedOffsets() => LayerTypes.Register<SharedOffsets>();

    /// <summary>Makes the generator.</summary>
    /// <param name="codeFeatures">The numbers dz of a code.</param>
    /// <param name="inChannels">The channels I of the convolutions' input.</param>
    /// <param name="outChannels">The channels O of their output.</param>
    /// <param name="kernelSize">f: the height and width of the kernels, or 1 for offsets that all taps share.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public SharedOffsets(int codeFeatures, int inChannels, int outChannels, int kernelSize = 3, RandomStream? random = null)
        : base(codeFeatures, inChannels, outChannels)
    {
        if (kernelSize < 1)
        {
            throw new ArgumentException($"SharedOffsets: kernelSize must be at least 1; got {kernelSize}.", nameof(kernelSize));
        }
        KernelSize = kernelSize;
        First = Add("first", new Linear(codeFeatures, inChannels * codeFeatures, random: random));
        Second = Add("second", new Linear(codeFeatures, outChannels * kernelSize * kernelSize, random: random));
        foreach (Parameter parameter in Parameters)
        {
            s_start.Apply(parameter, random);
        }
    }

    /// <summary>f: the height and width of the kernels, or 1.</summary>
    public int KernelSize { get; }

    /// <summary>W2 and b2.</summary>
    public Linear First { get; }

    /// <summary>W1 and b1.</summary>
    public Linear Second { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor code)
    {
        Tensor rows = Ops.Reshape(First.Forward(code), code.Shape[0], InChannels, CodeFeatures);
        return Ops.Reshape(Second.Forward(rows), code.Shape[0], OutChannels, InChannels, KernelSize, KernelSize);
    }

    static string IStoredLayer<SharedOffsets>.TypeName => "SharedOffsets";

    static SharedOffsets IStoredLayer<SharedOffsets>.Read(LayerSettings settings) =>
        new(settings.Int("codeFeatures"), settings.Int("inChannels"), settings.Int("outChannels"), settings.Int("kernelSize"));

    void IStoredLayer<SharedOffsets>.WriteSettings(LayerSettings settings) => settings
        .Set("codeFeatures", CodeFeatures).Set("inChannels", InChannels).Set("outChannels", OutChannels).Set("kernelSize", KernelSize);

    /// <inheritdoc/>
    protected override string Describe() => $"SharedOffsets({CodeFeatures}, {InChannels}, {OutChannels}, kernelSize: {KernelSize})";
}
