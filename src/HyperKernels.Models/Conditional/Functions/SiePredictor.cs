using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The predictor of split invariant-equivariant representations: a hypernetwork of the parameters of a transformation makes a small network that turns the equivariant
/// half of one view's embedding into that of the other. One weight set per sample.
/// </summary>
/// <remarks>Source: Garrido, Najman, Lecun, Self-supervised learning of Split Invariant Equivariant representations, ICML 2023 (arXiv 2302.10283), section 3.2.</remarks>
public static class SiePredictor
{
    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "sie-predictor",
        Title = "SIE predictor",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Garrido, Najman, Lecun", "Self-supervised learning of Split Invariant Equivariant representations", "ICML", 2023) { Arxiv = "2302.10283" },
        Equation = "theta_b = h(t_b), z'_b = f(z_b; theta_b) with a linear h (or three layers) and a linear f (or an MLP)",
        Source = "section 3.2; the authors' code, facebookresearch/SIE",
        Layers = [typeof(SiePredictor)],
        Cases = ["SIE predictor"],
    };

    /// <summary>Makes the predictor.</summary>
    /// <param name="features">The size of the equivariant half of an embedding.</param>
    /// <param name="latent">The number of the transformation's parameters.</param>
    /// <param name="hidden">The widths inside what is generated; null means one linear map, the authors' choice.</param>
    /// <param name="isDeep">Whether the hypernetwork has three layers with ReLU between instead of one linear one.</param>
    /// <param name="bias">Whether what is generated has biases; the authors' default has none.</param>
    /// <param name="hyperBias">Whether the hypernetwork's layers have biases.</param>
    /// <param name="activation">Between the layers that are generated; none unless given.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <returns>A hypernetwork that takes the transformation's parameters <c>[B, latent]</c> and embeddings <c>[B, features]</c>.</returns>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public static HyperNetwork Create(
        int features,
        int latent,
        IReadOnlyList<int>? hidden = null,
        bool isDeep = false,
        bool bias = false,
        bool hyperBias = true,
        Activation activation = default,
        RandomStream? random = null)
    {
        Mlp target = new([features, .. hidden ?? [], features], activation, bias, random);
        TargetManifest manifest = TargetManifest.Of(target);
        // As the authors' linear layers start: rows and biases uniform within 1 / sqrt(latent).
        float bound = 1 / MathF.Sqrt(latent);
        EmissionScheme scheme = new((entry, width, stream) => Uniform(entry.Count * width, bound, stream), entry => Uniform(entry.Count, bound, random), hyperBias);
        TensorLayer generator = isDeep
            ? new Sequential(new Linear(latent, latent, hyperBias, random), new Relu(), new Linear(latent, latent, hyperBias, random), new Relu())
            : new Sequential();
        return new HyperNetwork(target, new DeclaredConditioning([Condition.Raw("transformation", latent)]), generator, new FullEmission(manifest, latent, scheme, random));
    }

    private static float[] Uniform(int count, float bound, RandomStream? random)
    {
        float[] values = new float[count];
        (random ?? Initializer.Random).FillUniform(values, -bound, bound);
        return values;
    }
}
