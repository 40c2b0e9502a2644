using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Reads an image's features and gives the offsets of one convolution: a tower of convolutions of stride 2 down to a code, then <see cref="KernelOffsets"/>.</summary>
/// <remarks>
/// The towers are those of the authors' code. For offsets of its own (<see cref="ChannelOffsets"/>) a block halves the features down to 2 x 2 pixels and averages them;
/// before a shared generator it keeps the size once, goes down to one pixel and ends with an <see cref="EqualisedLinear"/> layer. Source: Alaluf and others, HyperStyle, CVPR
/// 2022 (arXiv 2111.15666), section 3.2.
/// </remarks>
public sealed class RefinementBlock : Layer, IStoredLayer<RefinementBlock>
{
    static RefinementBlock() => LayerTypes.Register<RefinementBlock>();

    /// <summary>Joins a tower and a head.</summary>
    /// <param name="tower">Takes features to codes, <c>[B, codeFeatures]</c>.</param>
    /// <param name="offsets">Takes codes to offsets; one may stand in many blocks.</param>
    public RefinementBlock(TensorLayer tower, KernelOffsets offsets)
    {
        Tower = Add("tower", tower);
        Offsets = Add("offsets", offsets);
    }

    /// <summary>Takes features to codes.</summary>
    public TensorLayer Tower { get; }

    /// <summary>Takes codes to offsets.</summary>
    public KernelOffsets Offsets { get; }

    /// <summary>Makes the authors' block for a head.</summary>
    /// <param name="offsets">The head.</param>
    /// <param name="inChannels">The channels of the features; 512 in the paper.</param>
    /// <param name="innerChannels">Those inside the tower; null means the authors': 128 before a shared generator, else 256.</param>
    /// <param name="size">The height and width of the features, a power of two from 4.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">The size is no power of two, or below 4.</exception>
    public static RefinementBlock For(KernelOffsets offsets, int inChannels = 512, int? innerChannels = null, int size = 16, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(offsets);
        if (size < 4 || !int.IsPow2(size))
        {
            throw new ArgumentException($"RefinementBlock: the features must be a power of two high and wide, 4 or more; got {size}.", nameof(size));
        }
        bool isShared = offsets is SharedOffsets;
        int inner = innerChannels ?? (isShared ? 128 : 256);
        int halvings = int.Log2(size) - (isShared ? 0 : 1);
        List<TensorLayer> layers = [];
        if (isShared)
        {
            layers.AddRange([new Conv2d(inChannels, inner, 3, padding: 1, random: random), new LeakyRelu()]);
        }
        for (int i = 0; i < halvings; i++)
        {
            int from = i == 0 && !isShared ? inChannels : inner;
            int to = i == halvings - 1 ? offsets.CodeFeatures : inner;
            layers.AddRange([new Conv2d(from, to, 3, stride: 2, padding: 1, random: random), new LeakyRelu()]);
        }
        layers.AddRange(isShared
            ? [new Flatten(), new EqualisedLinear(offsets.CodeFeatures, offsets.CodeFeatures, random: random)]
            : [new AdaptiveAveragePool2d(1, 1), new Flatten()]);
        return new RefinementBlock(new Sequential([.. layers]), offsets);
    }

    /// <summary>Gives offsets for features.</summary>
    /// <param name="features">What the tower takes, <c>[B, inChannels, size, size]</c>.</param>
    /// <returns><c>[B, O, I, f, f]</c></returns>
    public Tensor Forward(Tensor features) => Offsets.Forward(Tower.Forward(features));

    static string IStoredLayer<RefinementBlock>.TypeName => "RefinementBlock";

    static RefinementBlock IStoredLayer<RefinementBlock>.Read(LayerSettings settings) => new(settings.Layer<TensorLayer>("tower"), settings.Layer<KernelOffsets>("offsets"));

    void IStoredLayer<RefinementBlock>.WriteSettings(LayerSettings settings) => settings.SetLayer("tower", Tower).SetLayer("offsets", Offsets);
}
