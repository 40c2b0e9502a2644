using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A hypernetwork that generates the kernels of a convolutional network from a small learned embedding for each layer, or for each tile of a
/// layer that is a multiple of the basic unit. Two linear layers, shared by all layers, make kernels of embeddings.
/// </summary>
/// <remarks>
/// The parts can be joined by hand with others: <see cref="StaticKernelEmission"/> behind a conditioning of your own makes kernels for a task
/// or for a sample. The paper has a norm behind every generated convolution. Source: Ha, Dai, Le, HyperNetworks, ICLR 2017 (arXiv 1609.09106),
/// section 3.1.
/// </remarks>
public static class StaticHyperNetwork
{
    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "static-hypernetwork",
        Title = "Static hypernetwork for convolutional networks",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper("Ha, Dai, Le", "HyperNetworks", "ICLR", 2017) { Arxiv = "1609.09106" },
        Equation = "a_i = W_i z + B_i, K_i = W_out a_i + B_out for every channel i of a tile with embedding z",
        Source = "section 3.1; rows of output channels and tiles as in g1910/HyperNetworks",
        Layers = [typeof(StaticKernelEmission), typeof(TileEmbeddings)],
        Design = new HypernetworkDesign(HyperInput.Task, HyperOutput.Components, HyperArchitecture.Mlp),
        Cases = ["static hypernetwork (CNN)", "static hypernetwork (CNN), tiled"],
        Recipe = "static-mnist",
    };

    /// <summary>Makes a hypernetwork for those convolutions of a target whose channels are multiples of the basic unit.</summary>
    /// <param name="target">Any layer.</param>
    /// <param name="embedding">The size Z of an embedding.</param>
    /// <param name="hiddenFeatures">The size d of a row between the two linear layers; null means that of an embedding.</param>
    /// <param name="unit">Output and input channels of the basic unit.</param>
    /// <param name="kernelSize">Height and width of the kernels.</param>
    /// <param name="rows">What a row of the hidden matrix makes.</param>
    /// <param name="parameters">Which parameters may be generated: a pattern over dotted names.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <returns>A hypernetwork without conditions: <c>network.Forward(images)</c>.</returns>
    /// <exception cref="ArgumentException">A size is less than 1, or no convolution of the target is made of units.</exception>
    public static HyperNetwork For(
        Layer target,
        int embedding = 64,
        int? hiddenFeatures = null,
        int unit = 16,
        int kernelSize = 3,
        KernelRows rows = KernelRows.InputChannels,
        string parameters = "*",
        RandomStream? random = null)
    {
        if (embedding < 1 || unit < 1)
        {
            throw new ArgumentException($"StaticHyperNetwork: embedding and unit must be at least 1; got {embedding} and {unit}.");
        }
        TargetManifest manifest = TargetManifest.Of(target, parameters, named => IsMadeOfUnits(named.Parameter.Shape, unit, kernelSize));
        StaticKernelEmission emission = new(manifest, unit, unit, hiddenFeatures ?? embedding, rows, random);
        return new HyperNetwork(target, new TileEmbeddings(emission.Tiles, embedding, random), Generator(emission, embedding, random), emission);
    }

    /// <summary>Makes the first of the two linear layers: from an embedding to a row for each channel of the unit.</summary>
    /// <param name="emission">The second one.</param>
    /// <param name="embedding">The size Z of an embedding.</param>
    /// <param name="random">Where first values come from, N(0, 1 / Z); null means <see cref="Initializer.Random"/>.</param>
    public static GeneratorMlp Generator(StaticKernelEmission emission, int embedding, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(emission);
        return new GeneratorMlp(embedding, [emission.Width], Activation.None, Initializer.KaimingNormal(Activation.None), random);
    }

    private static bool IsMadeOfUnits(Shape shape, int unit, int kernelSize) =>
        shape.Rank == 4 && shape[0] % unit == 0 && shape[1] % unit == 0 && shape[2] == kernelSize && shape[3] == kernelSize;
}
