using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Offsets of pairs of channels, linear in the code: <c>delta = reshape(H z + h)</c>, <c>[O, I]</c>, the same for all taps of a kernel.</summary>
/// <remarks>Source: Alaluf and others, HyperStyle, CVPR 2022 (arXiv 2111.15666), section 3.2; the last part of the authors' RefinementBlock.</remarks>
public sealed class ChannelOffsets : KernelOffsets, IStoredLayer<ChannelOffsets>
{
    static ChannelOffsets() => LayerTypes.Register<ChannelOffsets>();

    /// <summary>Makes the head.</summary>
    /// <param name="codeFeatures">The numbers of a code.</param>
    /// <param name="inChannels">The channels I of the convolution's input.</param>
    /// <param name="outChannels">The channels O of its output.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public ChannelOffsets(int codeFeatures, int inChannels, int outChannels, RandomStream? random = null)
        : base(codeFeatures, inChannels, outChannels) => Head = Add("head", new Linear(codeFeatures, inChannels * outChannels, random: random));

    /// <summary>H and h: the offsets of one output channel after those of another.</summary>
    public Linear Head { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor code) => Ops.Reshape(Head.Forward(code), code.Shape[0], OutChannels, InChannels, 1, 1);

    static string IStoredLayer<ChannelOffsets>.TypeName => "ChannelOffsets";

    static ChannelOffsets IStoredLayer<ChannelOffsets>.Read(LayerSettings settings) =>
        new(settings.Int("codeFeatures"), settings.Int("inChannels"), settings.Int("outChannels"));

    void IStoredLayer<ChannelOffsets>.WriteSettings(LayerSettings settings) => settings
        .Set("codeFeatures", CodeFeatures).Set("inChannels", InChannels).Set("outChannels", OutChannels);

    /// <inheritdoc/>
    protected override string Describe() => $"ChannelOffsets({CodeFeatures}, {InChannels}, {OutChannels})";
}
