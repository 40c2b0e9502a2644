using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>The small convolutional network of the digit recipes: two convolutions with pooling, two dense layers; 21,840 parameters.</summary>
internal static class LeNet
{
    /// <summary>Makes the network, [B, 1, 28, 28] to logits [B, 10].</summary>
    public static Sequential Make(RandomStream random) => new(
        new Conv2d(1, 10, kernelSize: 5, random: random), new MaxPool2d(2), new Relu(),
        new Conv2d(10, 20, kernelSize: 5, random: random), new MaxPool2d(2), new Relu(),
        new Flatten(), new Linear(320, 50, random: random), new Relu(), new Linear(50, 10, random: random));
}
