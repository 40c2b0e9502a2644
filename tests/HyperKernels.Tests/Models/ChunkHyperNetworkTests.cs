using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class ChunkHyperNetworkTests
{
    private const int Samples = 3;
    private const int Inputs = 4;

    [TestCase(3, null)]
    [TestCase(9, null)]
    [TestCase(3, 40)]
    public void Forward_OfAStatePerSample_IsThatOfEachSampleAlone(int embeddings, int? chunkSize)
    {
        using MemoryScope scope = new();
        using DynamicHyperNetwork network = Make(embeddings, chunkSize);
        Tensor x = Ops.RandomNormal([Samples, Inputs], new RandomStream(2));
        (Tensor _, Tensor before) = network.Forward(x);

        (Tensor together, Tensor state) = network.Forward(x, before);

        for (int sample = 0; sample < Samples; sample++)
        {
            (Tensor alone, Tensor own) = network.Forward(Ops.Slice(x, 0, sample, 1), Ops.Slice(before, 0, sample, 1));
            Assert.That(Ops.Slice(together, 0, sample, 1).ToArray(), Is.EqualTo(alone.ToArray()).Within(1e-5f));
            Assert.That(Ops.Slice(state, 0, sample, 1).ToArray(), Is.EqualTo(own.ToArray()).Within(1e-6f));
        }
    }

    [Test]
    public void Generate_KeepsATensorOverFewChunksFactored_WithTheSameWeights()
    {
        using MemoryScope scope = new();
        using DynamicHyperNetwork network = Make(embeddings: 9, chunkSize: null);
        Tensor states = Ops.RandomUniform([Samples, 9], new RandomStream(3), -1, 1);
        HyperNetwork inner = network.Network;
        Weight[] weights = new Weight[inner.Manifest.Entries.Count];

        inner.Emission.Generate(states, inner.Generator, weights);

        // 43 weights in chunks of 5: the first matrix of 20 reaches over 4, the second of 15 over 3.
        Assert.That(weights.Select(static weight => weight.Kind), Is.All.EqualTo(WeightKind.Generated));
        float[] flat = network.Generate(states).ToArray();
        float[] parts = Ops.Concatenate(1, [.. weights.Select(static weight => Ops.Reshape(weight.Materialize(), Samples, -1))]).ToArray();
        Assert.That(parts, Is.EqualTo(flat).Within(1e-5f));
    }

    [Test]
    public void Gradients_ReachEveryParameter_AlsoThroughFactors()
    {
        using DynamicHyperNetwork network = Make(embeddings: 3, chunkSize: null);
        using Tape tape = new();
        Tensor x = Ops.RandomNormal([Samples, Inputs], new RandomStream(2));
        (Tensor y, Tensor _) = network.Forward(x, Ops.RandomUniform([Samples, 3], new RandomStream(4)));
        tape.Backward(Ops.Sum(Ops.Square(y)));
        Assert.That(
            network.Parameters.Select(parameter => tape.TryGetGradient(parameter.OwnValue, out Tensor gradient) && gradient.ToArray().Any(static value => value != 0)),
            Is.All.True);
        Assert.That(network.Count, Is.EqualTo((3 * 4) + (3 * 3) + 3 + 3 + (3 * 2) + (15 * 2) + 15), "the target's own parameters are not learned");
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using DynamicHyperNetwork dynamic = Make(3, 20);
        using HyperNetwork linear = LinearHyperNetwork.Create(new Mlp([Inputs, 5, 3]), 4, 2, random: new RandomStream(1));
        dynamic.Save(folder.File("dynamic.safetensors"));
        linear.Save(folder.File("linear.safetensors"));

        using DynamicHyperNetwork dynamicAgain = Layer.Load<DynamicHyperNetwork>(folder.File("dynamic.safetensors"));
        using HyperNetwork linearAgain = HyperNetwork.Load(folder.File("linear.safetensors"));

        Tensor x = Ops.RandomNormal([Samples, Inputs], new RandomStream(2));
        Assert.That(dynamicAgain.Forward(x).Output.ToArray(), Is.EqualTo(dynamic.Forward(x).Output.ToArray()));
        Assert.That(linearAgain.Forward(x).ToArray(), Is.EqualTo(linear.Forward(x).ToArray()));
        Assert.That(linear.Materialize().Forward(x).ToArray(), Is.EqualTo(linear.Forward(x).ToArray()).Within(1e-6f));
    }

    [Test]
    public void WhatDoesNotFit_IsRefusedWithWhatWould()
    {
        using MemoryScope scope = new();
        using DynamicHyperNetwork network = Make(3, null);
        using HyperNetwork linear = LinearHyperNetwork.Create(new Mlp([2, 2]));
        Tensor x = Tensor.Zeros([2, Inputs]);
        Assert.Multiple(() =>
        {
            Assert.That(() => network.Forward(Tensor.Zeros([2, 5])),
                Throws.ArgumentException.With.Message.StartsWith("DynamicHyperNetwork: the cell's input must be [samples, 4]; got [2, 5]"));
            Assert.That(() => network.Forward(x, Tensor.Zeros([1, 3])),
                Throws.ArgumentException.With.Message.StartsWith("DynamicHyperNetwork: the state must be [2, 3]; got [1, 3]"));
            Assert.That(() => linear.Forward(Tensor.Zeros([1, 2]), x),
                Throws.ArgumentException.With.Message.StartsWith("NoConditioning: the weights depend on no condition; got 1"));
            Assert.That(() => LinearHyperNetwork.Create(new Mlp([2, 2]), 2, 4, chunkSize: 2),
                Throws.ArgumentException.With.Message.Contains("chunks for 6 weights are needed; got 2 embeddings of 4 numbers and chunks of 2, which make 4"));
        });
    }

    private static DynamicHyperNetwork Make(int embeddings, int? chunkSize) =>
        new(new Mlp([Inputs, 5, 3], Activation.Tanh), Inputs, embeddings, embedding: 2, chunkSize, random: new RandomStream(1));
}
