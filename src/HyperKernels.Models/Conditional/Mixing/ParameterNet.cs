using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Dynamic convolutions that add parameters at almost no arithmetic: <c>y_b = conv(x_b, sum_e a_be W_e)</c> with <c>a_b = softmax(MLP(mean(x_b)))</c>, four experts in
/// every layer.
/// </summary>
/// <remarks>
/// Source: Han, Wang, Guo, Wu, ParameterNet: Parameters Are All You Need for Large-scale Visual Pretraining of Mobile Networks, CVPR 2024 (arXiv 2306.14525), section
/// 3.3. The authors' code puts CondConv's sigmoid gate in the MLP's place: <see cref="CondConv.For"/> with four experts is that.
/// </remarks>
public static class ParameterNet
{
    // Files may hold this class before a program uses it.
    static ParameterNet() => LayerTypes.Register<SoftmaxGate>();

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "parameternet",
        Title = "ParameterNet's dynamic convolution",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Han, Wang, Guo, Wu", "ParameterNet: Parameters Are All You Need for Large-scale Visual Pretraining of Mobile Networks", "CVPR", 2024)
        {
            Arxiv = "2306.14525",
        },
        Equation = "y_b = conv(x_b, sum_e a_be W_e), a_b = softmax(MLP(mean(x_b)))",
        Source = "section 3.3",
        Layers = [typeof(MixtureOfWeights), typeof(SoftmaxGate)],
        Recipe = "condconv-fashion",
    };

    /// <summary>Makes a convolution, or a linear layer, dynamic.</summary>
    /// <param name="layer">A <see cref="Conv1d"/>, <see cref="Conv2d"/> or <see cref="Linear"/> layer.</param>
    /// <param name="experts">The number of experts.</param>
    /// <param name="hiddenFeatures">The width of the gate's hidden layer; null means a quarter of the layer's inputs.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">The layer is of another class, or a size does not fit.</exception>
    public static MixtureOfWeights For(TensorLayer layer, int experts = 4, int? hiddenFeatures = null, RandomStream? random = null)
    {
        (int inputs, FeatureAxis features) = CondConv.InputsOf(layer);
        return new MixtureOfWeights(layer, new SoftmaxGate(inputs, experts, hiddenFeatures, features, random), random: random);
    }
}
