using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers;

public sealed class NormLayerTests
{
    [Test]
    public void BatchNorm_Training_TakesBatchesIntoItsStatistics()
    {
        using BatchNorm layer = new(2, momentum: 0.25f);
        using Tape tape = new();

        // Channel 0 has mean 2 and unbiased variance 2, channel 1 mean 5 and variance 8.
        layer.Forward(Tensor.From([1f, 3, 3, 7], [2, 2]));

        IReadOnlyDictionary<string, HostArray> state = layer.GetState();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(state["running_mean"].Values, Is.EqualTo(new[] { 0.5f, 1.25f }).Within(1e-6));
            Assert.That(state["running_var"].Values, Is.EqualTo(new[] { 1.25f, 2.75f }).Within(1e-6));
            Assert.That(state["num_batches_tracked"].Values, Is.EqualTo(new[] { 1f }));
            Assert.That(state.Keys, Is.EqualTo(new[] { "weight", "bias", "running_mean", "running_var", "num_batches_tracked" }));
        }
    }

    [Test]
    public void BatchNorm_OneValuePerChannelWhileTraining_IsRefused()
    {
        using BatchNorm layer = new(2);

        Assert.That(() => layer.Forward(Tensor.Zeros([1, 2])), Throws.ArgumentException.With.Message.Contains("Call Eval()"));
    }

    [Test]
    public void LoadState_OfABatchNormWithoutItsCount_IsAccepted()
    {
        using BatchNorm layer = new(2);
        Dictionary<string, HostArray> state = new(layer.GetState());
        state.Remove("num_batches_tracked");

        Assert.That(layer.LoadState(state), Is.EqualTo(4));
    }

    [Test]
    public void Norms_WithoutAffine_HaveNoParameters()
    {
        using Sequential layers = [new LayerNorm(4, affine: false), new RmsNorm(4, affine: false), new GroupNorm(2, 4, affine: false), new BatchNorm(4, affine: false)];

        Assert.That(layers.Parameters, Is.Empty);
        Assert.That(layers.Forward(Tensor.Ones([3, 4])).ToArray(), Has.All.Zero.Within(1e-6));
    }

    [Test]
    public void Norms_WrongAxes_AreRefused()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => new LayerNorm([3, 4]).Forward(Tensor.Zeros([2, 4])),
                Throws.ArgumentException.With.Message.EqualTo("LayerNorm: the input must end with the axes [3, 4]; got [2, 4]."));
            Assert.That(() => new GroupNorm(2, 4).Forward(Tensor.Zeros([2, 6])),
                Throws.ArgumentException.With.Message.EqualTo("GroupNorm: the input must be [batch, 4, ...]; got [2, 6]."));
        }
    }
}
