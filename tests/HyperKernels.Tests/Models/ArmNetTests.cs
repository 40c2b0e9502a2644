using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class ArmNetTests
{
    [TestCase(1.2f)]
    [TestCase(1.5f)]
    [TestCase(1.7f)]
    [TestCase(2f)]
    [TestCase(3f)]
    public void Entmax_AgainstBisectionInDouble_WithItsGradientAgainstDifferences(float alpha)
    {
        using Tape tape = new();
        float[] scores = [0.3f, -1.1f, 0.9f, 0.75f, 4f, -3f, 3.6f, 0.1f];
        float[] cotangent = [1, -2, 0.5f, 3, 0.7f, 1, -1.5f, 2];
        Tensor s = tape.Watch(Tensor.From(scores, [2, 4]));
        Tensor p = Entmax.Of(s, alpha);
        float[] gradient = tape.Gradient(Ops.Sum(Ops.Multiply(p, Tensor.From(cotangent, [2, 4]))), s).ToArray();

        double[] expected = [.. Plain(scores, alpha)];
        Assert.That(p.ToArray().Select(value => (double)value), Is.EqualTo(expected).Within(2e-6));
        Assert.That(Ops.Sum(p, [1]).ToArray(), Is.All.EqualTo(1).Within(1e-5f));
        for (int i = 0; i < scores.Length; i++)
        {
            const float Step = 1f / 1024;
            double Loss(float by) => Plain([.. scores.Select((value, j) => j == i ? value + by : value)], alpha).Zip(cotangent, (a, b) => a * b).Sum();
            Assert.That(gradient[i], Is.EqualTo((Loss(Step) - Loss(-Step)) / (2 * Step)).Within(5e-3), $"score {i}");
        }
    }

    [Test]
    public void Entmax_Sparse_GivesZerosWithoutGradient()
    {
        using Tape tape = new();
        Tensor s = tape.Watch(Tensor.From([2f, 1.9f, 0, -1], [4]));
        Tensor p = Entmax.Of(s, 2);
        float[] gradient = tape.Gradient(Ops.Sum(Ops.Multiply(p, Tensor.From([1f, 2, 3, 4], [4]))), s).ToArray();
        Assert.That(p.ToArray(), Is.EqualTo(new[] { 0.55f, 0.45f, 0, 0 }).Within(1e-5f));
        Assert.That(gradient, Is.EqualTo(new[] { -0.5f, 0.5f, 0, 0 }).Within(1e-5f));
        Assert.That(() => Entmax.Of(s, 0.5f), Throws.ArgumentException.With.Message.StartsWith("Entmax: alpha must be at least 1"));
    }

    [Test]
    public void Module_MultipliesFieldsByTheirWeightsInTheExponent()
    {
        using MemoryScope scope = new();
        using AdaptiveRelationModule module = new(fields: 3, features: 2, heads: 2, neurons: 2, alpha: 1.5f, random: new RandomStream(1));
        Tensor x = Ops.RandomNormal([2, 3, 2], new RandomStream(2));
        float[] weights = module.Weights(module.Gates(x)).ToArray();
        float[] values = x.ToArray();
        float[] crossed = module.Forward(x).ToArray();
        for (int b = 0; b < 2; b++)
        {
            for (int neuron = 0; neuron < 4; neuron++)
            {
                for (int e = 0; e < 2; e++)
                {
                    double sum = Enumerable.Range(0, 3).Sum(f => (double)weights[(((b * 4) + neuron) * 3) + f] * values[(((b * 3) + f) * 2) + e]);
                    Assert.That(crossed[(((b * 4) + neuron) * 2) + e], Is.EqualTo(Math.Exp(sum)).Within(1e-5));
                }
            }
        }
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Network_IsStored_AndStartsItsEnsembleAsAMean(bool ensemble)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        ArmNetOptions options = new() { Heads = 2, Neurons = 3, HiddenFeatures = 5, HiddenLayers = 1, Ensemble = ensemble, DeepFeatures = 4 };
        using ArmNet network = new(features: 9, fields: 3, embedding: 4, options, new RandomStream(1));
        network.Eval();
        network.Save(folder.File("net.safetensors"));
        using ArmNet again = Layer.Load<ArmNet>(folder.File("net.safetensors"));
        again.Eval();
        Tensor ids = Tensor.From([0, 4, 8, 1, 3, 7], [2, 3]);
        Tensor values = Tensor.From([1f, 1, 0.5f, 1, 2, 0], [2, 3]);
        Assert.That(again.Forward(ids, values).ToArray(), Is.EqualTo(network.Forward(ids, values).ToArray()));
        Assert.That(network.Forward(ids, values).ToArray(), Is.EqualTo(network.Forward(ids, Tensor.From([1f, 1, 0.5f, 1, 1, 0.001f], [2, 3])).ToArray()), "values are held");
        Assert.That(network.Find("join.weight").Select(named => named.Parameter.OwnValue.ToArray()), ensemble ? Is.EqualTo(new[] { new[] { 0.5f, 0.5f } }) : Is.Empty);
        Assert.That(() => network.Forward(ids, Tensor.Zeros([2, 2])), Throws.ArgumentException.With.Message.StartsWith("ArmNet: ids and values must both be [B, 3]"));
    }

    private static IEnumerable<double> Plain(float[] scores, double alpha) => scores.Chunk(4).SelectMany(row =>
    {
        double[] z = [.. row.Select(value => (alpha - 1) * value)];
        (double low, double high) = (z.Max() - 1, z.Max());
        for (int i = 0; i < 200; i++)
        {
            double middle = (low + high) / 2;
            (low, high) = z.Sum(value => Math.Pow(Math.Max(value - middle, 0), 1 / (alpha - 1))) > 1 ? (middle, high) : (low, middle);
        }
        return z.Select(value => Math.Pow(Math.Max(value - low, 0), 1 / (alpha - 1)));
    });
}
