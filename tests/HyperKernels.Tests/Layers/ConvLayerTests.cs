using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers;

public sealed class ConvLayerTests
{
    [Test]
    public void Conv2d_FirstValues_AreWithinPyTorchsBounds()
    {
        using Conv2d layer = new(8, 64, kernelSize: 5, groups: 2, random: new RandomStream(1));

        // Fan in is (8 / 2) 5 5 = 100 for kernels and bias alike.
        using (Assert.EnterMultipleScope())
        {
            Assert.That(layer.Weight.Value.ToArray().Max(MathF.Abs), Is.EqualTo(0.1).Within(0.5).Percent);
            Assert.That(layer.Bias!.Value.ToArray().Max(MathF.Abs), Is.InRange(0.08, 0.1001));
            Assert.That(layer.Count, Is.EqualTo((64 * 4 * 25) + 64));
        }
    }

    [Test]
    public void Conv2d_BadSettings_AreRefusedBeforeAnythingIsMade()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => new Conv2d(3, 4, 3, groups: 2), Throws.ArgumentException.With.Message.Contains("2 does not divide 3 and 4"));
            Assert.That(() => new Conv2d(0, 4, 3), Throws.ArgumentException.With.Message.Contains("inChannels must be at least 1; got 0"));
            Assert.That(() => new Conv2d(1, 4, 3, stride: 0), Throws.ArgumentException.With.Message.Contains("stride must be at least 1; got 0"));
            Assert.That(() => new Conv2d(1, 4, 3, padding: -1), Throws.ArgumentException.With.Message.Contains("padding must not be negative"));
            Assert.That(() => new Conv1d(1, 4, 3, dilation: 0), Throws.ArgumentException.With.Message.Contains("dilation must be at least 1; got 0"));
        }
    }

    [Test]
    public void Residual_InnerChangesTheShape_IsRefused()
    {
        using Residual layer = new(new Conv1d(2, 2, 3));

        Assert.That(() => layer.Forward(Tensor.Zeros([1, 2, 5])), Throws.ArgumentException.With.Message.Contains("keep the shape [1, 2, 5]; it gave [1, 2, 3]"));
    }
}
