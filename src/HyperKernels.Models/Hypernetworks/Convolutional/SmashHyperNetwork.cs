using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// SMASH: describes an architecture to a <see cref="SmashGenerator"/>, together with noise, and cuts the weights of its 1 by 1 convolutions
/// from what comes out. Every architecture of the space gets weights that way, so that they can be ranked before one is trained.
/// </summary>
/// <remarks>
/// The output is a table of all channels that layers read, slice by slice, times <see cref="SmashSpace.MaxChannels"/>; a layer takes as many rows as
/// it reads channels, and as many columns as its convolution gives. Each kernel is divided by its Frobenius norm, as the generator's own are.
/// The search, and the network that is trained in the end, are ordinary programs on top. Source: Brock, Lim, Ritchie, Weston, ICLR 2018
/// (arXiv 1708.05344), section 3.2; code ajbrock/SMASH.
/// </remarks>
public sealed class SmashHyperNetwork : Layer, IStoredLayer<SmashHyperNetwork>
{
    static SmashHyperNetwork() => LayerTypes.Register<SmashHyperNetwork>();

    /// <summary>Makes the generator for a space.</summary>
    /// <param name="space">What architectures are chosen from; null means the authors'.</param>
    /// <param name="blocks">The generator's blocks; see <see cref="SmashGenerator"/>.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    public SmashHyperNetwork(SmashSpace? space = null, IReadOnlyList<IReadOnlyList<int>>? blocks = null, RandomStream? random = null)
    {
        Space = space ?? new SmashSpace();
        // One channel of noise comes first.
        int outChannels = Space.BaseChannels * Space.SliceChannels;
        Generator = Add("generator", new SmashGenerator(1 + Space.Channels, outChannels, blocks, random: random));
    }

    /// <summary>What architectures are chosen from.</summary>
    public SmashSpace Space { get; }

    /// <summary>From descriptions to weights.</summary>
    public SmashGenerator Generator { get; }

    /// <summary>Draws the noise for an architecture.</summary>
    /// <param name="architecture">The architecture.</param>
    /// <param name="random">Where it comes from.</param>
    /// <param name="device">Where it goes; null means <see cref="Device.Default"/>.</param>
    /// <returns><c>[1, 1, space.MaxUnits, slices]</c>, N(0, 1).</returns>
    public Tensor Noise(SmashArchitecture architecture, RandomStream random, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return Ops.RandomNormal([1, 1, Space.MaxUnits, architecture.Slices(Space)], random, device: device);
    }

    /// <summary>Generates the kernels of an architecture's 1 by 1 convolutions.</summary>
    /// <param name="architecture">The architecture.</param>
    /// <param name="noise"><see cref="Noise"/>; drawn anew for every architecture, also for the same one.</param>
    /// <returns>For each layer in order <c>[outputs, channels read, 1, 1]</c>.</returns>
    /// <exception cref="ArgumentException">The architecture lies outside the space, or the noise has another shape.</exception>
    public Tensor[] Generate(SmashArchitecture architecture, Tensor noise)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        Tensor description = architecture.Encode(Space, noise.Device);
        if (noise.Shape != description.Shape.With(1, 1))
        {
            throw new ArgumentException($"SmashHyperNetwork: the noise must be {description.Shape.With(1, 1)}; got {noise.Shape}. Noise makes it.", nameof(noise));
        }
        Tensor table = Table(Generator.Forward(Ops.Concatenate(1, noise, description)));
        List<Tensor> kernels = [];
        int first = 0;
        foreach ((_, int bankSize, SmashLayer layer) in architecture.Layers)
        {
            int inputs = layer.Reads.Count * bankSize * Space.BaseChannels;
            int outputs = Outputs(inputs, layer.Units);
            Tensor kernel = Ops.Slice(Ops.Slice(table, 0, 0, outputs), 1, first, inputs);
            kernel = Ops.Divide(kernel, Ops.L2Norm(kernel, [0, 1], keepAxes: true));
            kernels.Add(Ops.Reshape(kernel, outputs, inputs, 1, 1));
            first += inputs;
        }
        return [.. kernels];
    }

    /// <summary>What a generated convolution gives: at most a few times the channels of its layer, at most what it reads.</summary>
    private int Outputs(int inputs, int units)
    {
        int channels = units * Space.BaseChannels;
        int times = Math.Min(Math.Max(inputs / channels, 1), Space.Bottleneck);
        return Math.Min(Math.Min(times * channels, inputs), Space.MaxChannels);
    }

    /// <summary>Generated channels to <c>[space.MaxChannels, slices sliceChannels]</c>: the slices of a layer's input side by side.</summary>
    private Tensor Table(Tensor generated)
    {
        (int rows, int slices) = (generated.Shape[2], generated.Shape[3]);
        Tensor parts = Ops.Reshape(generated, Space.BaseChannels, Space.SliceChannels, rows, slices);
        return Ops.Reshape(Ops.Permute(parts, 2, 0, 3, 1), Space.MaxChannels, slices * Space.SliceChannels);
    }

    static string IStoredLayer<SmashHyperNetwork>.TypeName => "SmashHyperNetwork";

    static SmashHyperNetwork IStoredLayer<SmashHyperNetwork>.Read(LayerSettings settings) => new(
        new SmashSpace
        {
            BaseChannels = settings.Int("baseChannels"),
            MaxUnits = settings.Int("maxUnits"),
            MaxBanks = settings.Int("maxBanks"),
            DepthCompression = settings.Int("depthCompression"),
            Bottleneck = settings.Int("bottleneck"),
            Blocks = settings.Int("blocks"),
            MaxDilation = settings.Int("maxDilation"),
            MaxKernel = settings.Int("maxKernel"),
            Groups = settings.Ints("groups"),
        },
        settings.Groups("generator", static block => (IReadOnlyList<int>)block.Ints("growth")));

    void IStoredLayer<SmashHyperNetwork>.WriteSettings(LayerSettings settings) => settings
        .Set("baseChannels", Space.BaseChannels).Set("maxUnits", Space.MaxUnits).Set("maxBanks", Space.MaxBanks)
        .Set("depthCompression", Space.DepthCompression).Set("bottleneck", Space.Bottleneck).Set("blocks", Space.Blocks)
        .Set("maxDilation", Space.MaxDilation).Set("maxKernel", Space.MaxKernel).Set("groups", [.. Space.Groups])
        .SetGroups("generator", Generator.Blocks, static (block, group) => group.Set("growth", [.. block]));
}
