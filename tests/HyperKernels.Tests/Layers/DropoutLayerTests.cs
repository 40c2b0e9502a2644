using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers;

public sealed class DropoutLayerTests
{
    [Test]
    public void Forward_NotTraining_PassesItsInput()
    {
        using Dropout layer = new();
        layer.Eval();
        Tensor input = Tensor.Ones([4]);

        Assert.That(layer.Forward(input), Is.EqualTo(input));
    }

    [TestCase(-0.1f)]
    [TestCase(1.5f)]
    [TestCase(float.NaN)]
    public void Constructor_BadProbability_IsRefused(float probability) =>
        Assert.That(() => new Dropout(probability), Throws.ArgumentException.With.Message.Contains("in [0, 1]"));
}
