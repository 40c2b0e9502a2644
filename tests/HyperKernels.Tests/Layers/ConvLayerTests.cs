using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers;

public sealed class ConvLayerTests
{
    [TestCase(1, 0, 1, 1, true)]
    [TestCase(2, 1, 1, 2, true)]
    [TestCase(1, 2, 2, 4, false)]
    public void Conv2d_MatchesPlainLoops(int stride, int padding, int dilation, int groups, bool bias)
    {
        using Conv2d layer = new(4, 8, kernelSize: 3, stride, padding, dilation, groups, bias);

        LayerCheck.Run(layer, [2, 4, 7, 6], (p, x) => PlainLayers.Conv2d(
            x[0], p[0], bias ? p[1] : null, (2, 4, 7, 6), (8, 3, 3), (stride, stride), (padding, padding), (dilation, dilation), groups));
    }

    [Test]
    public void Conv2d_OblongKernelAndSteps_MatchesPlainLoops()
    {
        Conv2dOptions options = new() { StrideH = 2, StrideW = 1, PaddingH = 0, PaddingW = 2, DilationH = 1, DilationW = 2, Groups = 1 };
        using Conv2d layer = new(2, 3, (3, 2), options);

        LayerCheck.Run(layer, [2, 2, 7, 5], (p, x) => PlainLayers.Conv2d(
            x[0], p[0], p[1], (2, 2, 7, 5), (3, 3, 2), (2, 1), (0, 2), (1, 2), 1));
    }

    [TestCase(1, 0, 1, 1, true)]
    [TestCase(2, 2, 2, 2, false)]
    public void Conv1d_MatchesPlainLoops(int stride, int padding, int dilation, int groups, bool bias)
    {
        using Conv1d layer = new(4, 6, kernelSize: 3, stride, padding, dilation, groups, bias);

        LayerCheck.Run(layer, [3, 4, 11], (p, x) => PlainLayers.Conv2d(
            x[0], p[0], bias ? p[1] : null, (3, 4, 1, 11), (6, 1, 3), (1, stride), (0, padding), (1, dilation), groups));
    }

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
    public void Flatten_KeepsTheBatch()
    {
        using Flatten layer = new();

        LayerCheck.Run(layer, [2, 3, 2, 2], (_, x) => x[0]);
        Assert.That(layer.Forward(Tensor.Zeros([2, 3, 2, 2])).Shape, Is.EqualTo(new Shape(2, 12)));
    }

    [Test]
    public void Residual_AddsItsInput()
    {
        using Residual layer = new(new Conv1d(2, 2, 3, padding: 1));

        LayerCheck.Run(layer, [2, 2, 5], (p, x) =>
        {
            double[] inner = PlainLayers.Conv2d(x[0], p[0], p[1], (2, 2, 1, 5), (2, 1, 3), (1, 1), (0, 1), (1, 1), 1);
            return [.. inner.Zip(x[0], static (change, value) => change + value)];
        });
        Assert.That(layer.NamedParameters()[0].Name, Is.EqualTo("inner.weight"));
    }

    [Test]
    public void Residual_InnerChangesTheShape_IsRefused()
    {
        using Residual layer = new(new Conv1d(2, 2, 3));

        Assert.That(() => layer.Forward(Tensor.Zeros([1, 2, 5])), Throws.ArgumentException.With.Message.Contains("keep the shape [1, 2, 5]; it gave [1, 2, 3]"));
    }
}
