using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A hypernetwork that fits a generator of images to one image: it reads the image beside the generator's current reconstruction and gives offsets of the convolutions' kernels,
/// <c>W_b = W (1 + delta_b)</c>. Offsets are added up over a few passes, <c>delta &lt;- delta + H(x, y)</c>.
/// </summary>
/// <remarks>
/// The trunk is any layer: a ResNet-34 that reads six channels in the paper. Which convolutions are tuned is told by the blocks, one for each; several may share a
/// <see cref="SharedOffsets"/>. Offsets act before demodulation (<see cref="ModulatedConv"/>). Source: Alaluf, Tov, Mokady, Gal, Bermano, HyperStyle: StyleGAN Inversion with
/// HyperNetworks for Real Image Editing, CVPR 2022 (arXiv 2111.15666), section 3.
/// </remarks>
public sealed class HyperStyle : Layer, IStoredLayer<HyperStyle>
{
    // Files may hold the parts before a program uses them.
    static HyperStyle()
    {
        LayerTypes.Register<HyperStyle>();
        LayerTypes.Register<ModulatedConv>();
        LayerTypes.Register<EqualisedLinear>();
        LayerTypes.Register<ChannelOffsets>();
        LayerTypes.Register<SharedOffsets>();
        LayerTypes.Register<RefinementBlock>();
    }

    /// <summary>Joins trunk and blocks.</summary>
    /// <param name="trunk">Reads <c>[B, 6, H, W]</c> (an image and a reconstruction) and gives the features that blocks read.</param>
    /// <param name="blocks">One for each convolution that is tuned.</param>
    /// <exception cref="ArgumentException">There is no block.</exception>
    public HyperStyle(TensorLayer trunk, params IReadOnlyList<RefinementBlock> blocks)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        if (blocks.Count == 0)
        {
            throw new ArgumentException("HyperStyle: at least one block is needed; got none.", nameof(blocks));
        }
        Trunk = Add("trunk", trunk);
        Blocks = [.. blocks.Select((block, i) => Add($"block{i}", block))];
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hyperstyle",
        Title = "HyperStyle: offsets for a modulated generator",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Alaluf, Tov, Mokady, Gal, Bermano", "HyperStyle: StyleGAN Inversion with HyperNetworks for Real Image Editing", "CVPR", 2022) { Arxiv = "2111.15666" },
        Equation = "w_b = W (1 + delta_b) s_b / sqrt(I k k), demodulated; delta <- delta + H(x, y)",
        Source = "section 3, and the authors' code, yuval-alaluf/hyperstyle; StyleGAN2: Karras and others, CVPR 2020",
        Layers = [typeof(HyperStyle), typeof(RefinementBlock), typeof(ModulatedConv), typeof(SharedOffsets), typeof(ChannelOffsets), typeof(EqualisedLinear)],
        Cases = ["HyperStyle"],
    };

    /// <summary>Gives the features that blocks read.</summary>
    public TensorLayer Trunk { get; }

    /// <summary>One for each convolution that is tuned.</summary>
    public IReadOnlyList<RefinementBlock> Blocks { get; }

    /// <summary>Gives offsets in one pass.</summary>
    /// <param name="image"><c>[B, 3, H, W]</c></param>
    /// <param name="reconstruction">What the generator gives now, <c>[B, 3, H, W]</c>.</param>
    /// <param name="before">The offsets of earlier passes, to which these are added; null for none.</param>
    /// <returns>For every block <c>[B, O, I, f, f]</c>.</returns>
    /// <exception cref="ArgumentException">A shape does not fit, or there are not as many earlier offsets as blocks.</exception>
    public IReadOnlyList<Tensor> Forward(Tensor image, Tensor reconstruction, IReadOnlyList<Tensor>? before = null)
    {
        if (before is not null && before.Count != Blocks.Count)
        {
            throw new ArgumentException($"HyperStyle: earlier offsets must be one for each of {Blocks.Count} blocks; got {before.Count}.", nameof(before));
        }
        Tensor features = Trunk.Forward(Ops.Concatenate(1, image, reconstruction));
        return [.. Blocks.Select((block, i) => before is null ? block.Forward(features) : Ops.Add(before[i], block.Forward(features)))];
    }

    /// <summary>Fits a generator to images in several passes.</summary>
    /// <param name="image"><c>[B, 3, H, W]</c></param>
    /// <param name="first">The reconstruction to begin with: the generator's without offsets, <c>[B, 3, H, W]</c>.</param>
    /// <param name="generate">Runs the generator with offsets, one for each block; its image must be as large as the given one.</param>
    /// <param name="passes">How many; 5 in the paper's evaluation.</param>
    /// <returns>The last reconstruction, and its offsets.</returns>
    /// <exception cref="ArgumentException">passes is below 1, or a shape does not fit.</exception>
    public (Tensor Reconstruction, IReadOnlyList<Tensor> Offsets) Refine(Tensor image, Tensor first, Func<IReadOnlyList<Tensor>, Tensor> generate, int passes = 5)
    {
        ArgumentNullException.ThrowIfNull(generate);
        if (passes < 1)
        {
            throw new ArgumentException($"HyperStyle: at least one pass is needed; got {passes}.", nameof(passes));
        }
        Tensor reconstruction = first;
        IReadOnlyList<Tensor>? offsets = null;
        for (int pass = 0; pass < passes; pass++)
        {
            offsets = Forward(image, reconstruction, offsets);
            reconstruction = generate(offsets);
        }
        return (reconstruction, offsets!);
    }

    static string IStoredLayer<HyperStyle>.TypeName => "HyperStyle";

    static HyperStyle IStoredLayer<HyperStyle>.Read(LayerSettings settings) => new(settings.Layer<TensorLayer>("trunk"), settings.Layers<RefinementBlock>("blocks"));

    void IStoredLayer<HyperStyle>.WriteSettings(LayerSettings settings) => settings.SetLayer("trunk", Trunk).SetLayers("blocks", Blocks);
}
