using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Conditionally parameterised convolutions: <c>y_b = conv(x_b, sum_e r_be W_e) + sum_e r_be b_e</c> with <c>r_b = sigmoid(W_r mean(x_b) + b_r)</c>. More
/// experts make a larger layer at the price of one convolution and one product.
/// </summary>
/// <remarks>
/// The bias is mixed as in the authors' code; a port shares one. Source: Yang, Bender, Le, Ngiam, CondConv: Conditionally Parameterized Convolutions for Efficient
/// Inference, NeurIPS 2019 (arXiv 1904.04971), section 3.
/// </remarks>
public static class CondConv
{
    // Files may hold these classes before a program uses them.
    static CondConv()
    {
        LayerTypes.Register<MixtureOfWeights>();
        LayerTypes.Register<MixtureEmission>();
        LayerTypes.Register<SigmoidGate>();
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "condconv",
        Title = "Conditionally parameterised convolution (CondConv)",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Yang, Bender, Le, Ngiam", "CondConv: Conditionally Parameterized Convolutions for Efficient Inference", "NeurIPS", 2019) { Arxiv = "1904.04971" },
        Equation = "y_b = conv(x_b, sum_e r_be W_e) + sum_e r_be b_e, r_b = sigmoid(W_r mean(x_b) + b_r)",
        Source = "section 3, eq. 1; the form with one bias as in nibuiro/CondConv-pytorch",
        Layers = [typeof(MixtureOfWeights), typeof(MixtureEmission), typeof(SigmoidGate)],
        Cases = ["CondConv"],
        Recipe = "condconv-fashion",
    };

    /// <summary>Makes a convolution, or a linear layer, conditional.</summary>
    /// <param name="layer">A <see cref="Conv1d"/> or <see cref="Conv2d"/> (depthwise, grouped, with stride or dilation) or a <see cref="Linear"/> layer.</param>
    /// <param name="experts">The number of experts; 8 in most of the paper.</param>
    /// <param name="sharedBias">Whether one bias serves all experts.</param>
    /// <param name="dropout">That an averaged feature is dropped before the gate while training.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">The layer is of another class, or experts is below 1.</exception>
    public static MixtureOfWeights For(TensorLayer layer, int experts = 8, bool sharedBias = false, float dropout = 0, RandomStream? random = null)
    {
        (int inputs, FeatureAxis features) = InputsOf(layer);
        return new MixtureOfWeights(layer, new SigmoidGate(inputs, experts, features, dropout, random), sharedBias ? "weight" : "*", random: random);
    }

    /// <summary>The features that a layer reads, and where they stand.</summary>
    internal static (int Inputs, FeatureAxis Features) InputsOf(TensorLayer layer) => layer switch
    {
        Conv1d conv => (conv.InChannels, FeatureAxis.Second),
        Conv2d conv => (conv.InChannels, FeatureAxis.Second),
        Linear linear => (linear.InFeatures, FeatureAxis.Last),
        _ => throw new ArgumentException(
            $"CondConv: the layer must be a Linear, Conv1d or Conv2d; it is {layer?.GetType().Name ?? "null"}. Give any other to MixtureOfWeights with a gate.", nameof(layer)),
    };
}
