using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The linear hypernetwork over learned embeddings: <c>chunk_j = W z_j + b</c>, laid end to end. It reads no condition: a target's weights are bound
/// to one another by what generates them, and take fewer parameters where chunks are larger than embeddings.
/// </summary>
/// <remarks>
/// With the first values of the published library, which are PyTorch's and kept here, generated weights have a deviation near 0.6 to 0.8 whatever the
/// target's layers ask for. Source: shyamsn97/hyper-nn (TorchLinearHyperNetwork), after Ha, Dai, Le, ICLR 2017 (arXiv 1609.09106).
/// </remarks>
public static class LinearHyperNetwork
{
    // Files may hold the parts before the program has used their classes.
    static LinearHyperNetwork()
    {
        LayerTypes.Register<NoConditioning>();
        LayerTypes.Register<ScaledChunkEmission>();
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "linear-chunks",
        Title = "Linear hypernetwork over chunk embeddings",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper("Ha, Dai, Le", "HyperNetworks", "ICLR", 2017) { Arxiv = "1609.09106" },
        Equation = "theta = first P of [W z_0 + b, W z_1 + b, ...]",
        Source = "the library shyamsn97/hyper-nn, TorchLinearHyperNetwork",
        Layers = [typeof(LinearHyperNetwork), typeof(ScaledChunkEmission), typeof(NoConditioning)],
        Design = new HypernetworkDesign(HyperInput.Task, HyperOutput.Chunks, HyperArchitecture.Mlp),
        Cases = ["hyper-nn linear hypernetwork"],
    };

    /// <summary>Makes a hypernetwork that generates a target's weights from learned embeddings.</summary>
    /// <param name="target">Any layer; its own values are not used.</param>
    /// <param name="embeddings">N, the number of embeddings and chunks.</param>
    /// <param name="embedding">The length of an embedding.</param>
    /// <param name="chunkSize">The values of a chunk; null for as few as suffice.</param>
    /// <param name="parameters">Which of the target's parameters are generated: a pattern over dotted names.</param>
    /// <param name="random">Where random starts come from; null means <see cref="Initializer.Random"/>.</param>
    /// <returns>A hypernetwork that takes no conditions: <c>network.Forward(input)</c>.</returns>
    /// <exception cref="ArgumentException">A size is too small, or no parameter matches.</exception>
    public static HyperNetwork Create(
        Layer target, int embeddings = 3, int embedding = 100, int? chunkSize = null, string parameters = "*", RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        TargetManifest manifest = TargetManifest.Of(target, parameters);
        ScaledChunkEmission emission = new(manifest, embeddings, embedding, chunkSize, random);
        // Scales of 1 reach the emission as they are.
        return new HyperNetwork(target, new NoConditioning(embeddings), new Sequential(), emission);
    }
}
