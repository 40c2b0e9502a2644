using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A small convolutional network for images of 28 by 28: two 5 by 5 convolutions of 10 and 20 channels, each with pooling and ReLU, then
/// two linear layers, 320 to 50 to the classes. With ten classes it has 21,840 parameters.
/// </summary>
/// <remarks>
/// The target of the digit experiments with hypernetworks: all its parameters are generated there. A descendant of LeNet-5 (LeCun, Bottou,
/// Bengio, Haffner, Proceedings of the IEEE 86(11), 1998) with max pooling and ReLU, as PyTorch's MNIST example had it.
/// </remarks>
public static class LeNet
{
    /// <summary>The height and width of an image.</summary>
    public const int Side = 28;

    /// <summary>Makes the network with PyTorch's first values.</summary>
    /// <param name="classes">How many logits come out.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <returns>Maps <c>[B, 1, 28, 28]</c> to <c>[B, classes]</c>.</returns>
    /// <exception cref="ArgumentException">There is less than one class.</exception>
    public static Sequential Create(int classes = 10, RandomStream? random = null) => new(
        new Conv2d(1, 10, kernelSize: 5, random: random), new MaxPool2d(2), new Relu(),
        new Conv2d(10, 20, kernelSize: 5, random: random), new MaxPool2d(2), new Relu(),
        new Flatten(), new Linear(320, 50, random: random), new Relu(), new Linear(50, classes, random: random));

    /// <summary>Makes the network as a hypernetwork's target: weights by Kaiming's rule for fan-in, biases zero.</summary>
    /// <param name="random">Where first values come from.</param>
    /// <returns>Maps <c>[B, 1, 28, 28]</c> to <c>[B, 10]</c>.</returns>
    /// <remarks>
    /// The first values of the base weights in the code of Gonzalez Ortiz, Guttag, Dalca, Magnitude Invariant Parametrizations Improve
    /// Hypernetwork Learning, ICLR 2024 (hyperlight).
    /// </remarks>
    public static Sequential CreateTarget(RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        // Every value is drawn anew below: the caller's stream must not move for these.
        Sequential network = Create(random: new RandomStream());
        foreach (NamedParameter named in network.NamedParameters())
        {
            Initializer start = named.Role == ParameterRole.Weight ? Initializer.KaimingNormal() : Initializer.Zeros;
            start.Apply(named.Parameter, random);
        }
        return network;
    }

    /// <summary>Multiplications with a following addition that one image costs in a forward pass.</summary>
    /// <param name="classes">How many logits come out.</param>
    public static long MultiplyAdds(int classes = 10) => (24 * 24 * 10 * 25) + (8 * 8 * 20 * 250) + (320 * 50) + (50 * classes);
}
