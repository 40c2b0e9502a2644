using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class MixtureOfWeightsTests
{
    private const int Batch = 6;
    private const int Experts = 3;

    public static IEnumerable<TestCaseData> Layers =>
    [
        new TestCaseData((Func<TensorLayer>)(static () => new Linear(4, 5)), (int[])[7, 4]).SetArgDisplayNames("linear"),
        new TestCaseData((Func<TensorLayer>)(static () => new Conv1d(4, 6, 3, stride: 2, padding: 2, dilation: 2, groups: 2)), (int[])[4, 9])
            .SetArgDisplayNames("convolution of sequences in two groups"),
        new TestCaseData((Func<TensorLayer>)(static () => new Conv2d(4, 4, 3, padding: 1, groups: 4, bias: false)), (int[])[4, 5, 6]).SetArgDisplayNames("depthwise"),
    ];

    private static MixtureGate[] Gates =>
    [
        new SigmoidGate(4, Experts, FeatureAxis.Last, dropout: 0.3f, new RandomStream(3)),
        new SoftmaxGate(4, Experts, 5, FeatureAxis.Last, new RandomStream(3)),
        new SoftmaxGate(4, Experts, 0, FeatureAxis.Last, new RandomStream(3)),
        new SmearGate(4, Experts, new SmearOptions { ExpertDropout = 0.3f, Renormalise = false, RouterBias = false }, random: new RandomStream(3)),
        new SmearGate(4, Experts, new SmearOptions { Scaling = RouterScaling.LayerNorm }, random: new RandomStream(3)),
        new SmearGate(4, Experts, new SmearOptions { Scaling = RouterScaling.Length }, random: new RandomStream(3)),
    ];

    [TestCaseSource(nameof(Layers))]
    public void Forward_OfLayersThatAreLinearInTheirWeights_IsTheSumOfTheExpertsOutputs(Func<TensorLayer> make, int[] sample)
    {
        using MemoryScope scope = new();
        using MixtureOfWeights mixture = CondConv.For(make(), Experts, random: new RandomStream(1));
        TensorLayer[] alone = [.. Enumerable.Range(0, Experts).Select(expert => Alone(make(), mixture, expert))];
        RandomStream random = new(2);
        Tensor x = Ops.RandomNormal([Batch, .. sample], random);
        foreach (int rows in (int[])[1, 2, Batch])
        {
            Tensor routing = Ops.RandomUniform([rows, Experts], random);
            float[] shares = routing.ToArray();
            float[] actual = mixture.Forward(x, routing).ToArray();

            double[] expected = new double[actual.Length];
            for (int expert = 0; expert < Experts; expert++)
            {
                float[] given = alone[expert].Forward(x).ToArray();
                for (int i = 0; i < expected.Length; i++)
                {
                    int row = i / (expected.Length / rows);
                    expected[i] += (double)shares[(row * Experts) + expert] * given[i];
                }
            }
            Assert.That(actual, Is.EqualTo(expected).Within(1e-5), $"{rows} rows");
        }
    }

    [Test]
    public void Forward_OfABlock_MergesWeightsAndNotOutputs()
    {
        using MemoryScope scope = new();
        using MixtureOfWeights mixture = Smear.For(new Mlp([4, 6, 4]), 4, Experts, random: new RandomStream(1));
        Tensor x = Ops.RandomNormal([1, 5, 4], new RandomStream(2));
        float[] shares = mixture.Gate.Forward(x).ToArray();

        using TensorLayer merged = mixture.Network.Materialize(shares);

        Assert.That(mixture.Forward(x).ToArray(), Is.EqualTo(merged.Forward(x).ToArray()).Within(1e-6));
        Parameter first = merged.NamedParameters()[0].Parameter;
        float[] bank = mixture.Banks[0].Value.ToArray();
        double[] expected = [.. Enumerable.Range(0, (int)first.Shape.Count).Select(i =>
            Enumerable.Range(0, Experts).Sum(e => (double)shares[e] * bank[(e * (int)first.Shape.Count) + i]))];
        Assert.That(first.Value.ToArray(), Is.EqualTo(expected).Within(1e-6));
    }

    [Test]
    public void Gates_ReadFeaturesAveragedOverPlaces()
    {
        using MemoryScope scope = new();
        RandomStream random = new(2);
        Tensor images = Ops.RandomNormal([2, 4, 3, 5], random);
        float[] pixels = images.ToArray();
        float[] means = [.. Enumerable.Range(0, 8).Select(row => (float)pixels.Skip(row * 15).Take(15).Average(value => (double)value))];
        Tensor tokens = Ops.Permute(images, 0, 2, 3, 1);
        foreach (Func<FeatureAxis, MixtureGate> make in (Func<FeatureAxis, MixtureGate>[])
        [
            axis => new SigmoidGate(4, Experts, axis, random: new RandomStream(1)),
            axis => new SoftmaxGate(4, Experts, null, axis, new RandomStream(1)),
            axis => new SmearGate(4, Experts, null, axis, new RandomStream(1)),
        ])
        {
            using MixtureGate second = make(FeatureAxis.Second);
            using MixtureGate last = make(FeatureAxis.Last);
            float[] expected = last.Forward(Tensor.From(means, [2, 4])).ToArray();
            Assert.That(second.Forward(images).ToArray(), Is.EqualTo(expected).Within(1e-5), second.ToString());
            Assert.That(last.Forward(tokens).ToArray(), Is.EqualTo(expected).Within(1e-5), last.ToString());
        }
    }

    [Test]
    public void ExpertsFirstValues_AreThoseOfOneLayerEach()
    {
        using MixtureOfWeights mixture = CondConv.For(new Conv2d(4, 8, 3), experts: 16, random: new RandomStream(1));
        float[] values = mixture.Banks[0].OwnValue.ToArray();
        float bound = 1 / MathF.Sqrt(4 * 9);
        Assert.That(values.Max(Math.Abs), Is.InRange(0.99f * bound, bound));
    }

    [Test]
    public void Count_SharedBias_HasOneBiasForAllExperts()
    {
        using MixtureOfWeights own = CondConv.For(new Conv2d(4, 8, 3), Experts);
        using MixtureOfWeights shared = CondConv.For(new Conv2d(4, 8, 3), Experts, sharedBias: true);
        long gate = Experts * 5;
        Assert.That(own.Count, Is.EqualTo((Experts * ((8 * 36) + 8)) + gate));
        Assert.That(shared.Count, Is.EqualTo((Experts * 8 * 36) + 8 + gate));
    }

    [Test]
    public void ParameterNet_SharesSumToOne()
    {
        using MemoryScope scope = new();
        using MixtureOfWeights mixture = ParameterNet.For(new Conv2d(8, 4, 1), random: new RandomStream(1));
        float[] shares = mixture.Gate.Forward(Ops.RandomNormal([5, 8, 3, 3], new RandomStream(2), deviation: 9)).ToArray();
        Assert.That(shares.Chunk(4).Select(row => row.Sum()), Is.All.EqualTo(1).Within(1e-6));
        Assert.That(((SoftmaxGate)mixture.Gate).HiddenFeatures, Is.EqualTo(2));
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers([Range(0, 5)] int gate)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using MixtureOfWeights mixture = new(new Mlp([4, 6, 4], Activation.Gelu), Gates[gate], "*weight", random: new RandomStream(1));
        mixture.Eval();
        mixture.Save(folder.File("mixture.safetensors"));

        using MixtureOfWeights again = Layer.Load<MixtureOfWeights>(folder.File("mixture.safetensors"));

        Tensor x = Ops.RandomNormal([Batch, 5, 4], new RandomStream(2));
        Assert.That(again.Forward(x).ToArray(), Is.EqualTo(mixture.Forward(x).ToArray()));
        again.Train();
        mixture.Train();
        Assert.That(again.ToString(), Is.EqualTo(mixture.ToString()));
    }

    [Test]
    public void WhatDoesNotFit_IsRefused()
    {
        using MemoryScope scope = new();
        using MixtureOfWeights mixture = CondConv.For(new Conv2d(4, 8, 3), Experts);
        Assert.Multiple(() =>
        {
            Assert.That(
                () => mixture.Forward(Tensor.Zeros([2, 3, 5, 5])),
                Throws.ArgumentException.With.Message.StartsWith("SigmoidGate: the input must be [batch, 4, ...]; it is [2, 3, 5, 5]."));
            Assert.That(
                () => CondConv.For(new Mlp([2, 2])),
                Throws.ArgumentException.With.Message.StartsWith(
                    "CondConv: the layer must be a Linear, Conv1d or Conv2d; it is Mlp. Give any other to MixtureOfWeights with a gate."));
            Assert.That(
                () => new SigmoidGate(4, 0), Throws.ArgumentException.With.Message.EqualTo("SigmoidGate: inFeatures and experts must be at least 1; got 4 and 0."));
        });
    }

    private static TensorLayer Alone(TensorLayer layer, MixtureOfWeights mixture, int expert)
    {
        IReadOnlyList<NamedParameter> parameters = layer.NamedParameters();
        for (int i = 0; i < parameters.Count; i++)
        {
            int count = (int)parameters[i].Parameter.Shape.Count;
            parameters[i].Parameter.Load(mixture.Banks[i].OwnValue.ToArray().AsSpan(expert * count, count));
        }
        return layer;
    }
}
