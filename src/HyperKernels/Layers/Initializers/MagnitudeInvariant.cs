namespace HyperKernels.Layers;

/// <summary>
/// The deviations with which a magnitude invariant hypernetwork (MIP) draws its weights: Gaussian, Kaiming by fan-out, each generated
/// tensor as a layer of its own. Biases of hidden layers start at zero, and theta0 as the target's own initialiser draws it.
/// </summary>
/// <remarks>Source: Gonzalez Ortiz, Guttag, Dalca, ICLR 2024 (arXiv 2304.07645), as JJGO/hyperlight 0.0.5 does it.</remarks>
public static class MagnitudeInvariant
{
    /// <summary>
    /// The gain of a hypernetwork's activation: that of the published library, which takes smooth rectifiers for leaky ones and any slope for 0.
    /// </summary>
    public static double Gain(Activation activation) => activation.Kind switch
    {
        ActivationKind.Relu or ActivationKind.LeakyRelu or ActivationKind.Silu or ActivationKind.Gelu or ActivationKind.GeluTanh => Math.Sqrt(2),
        ActivationKind.Tanh => 5.0 / 3,
        _ => 1,
    };

    /// <summary>The deviation of a hidden layer's weights: <c>gain / sqrt(outputs)</c>.</summary>
    /// <param name="outputs">The layer's width.</param>
    /// <param name="gain"><see cref="Gain"/> of the hypernetwork's activation.</param>
    public static double HiddenDeviation(int outputs, double gain) => gain / Math.Sqrt(outputs);

    /// <summary>The deviation of the output rows that generate a tensor, whatever its role: <c>gain / sqrt(elements)</c>.</summary>
    /// <param name="target">The generated tensor.</param>
    /// <param name="gain"><see cref="Gain"/> of the hypernetwork's activation.</param>
    public static double OutputDeviation(Shape target, double gain) => gain / Math.Sqrt(target.Count);

    /// <summary>The deviation of theta0 where hyperlight draws it: <c>sqrt(2 / fan in)</c> for weights, 0 for biases.</summary>
    /// <param name="target">The generated tensor.</param>
    public static double BaseDeviation(Shape target) => target.Rank < 2 ? 0 : Math.Sqrt(2.0 / Fans.Of(target).In);
}
