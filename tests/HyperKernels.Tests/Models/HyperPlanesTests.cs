using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class HyperPlanesTests
{
    private const int Embedding = 4;
    private const int Rows = 6;

    [Test]
    public void Forward_RowsOfEverySample_EqualsUniversalWeightsChangedRowByRow([Values] bool multiplies, [Values(1, 3)] int sets)
    {
        using MemoryScope scope = new();
        using HyperPlanes network = Make(multiplies);
        network.Emission.Strength = 0.5f;
        Tensor rows = Ops.RandomNormal([sets, Rows, Embedding], new RandomStream(2));
        Tensor x = Ops.RandomNormal([3, 2, 5, 5], new RandomStream(3));
        float[] actual = network.Forward(x, sets == 1 ? Ops.Reshape(rows, Rows, Embedding) : rows).ToArray();

        // Every row of the hypernetwork's output by itself, cut by hand: 18 columns of kernels, a bias, 54 columns, a bias.
        float[] given = ((TensorLayer)network.Network.Generator).Forward(Ops.Reshape(rows, -1, Embedding)).ToArray();
        const int Width = 18 + 1 + 54 + 1;
        float[] expected = [.. Enumerable.Range(0, 3).SelectMany(sample =>
        {
            using TensorLayer plain = Target();
            int at = 0;
            foreach ((NamedParameter named, Parameter universal) in plain.NamedParameters().Zip(network.Emission.Base))
            {
                float[] own = universal.OwnValue.ToArray();
                int columns = own.Length / named.Parameter.Shape[0];
                named.Parameter.Load([.. own.Select((value, i) =>
                {
                    float delta = 0.5f * given[((((sets == 1 ? 0 : sample) * Rows) + (i / columns)) * Width) + at + (i % columns)];
                    return multiplies ? value * (1 + delta) : value + delta;
                })]);
                at += columns;
            }
            return plain.Forward(Ops.Slice(x, 0, sample, 1)).ToArray();
        })];
        Assert.That(actual, Is.EqualTo(expected).Within(1e-5 * expected.Max(Math.Abs)));
    }

    [Test]
    public void Forward_WithoutStrength_IsTheUniversalNetwork()
    {
        using MemoryScope scope = new();
        using HyperPlanes network = Make(false);
        network.Emission.Strength = 0;
        using TensorLayer target = Target();
        Tensor x = Ops.RandomNormal([3, 2, 5, 5], new RandomStream(3));
        Assert.That(network.Forward(x, Ops.RandomNormal([Rows, Embedding], new RandomStream(2))).ToArray(), Is.EqualTo(target.Forward(x).ToArray()).Within(1e-6));
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers([Values] bool multiplies)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using HyperPlanes network = Make(multiplies);
        network.Emission.Strength = 0.3f;
        network.Save(folder.File("planes.safetensors"));
        using HyperPlanes again = Layer.Load<HyperPlanes>(folder.File("planes.safetensors"));
        (Tensor x, Tensor rows) = (Ops.RandomNormal([3, 2, 5, 5], new RandomStream(3)), Ops.RandomNormal([3, Rows, Embedding], new RandomStream(2)));
        Assert.That(again.Forward(x, rows).ToArray(), Is.EqualTo(network.Forward(x, rows).ToArray()));
    }

    [Test]
    public void WhatDoesNotFit_IsRefused()
    {
        using MemoryScope scope = new();
        using HyperPlanes network = Make(false);
        Assert.Multiple(() =>
        {
            Assert.That(
                () => network.Updates(Tensor.Zeros([Rows - 1, Embedding])),
                Throws.ArgumentException.With.Message.StartsWith(
                    "RowUpdateEmission: a condition must have 6 rows of 4 numbers or more, one for each output of the widest layer; it has 20 numbers."));
            Assert.That(
                () => new HyperPlanes(Target(), 0, [3]), Throws.ArgumentException.With.Message.StartsWith("RowUpdateEmission: an embedding must have at least one number; got 0."));
        });
    }

    private static Sequential Target() => [new Conv2d(2, Rows, 3, random: new RandomStream(1)), new Relu(), new Conv2d(Rows, 2, 3, random: new RandomStream(4))];

    private static HyperPlanes Make(bool multiplies) => new(Target(), Embedding, [7], multiplies, random: new RandomStream(5));
}
