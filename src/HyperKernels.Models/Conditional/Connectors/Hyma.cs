using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// One hypernetwork for the connectors between all pairs of frozen encoders: <c>theta_pj = reshape(G_j h([code of pair p; code of layer j]) + g_j)</c>. A step trains a
/// mini-batch of pairs, whose connectors run side by side.
/// </summary>
/// <remarks>
/// <c>hyma.Forward(features, pairs)</c>: samples of several pairs in one batch, each with its pair's number, or with the numbers of C pairs for equal groups of samples. Encoders
/// of other widths than the connector's are brought to it by a layer of their own. Source: Singh, Misra, Knyazev, Orvieto, (Almost) Free Modality Stitching of Foundation
/// Models, EMNLP 2025 (arXiv 2507.10015): pair codes, layer-wise heads and mini-batches over pairs; sizes and first values are not verified.
/// </remarks>
public static class Hyma
{
    // Files may hold this class before a program uses it.
    static Hyma() => LayerTypes.Register<LayerCodeEmission>();

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hyma",
        Title = "Hypernetwork model alignment (Hyma)",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Singh, Misra, Knyazev, Orvieto", "(Almost) Free Modality Stitching of Foundation Models", "EMNLP", 2025) { Arxiv = "2507.10015" },
        Equation = "theta_pj = reshape(G_j h([c_p; e_j]) + g_j), y = connector(x; theta_p)",
        Source = "pair codes, layer-wise heads, mini-batches over pairs; sizes not verified",
        Layers = [typeof(LayerCodeEmission), typeof(HyperNetwork)],
    };

    /// <summary>Makes the hypernetwork of a connector.</summary>
    /// <param name="connector">The connector's make, an <see cref="Mlp"/> in the paper; its own values are not used.</param>
    /// <param name="pairs">How many pairs of encoders there are.</param>
    /// <param name="pairCode">The length of a pair's code.</param>
    /// <param name="layerCode">The length of a layer's code.</param>
    /// <param name="hidden">The widths of the generator's layers (ReLU); null means two of 64.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <returns>A hypernetwork whose condition is the number of a pair.</returns>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public static HyperNetwork For(
        Layer connector, int pairs, int pairCode = 32, int layerCode = 16, IReadOnlyList<int>? hidden = null, RandomStream? random = null)
    {
        DeclaredConditioning conditioning = new([Condition.Embedding("pair", pairs, pairCode)], random: random);
        GeneratorMlp generator = new(conditioning.Size + layerCode, hidden ?? [64, 64], Activation.Relu, Initializer.KaimingUniform(), random);
        LayerCodeEmission emission = new(TargetManifest.Of(connector), generator.OutFeatures, layerCode, random);
        return new HyperNetwork(connector, conditioning, generator, emission);
    }
}
