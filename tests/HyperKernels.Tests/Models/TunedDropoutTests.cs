using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class TunedDropoutTests
{
    private const int Features = 4000;

    [Test]
    public void Forward_RatesOfPairsOfSamples_DropsThatShareAndScalesTheRest()
    {
        using MemoryScope scope = new();
        using TunedDropout layer = new("drop", random: new RandomStream(3));
        float[] y;
        using (TunedDropout.Use(new Dictionary<string, Tensor> { ["drop"] = Tensor.From([0f, 0.25f, 0.8f]), ["other"] = Tensor.From([1f]) }))
        {
            y = layer.Forward(Ops.AddScalar(Tensor.Zeros([6, Features]), 3)).ToArray();
        }
        double[] rates = [0, 0, 0.25, 0.25, 0.8, 0.8];
        foreach ((float[] sample, double rate) in y.Chunk(Features).Zip(rates))
        {
            Assert.That(sample.Count(v => v == 0) / (double)Features, Is.EqualTo(rate).Within(0.03));
            Assert.That(sample.Where(v => v != 0), Has.All.EqualTo(3 / (1 - rate)).Within(1e-4));
        }
        Assert.That(y[(2 * Features)..(3 * Features)], Is.Not.EqualTo(y[(3 * Features)..(4 * Features)]), "samples of one rate drop on their own");
    }

    [Test]
    public void Forward_WholeChannels_DropsAllPixelsOrNone()
    {
        using MemoryScope scope = new();
        using TunedDropout layer = new("drop", wholeChannels: true, new RandomStream(3));
        using IDisposable rates = TunedDropout.Use(new Dictionary<string, Tensor> { ["drop"] = Tensor.From([0.5f]) });

        float[] y = layer.Forward(Ops.AddScalar(Tensor.Zeros([2, 50, 3, 3]), 1)).ToArray();

        float[] first = [.. y.Chunk(9).Select(channel => channel[0])];
        Assert.That(y.Chunk(9).All(channel => channel.Distinct().Count() == 1), Is.True);
        Assert.That(first.Distinct(), Is.EquivalentTo(new[] { 0f, 2f }));
    }

    [Test]
    public void Forward_WithoutTrainingOrRate_PassesOrIsRefused()
    {
        using MemoryScope scope = new();
        using TunedDropout layer = new("drop");
        Tensor x = Tensor.Zeros([4, 2]);
        Assert.That(() => layer.Forward(x), Throws.InvalidOperationException.With.Message.StartsWith(
            "TunedDropout: there must be a rate \"drop\" while the layer trains. Run it in a SelfTuningNetwork with a hyperparameter of that name, or inside TunedDropout.Use."));
        using (TunedDropout.Use(new Dictionary<string, Tensor> { ["drop"] = Tensor.Zeros([3]) }))
        {
            Assert.That(() => layer.Forward(x), Throws.ArgumentException.With.Message.StartsWith(
                "TunedDropout: rates \"drop\" must be [C] with C dividing the samples of the input; they are [3], the input is [4, 2]."));
        }
        layer.Eval();
        Assert.That(layer.Forward(x), Is.EqualTo(x));
    }
}
