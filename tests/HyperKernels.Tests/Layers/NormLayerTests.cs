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
    public void BatchNorm_Scaled_EqualsTheNormOfWhatIsScaledAndShifted_WithAnExactGradient()
    {
        using BatchNorm scaled = new(3, momentum: 0.25f);
        using BatchNorm plain = new(3, momentum: 0.25f);
        float[] gain = [0.5f, -2, 1.5f];
        foreach (BatchNorm layer in (BatchNorm[])[scaled, plain])
        {
            layer.Weight!.Load(gain);
            layer.Bias!.Load([1f, 2, 3]);
        }
        using Tape tape = new();
        Tensor x = Ops.RandomNormal([4, 3, 5], new RandomStream(1));
        Tensor cotangent = Ops.RandomNormal([4, 3, 5], new RandomStream(2));
        float[] scales = [0.7f, -1.3f, 0.02f];
        Tensor scale = tape.Watch(Tensor.From(scales));
        Tensor shift = Tensor.From([0.3f, 0, -2]);

        Tensor y = scaled.ForwardScaled(x, scale, shift);

        Tensor whole = Ops.Add(Ops.Multiply(x, Ops.Reshape(scale, 3, 1)), Ops.Reshape(shift, 3, 1));
        Assert.That(y.ToArray(), Is.EqualTo(plain.Forward(whole).ToArray()).Within(2e-5f));
        Assert.That(scaled.RunningMean.ToArray(), Is.EqualTo(plain.RunningMean.ToArray()).Within(1e-6f));
        Assert.That(scaled.RunningVariance.ToArray(), Is.EqualTo(plain.RunningVariance.ToArray()).Within(1e-6f));
        float[] gradient = tape.Gradient(Ops.Sum(Ops.Multiply(y, cotangent)), scale).ToArray();
        (float[] values, float[] weights) = (x.ToArray(), cotangent.ToArray());
        for (int channel = 0; channel < 3; channel++)
        {
            int[] own = [.. Enumerable.Range(0, 60).Where(i => i / 5 % 3 == channel)];
            double mean = own.Average(i => (double)values[i]);
            double variance = own.Average(i => Math.Pow(values[i] - mean, 2));
            double slope = 1e-5 / Math.Pow((scales[channel] * scales[channel] * variance) + 1e-5, 1.5);
            double expected = own.Sum(i => weights[i] * gain[channel] * (values[i] - mean) * slope);
            Assert.That(gradient[channel], Is.EqualTo(expected).Within(0.01).Percent, $"channel {channel}: a plain pass is off by more than that");
        }
        scaled.Eval();
        Assert.That(
            () => scaled.ForwardScaled(x, scale, shift), Throws.ArgumentException.With.Message.StartsWith("BatchNorm: a scaled pass needs a layer that trains,"));
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
