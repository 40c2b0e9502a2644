using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class SmashTests
{
    // 2 multiples of 2 channels at most, two of them in a slice.
    private static readonly SmashSpace s_space = new()
    {
        BaseChannels = 2, MaxUnits = 2, MaxBanks = 3, DepthCompression = 2, Bottleneck = 2, Blocks = 2, MaxDilation = 2, MaxKernel = 5, Groups = [1, 2],
    };

    private static readonly SmashArchitecture s_architecture = new(
    [
        new SmashBlock(1, [new SmashLayer([0, 2], [1], 1, (3, 5), (1, 2)), new SmashLayer([1, 0], [0, 2], 2, (3, 3), (2, 1), Groups: 2)]),
        new SmashBlock(2, [new SmashLayer([1], [2], 2, (5, 3), (1, 1))]),
    ]);

    [Test]
    public void Encode_MarksWhatHoldsForEachLayersSlices()
    {
        using MemoryScope scope = new();
        Tensor description = s_architecture.Encode(s_space);

        // Channels: banks read 0 to 2, written 3 to 5, block 6 and 7, units 8 and 9, dilations 10 to 13, kernel sizes 14 to 17, groups 18 and 19.
        (int Units, int[] Channels)[] slices =
        [
            (1, [0, 2, 4, 6, 8, 10, 13, 14, 17, 18]),
            (2, [1, 0, 3, 5, 6, 9, 11, 12, 14, 16, 19]),
            (2, [1, 5, 7, 9, 10, 12, 15, 16, 18]),
        ];
        Assert.That(description.Shape, Is.EqualTo(new Shape(1, 20, 2, 3)));
        float[] actual = description.ToArray();
        for (int i = 0; i < actual.Length; i++)
        {
            (int channel, int row, int slice) = (i / 6, i / 3 % 2, i % 3);
            bool on = row < slices[slice].Units && slices[slice].Channels.Contains(channel);
            Assert.That(actual[i], Is.EqualTo(on ? 1 : -1), $"channel {channel}, row {row}, slice {slice}");
        }
    }

    [Test]
    public void Generate_CutsEachLayersKernelFromItsSlices()
    {
        using MemoryScope scope = new();
        using SmashHyperNetwork network = new(s_space, [[3, 2]], new RandomStream(1));
        Tensor noise = network.Noise(s_architecture, new RandomStream(2));

        Tensor[] kernels = network.Generate(s_architecture, noise);

        Assert.That(kernels.Select(kernel => kernel.Shape), Is.EqualTo(new Shape[] { [4, 4, 1, 1], [4, 4, 1, 1], [4, 4, 1, 1] }));
        // A channel read is m of its slice; an output r N + n stands in row r of channel n (N compression) + m.
        float[] generated = network.Generator.Forward(Ops.Concatenate(1, noise, s_architecture.Encode(s_space))).ToArray();
        for (int layer = 0; layer < kernels.Length; layer++)
        {
            double[] values = [.. Enumerable.Range(0, 16).Select(i =>
            {
                (int output, int input) = (i / 4, i % 4);
                return (double)generated[(((((output % 2) * 4) + input) * 2) + (output / 2)) * 3 + layer];
            })];
            double norm = Math.Sqrt(values.Sum(value => value * value));
            Assert.That(kernels[layer].ToArray(), Is.EqualTo(values.Select(value => value / norm)).Within(1e-6));
        }
    }

    [Test]
    public void Generate_FollowsArchitectureAndNoise()
    {
        using MemoryScope scope = new();
        using SmashHyperNetwork network = new(s_space, [[3, 2]], new RandomStream(1));
        Tensor noise = network.Noise(s_architecture, new RandomStream(2));
        SmashArchitecture other = new([new SmashBlock(1, [.. s_architecture.Blocks[0].Layers.Reverse()]), s_architecture.Blocks[1]]);
        float[] first = network.Generate(s_architecture, noise)[0].ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(network.Generate(s_architecture, noise)[0].ToArray(), Is.EqualTo(first));
            Assert.That(network.Generate(s_architecture, network.Noise(s_architecture, new RandomStream(3)))[0].ToArray(), Is.Not.EqualTo(first));
            Assert.That(network.Generate(other, noise)[0].ToArray(), Is.Not.EqualTo(first));
        });
    }

    [Test]
    public void Constructor_WithTheAuthorsSizes_DrawsOrthogonalKernels()
    {
        using SmashHyperNetwork network = new(random: new RandomStream(1));
        SmashSpace space = network.Space;
        IReadOnlyList<NamedParameter> kernels = network.NamedParameters();
        Shape last = kernels[^1].Parameter.Shape;
        // 7, eight, ten and four layers of 10, halved twice: as many channels as the last convolution reads.
        int channels = ((((1 + space.Channels + 7 + 80) / 2) + 100) / 2) + 40;
        Assert.That(kernels, Has.Count.EqualTo(1 + 8 + 1 + 10 + 1 + 4 + 1));
        Assert.That(last, Is.EqualTo(new Shape(8 * 8 * 4, channels, 1, 1)));
        float[] kernel = kernels[1].Parameter.OwnValue.ToArray();
        int length = kernel.Length / 10;
        for (int a = 0; a < 10; a++)
        {
            for (int b = 0; b < 10; b++)
            {
                double dot = Enumerable.Range(0, length).Sum(k => (double)kernel[(a * length) + k] * kernel[(b * length) + k]);
                Assert.That(dot, Is.EqualTo(a == b ? 1 : 0).Within(1e-5));
            }
        }
    }

    [Test]
    public void Load_AfterSave_GivesTheSameKernels()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using SmashHyperNetwork network = new(s_space, [[3], [2]], new RandomStream(1));
        network.Save(folder.File("network.safetensors"));

        using SmashHyperNetwork again = Layer.Load<SmashHyperNetwork>(folder.File("network.safetensors"));

        Tensor noise = network.Noise(s_architecture, new RandomStream(2));
        Assert.That(again.Generate(s_architecture, noise)[2].ToArray(), Is.EqualTo(network.Generate(s_architecture, noise)[2].ToArray()));
    }

    [Test]
    public void WhatLiesOutsideTheSpace_IsNamed()
    {
        SmashLayer layer = s_architecture.Blocks[0].Layers[0];
        string Message(SmashLayer wrong, int bankSize = 1) =>
            Assert.Throws<ArgumentException>(() => new SmashArchitecture([new SmashBlock(bankSize, [wrong])]).Encode(s_space))!.Message;

        using MemoryScope scope = new();
        using SmashHyperNetwork network = new(s_space, [[1]]);
        Assert.Multiple(() =>
        {
            Assert.That(Message(layer with { Reads = [0, 3] }), Does.StartWith("SmashArchitecture: block 0: banks must be from 0 to 2."));
            Assert.That(Message(layer with { Reads = [0] }), Does.StartWith("SmashArchitecture: block 0: a layer must read multiples of 2 units; got 1 banks of 1."));
            Assert.That(Message(layer with { Kernel = (4, 3) }), Does.StartWith("SmashArchitecture: block 0: kernels must have odd sizes from 3 to 5; got (4, 3)."));
            Assert.That(Message(layer with { Dilation = (1, 3) }), Does.StartWith("SmashArchitecture: block 0: dilations must be from 1 to 2; got (1, 3)."));
            Assert.That(Message(layer with { Groups = 4 }), Does.StartWith("SmashArchitecture: block 0: groups must be one of 1, 2; got 4."));
            Assert.That(Message(layer, bankSize: 3), Does.StartWith("SmashArchitecture: block 0: banks must have 1 to 2 units; got 3."));
            Assert.That(
                () => network.Generate(s_architecture, Tensor.Zeros([1, 1, 2, 2])),
                Throws.ArgumentException.With.Message.StartsWith("SmashHyperNetwork: the noise must be [1, 1, 2, 3]; got [1, 1, 2, 2]."));
            Assert.That(
                () => new SmashGenerator(3, 0), Throws.ArgumentException.With.Message.StartsWith("SmashGenerator: there must be at least one block, and at least one channel"));
        });
    }
}
