using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Soft merging of experts with adaptive routing (SMEAR): every tensor of an expert is averaged by a router's shares, and one merged expert runs for the whole
/// example: <c>theta_b = sum_n p_bn theta_n</c>, <c>p_b = softmax(R LN(mean(h_b)) + r)</c>. Learned by plain gradients, at the price of one expert.
/// </summary>
/// <remarks>Source: Muqeeth, Liu, Raffel, Soft Merging of Experts with Adaptive Routing, TMLR 2024 (arXiv 2306.03745), and the authors' code, r-three/smear.</remarks>
public static class Smear
{
    // Files may hold these classes before a program uses them.
    static Smear()
    {
        LayerTypes.Register<SmearAdapter>();
        LayerTypes.Register<SmearGate>();
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "smear",
        Title = "Soft merging of experts with adaptive routing (SMEAR)",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Muqeeth, Liu, Raffel", "Soft Merging of Experts with Adaptive Routing", "TMLR", 2024) { Arxiv = "2306.03745" },
        Equation = "y_b = h_b + U_b silu(D_b h_b + d_b), D_b = sum_n p_bn D_n and so on, p_b = softmax(R LN(mean(h_b)) + r)",
        Source = "section 3, and the authors' code, r-three/smear",
        Layers = [typeof(SmearAdapter), typeof(SmearGate), typeof(MixtureOfWeights)],
        Cases = ["SMEAR"],
    };

    /// <summary>Merges the experts of any block.</summary>
    /// <param name="block">One expert: a feed-forward block (<see cref="Mlp"/>), or any other layer.</param>
    /// <param name="inFeatures">The features of what comes in.</param>
    /// <param name="experts">The number of experts.</param>
    /// <param name="options">Dropout and scaling; null means the paper's.</param>
    /// <param name="features">Which axis holds the features.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public static MixtureOfWeights For(
        TensorLayer block, int inFeatures, int experts, SmearOptions? options = null, FeatureAxis features = FeatureAxis.Last, RandomStream? random = null) =>
        new(block, new SmearGate(inFeatures, experts, options, features, random), random: random);
}
