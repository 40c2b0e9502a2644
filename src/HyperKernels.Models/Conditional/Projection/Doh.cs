using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Decoder-only random hypernetworks: one signal is one trained latent z, from which fixed random matrices make all layers of a coordinate network,
/// <c>W_l = reshape(P_l z)</c>, <c>b_l = Q_l z</c>. What is stored is z and a seed; the rate is set by the length of z alone.
/// </summary>
/// <remarks>
/// First values: z is normal of expected length one and the rows of every layer have the deviation that the target's own first values have, so that the coordinate network
/// starts as it would by itself. Source: Gordon, MacDonald, Saratchandran, Lucey, D'OH: Decoder-Only Random Hypernetworks for Implicit Neural Representations, ACCV 2024
/// (arXiv 2403.19163), section 3.
/// </remarks>
public static class Doh
{
    // Files may hold these classes before a program uses them.
    static Doh()
    {
        LayerTypes.Register<ProjectedNetwork>();
        LayerTypes.Register<RandomProjectionEmission>();
        LayerTypes.Register<LatentVector>();
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "doh",
        Title = "Decoder-only random hypernetwork (D'OH)",
        Kind = SystemKind.Conditional,
        Paper = new Paper(
            "Gordon, MacDonald, Saratchandran, Lucey", "D'OH: Decoder-Only Random Hypernetworks for Implicit Neural Representations", "ACCV", 2024) { Arxiv = "2403.19163" },
        Equation = "W_l = reshape(P_l z), b_l = Q_l z with fixed random P_l, Q_l and one trained z",
        Source = "section 3, evaluated directly",
        Layers = [typeof(ProjectedNetwork), typeof(RandomProjectionEmission), typeof(LatentVector)],
        Cases = ["D'OH"],
        Recipe = "siren-images",
    };

    /// <summary>Makes the layers of a coordinate network projections of one latent.</summary>
    /// <param name="target">The coordinate network: a <see cref="Siren"/>, or any other layer.</param>
    /// <param name="latent">The length of z.</param>
    /// <param name="seed">Where the matrices come from.</param>
    /// <param name="kind">What matrices; normal as in the paper.</param>
    /// <param name="random">Where the first values of z come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">latent is below 1, or the target has no parameters.</exception>
    public static ProjectedNetwork For(
        TensorLayer target, int latent, ulong seed = 0, ProjectionKind kind = ProjectionKind.Normal, RandomStream? random = null)
    {
        LatentVector vector = new(latent, 1 / MathF.Sqrt(Math.Max(1, latent)), random);
        return new ProjectedNetwork(target, new RandomProjectionEmission(target, latent, kind, seed), vector);
    }
}
