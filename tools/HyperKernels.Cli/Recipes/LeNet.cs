using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>The small convolutional network of the digit recipes: two convolutions with pooling, two dense layers; 21,840 parameters.</summary>
internal sealed class LeNet : Layer
{
    private readonly Conv2d _conv1;
    private readonly Conv2d _conv2;
    private readonly Linear _fc1;
    private readonly Linear _fc2;

    /// <summary>Makes the network for images of 28 by 28 and ten classes.</summary>
    public LeNet(RandomStream random)
    {
        _conv1 = Add("conv1", new Conv2d(1, 10, kernelSize: 5, random: random));
        _conv2 = Add("conv2", new Conv2d(10, 20, kernelSize: 5, random: random));
        _fc1 = Add("fc1", new Linear(320, 50, random: random));
        _fc2 = Add("fc2", new Linear(50, 10, random: random));
    }

    /// <summary>Computes logits.</summary>
    /// <param name="input">[B, 1, 28, 28].</param>
    /// <returns>[B, 10].</returns>
    public override Tensor Forward(Tensor input)
    {
        Tensor x = Ops.Relu(Ops.MaxPool2d(_conv1.Forward(input), 2));
        x = Ops.Relu(Ops.MaxPool2d(_conv2.Forward(x), 2));
        return _fc2.Forward(_fc1.Forward(Ops.Flatten(x), Activation.Relu));
    }
}
