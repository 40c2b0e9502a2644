using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class HyperStyleTests
{
    [Test]
    public void SharedOffsets_AreTwoProducts_ReadWithoutMovingAxes()
    {
        using MemoryScope scope = new();
        const int Code = 3, Inputs = 2, Outputs = 4, Size = 2;
        using SharedOffsets offsets = new(Code, Inputs, Outputs, Size, new RandomStream(1));
        float[] z = [0.5f, -1, 2];
        float[] actual = offsets.Forward(Tensor.From(z, [1, Code])).ToArray();
        (float[] w2, float[] b2) = (offsets.First.Weight.OwnValue.ToArray(), offsets.First.Bias!.OwnValue.ToArray());
        (float[] w1, float[] b1) = (offsets.Second.Weight.OwnValue.ToArray(), offsets.Second.Bias!.OwnValue.ToArray());
        int each = Outputs * Size * Size;
        for (int at = 0; at < actual.Length; at++)
        {
            (int input, int rest) = (at / each, at % each);
            double[] a = [.. Enumerable.Range(0, Code).Select(n =>
                b2[(input * Code) + n] + Enumerable.Range(0, Code).Sum(m => (double)w2[(((input * Code) + n) * Code) + m] * z[m]))];
            Assert.That(actual[at], Is.EqualTo(b1[rest] + Enumerable.Range(0, Code).Sum(n => w1[(rest * Code) + n] * a[n])).Within(1e-6), $"element {at}");
        }
    }

    [Test]
    public void Blocks_OfTheAuthors_GiveOffsetsForEverySizeOfFeatures([Values(4, 8, 16)] int size)
    {
        using MemoryScope scope = new();
        Tensor features = Ops.RandomNormal([2, 6, size, size], new RandomStream(2));
        using RefinementBlock own = RefinementBlock.For(new ChannelOffsets(5, 3, 4), 6, 4, size, new RandomStream(1));
        using RefinementBlock shared = RefinementBlock.For(new SharedOffsets(5, 3, 4, 3), 6, 4, size, new RandomStream(1));
        Assert.That(own.Forward(features).Shape, Is.EqualTo(new Shape(2, 4, 3, 1, 1)));
        Assert.That(shared.Forward(features).Shape, Is.EqualTo(new Shape(2, 4, 3, 3, 3)));
        Assert.That(
            () => RefinementBlock.For(new ChannelOffsets(5, 3, 4), size: 12),
            Throws.ArgumentException.With.Message.StartsWith("RefinementBlock: the features must be a power of two high and wide, 4 or more; got 12."));
    }

    [Test]
    public void Refine_AddsOffsetsUp_AndReadsEachReconstruction()
    {
        using MemoryScope scope = new();
        using HyperStyle network = Network();
        using ModulatedConv conv = new(2, 3, 3, 4, random: new RandomStream(3));
        RandomStream random = new(2);
        (Tensor image, Tensor x, Tensor style) = (Ops.RandomNormal([2, 3, 8, 8], random), Ops.RandomNormal([2, 2, 8, 8], random), Ops.RandomNormal([2, 4], random));
        Tensor Generate(IReadOnlyList<Tensor>? offsets) => conv.Forward(x, style, offsets?[0]);

        (Tensor reconstruction, IReadOnlyList<Tensor> offsets) = network.Refine(image, Generate(null), Generate, passes: 3);

        Tensor y = Generate(null);
        Tensor[] sums = [Tensor.Zeros([1]), Tensor.Zeros([1])];
        for (int pass = 0; pass < 3; pass++)
        {
            Tensor features = network.Trunk.Forward(Ops.Concatenate(1, image, y));
            sums = [.. network.Blocks.Select((block, i) => Ops.Add(block.Forward(features), sums[i]))];
            y = Generate(sums);
        }
        Assert.That(reconstruction.ToArray(), Is.EqualTo(y.ToArray()).Within(1e-4));
        Assert.That(offsets[1].ToArray(), Is.EqualTo(sums[1].ToArray()).Within(1e-4));
    }

    [Test]
    public void Load_AfterSave_KeepsWhatBlocksShare()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using HyperStyle network = Network();
        network.Save(folder.File("hyperstyle.safetensors"));
        using HyperStyle again = Layer.Load<HyperStyle>(folder.File("hyperstyle.safetensors"));
        Tensor image = Ops.RandomNormal([2, 3, 8, 8], new RandomStream(2));
        Assert.That(again.Forward(image, image)[1].ToArray(), Is.EqualTo(network.Forward(image, image)[1].ToArray()));
        Assert.That(again.Blocks[1].Offsets, Is.SameAs(again.Blocks[0].Offsets));
        Assert.That(again.Count, Is.EqualTo(network.Count));
    }

    [Test]
    public void WhatDoesNotFit_IsRefused()
    {
        using MemoryScope scope = new();
        using HyperStyle network = Network();
        Tensor image = Tensor.Zeros([1, 3, 8, 8]);
        Assert.Multiple(() =>
        {
            Assert.That(
                () => network.Forward(image, image, [image]),
                Throws.ArgumentException.With.Message.StartsWith("HyperStyle: earlier offsets must be one for each of 2 blocks; got 1."));
            Assert.That(() => network.Refine(image, image, _ => image, 0), Throws.ArgumentException.With.Message.StartsWith("HyperStyle: at least one pass is needed; got 0."));
            Assert.That(() => new HyperStyle(new Relu()), Throws.ArgumentException.With.Message.StartsWith("HyperStyle: at least one block is needed; got none."));
        });
    }

    private static HyperStyle Network()
    {
        RandomStream random = new(1);
        SharedOffsets shared = new(5, 2, 3, 3, random);
        return new HyperStyle(
            new Conv2d(6, 4, 3, stride: 2, padding: 1, random: random), RefinementBlock.For(shared, 4, 4, 4, random), RefinementBlock.For(shared, 4, 4, 4, random));
    }
}
