using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers;

public sealed class NormLayerTests
{
    private const double Epsilon = 1e-5;

    [Test]
    public void LayerNorm_MatchesPlainLoops()
    {
        using LayerNorm layer = new([3, 4]);

        LayerCheck.Run(layer, [2, 5, 3, 4], (p, x) => Affine(PlainLayers.Normalize(x[0], 12, Epsilon, centred: true), p[0], p[1]));
    }

    [Test]
    public void RmsNorm_MatchesPlainLoops()
    {
        using RmsNorm layer = new(7);

        LayerCheck.Run(layer, [3, 7], (p, x) => Affine(PlainLayers.Normalize(x[0], 7, Epsilon, centred: false), p[0], null));
    }

    [Test]
    public void GroupNorm_MatchesPlainLoops()
    {
        using GroupNorm layer = new(2, 4);

        LayerCheck.Run(layer, [3, 4, 5], (p, x) => PlainLayers.ScaleChannels(PlainLayers.Normalize(x[0], 10, Epsilon, centred: true), p[0], p[1], 5));
    }

    [Test]
    public void BatchNorm_Training_MatchesPlainLoops()
    {
        using BatchNorm layer = new(3);

        LayerCheck.Run(layer, [4, 3, 5], (p, x) => PlainLayers.ScaleChannels(OverBatch(x[0], 4, 3, 5), p[0], p[1], 5));
    }

    [Test]
    public void BatchNorm_NotTraining_UsesRunningStatistics()
    {
        using BatchNorm layer = new(2);
        layer.RunningMean.CopyFrom([1, -2]);
        layer.RunningVariance.CopyFrom([4, 0.25f]);
        layer.Eval();

        LayerCheck.Run(layer, [3, 2], (p, x) =>
        {
            double[] mean = [1, -2];
            double[] variance = [4, 0.25];
            return [.. x[0].Select((value, i) => ((value - mean[i % 2]) / Math.Sqrt(variance[i % 2] + Epsilon) * p[0][i % 2]) + p[1][i % 2])];
        });
    }

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
            Assert.That(() => new LayerNorm([3, 4]).Forward(Tensor.Zeros([2, 4])), Throws.ArgumentException.With.Message.EqualTo("LayerNorm: the input must end with the axes [3, 4]; got [2, 4]."));
            Assert.That(() => new GroupNorm(2, 4).Forward(Tensor.Zeros([2, 6])), Throws.ArgumentException.With.Message.EqualTo("GroupNorm: the input must be [batch, 4, ...]; got [2, 6]."));
        }
    }

    private static double[] Affine(double[] x, double[] gain, double[]? bias) =>
        [.. x.Select((value, i) => (value * gain[i % gain.Length]) + (bias?[i % gain.Length] ?? 0))];

    private static double[] OverBatch(double[] x, int batch, int channels, int positions)
    {
        double[] y = new double[x.Length];
        for (int channel = 0; channel < channels; channel++)
        {
            int[] places = [.. Enumerable.Range(0, batch).SelectMany(b => Enumerable.Range(((b * channels) + channel) * positions, positions))];
            double[] normal = PlainLayers.Normalize([.. places.Select(place => x[place])], batch * positions, Epsilon, centred: true);
            for (int i = 0; i < places.Length; i++)
            {
                y[places[i]] = normal[i];
            }
        }
        return y;
    }
}
