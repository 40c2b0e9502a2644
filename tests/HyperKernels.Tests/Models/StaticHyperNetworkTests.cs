using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class StaticHyperNetworkTests
{
    private const int Unit = 4;

    private static readonly KernelRows[] s_rows = Enum.GetValues<KernelRows>();

    [Test]
    public void For_GeneratesKernelsOfWholeUnits_AndTrainsTheRest()
    {
        using HyperNetwork network = StaticHyperNetwork.For(Target(), embedding: 5, hiddenFeatures: 3, unit: Unit, random: new RandomStream(1));
        StaticKernelEmission emission = (StaticKernelEmission)network.Emission;
        Assert.Multiple(() =>
        {
            Assert.That(network.Manifest.Entries.Select(entry => entry.Name), Is.EqualTo(new[] { "1.weight", "3.weight", "5.weight" }));
            Assert.That(emission.Tiles, Is.EqualTo(1 + 2 + 4));
            // Embeddings, the two linear layers, and of the target the first convolution and all biases.
            Assert.That(network.Count, Is.EqualTo((7 * 5) + ((5 + 1) * Unit * 3) + ((3 + 1) * Unit * 9) + (Unit * 9) + Unit + 4 + 8 + 8));
        });
    }

    [TestCaseSource(nameof(s_rows))]
    public void Forward_EqualsTheTargetWithWrittenOutKernels(KernelRows rows)
    {
        using MemoryScope scope = new();
        using HyperNetwork network = StaticHyperNetwork.For(Target(), embedding: 3, unit: Unit, rows: rows, random: new RandomStream(1));
        using TensorLayer plain = network.Materialize();
        Tensor x = Ops.RandomNormal([2, 1, 6, 6], new RandomStream(2));
        Assert.That(network.Forward(x).ToArray(), Is.EqualTo(plain.Forward(x).ToArray()).Within(1e-4f));
    }

    [TestCase(KernelRows.InputChannels, WeightKind.Dense, WeightKind.Dense, WeightKind.Dense)]
    [TestCase(KernelRows.OutputChannels, WeightKind.LowRank, WeightKind.LowRank, WeightKind.Dense)]
    public void Generate_KeepsFactorsWhereOneTileLiesAlongTheInputs(KernelRows rows, params WeightKind[] expected)
    {
        using MemoryScope scope = new();
        using HyperNetwork network = StaticHyperNetwork.For(Target(), embedding: 3, unit: Unit, rows: rows, random: new RandomStream(1));
        Weight[] weights = new Weight[3];
        network.Emission.Generate(network.Conditioning.Forward(), network.Generator, weights);
        Assert.That(weights.Select(weight => weight.Kind), Is.EqualTo(expected));
    }

    [TestCaseSource(nameof(s_rows))]
    public void Forward_WithEmbeddingsOfEverySample_EqualsEachSampleAlone(KernelRows rows)
    {
        using MemoryScope scope = new();
        using HyperNetwork network = Conditional(rows);
        int tiles = ((StaticKernelEmission)network.Emission).Tiles;
        Tensor x = Ops.RandomNormal([3, 1, 6, 6], new RandomStream(2));
        Tensor z = Ops.RandomNormal([3, tiles * 3], new RandomStream(3));

        float[] together = network.Forward(x, z).ToArray();

        float[] alone = [.. Enumerable.Range(0, 3).SelectMany(n => network.Forward(Ops.Slice(x, 0, n, 1), Ops.Slice(z, 0, n, 1)).ToArray())];
        Assert.That(together, Is.EqualTo(alone).Within(1e-4f));
    }

    [TestCaseSource(nameof(s_rows))]
    public void Constructor_DrawsKernelsOfTheVarianceThatTheUnitNeeds(KernelRows rows)
    {
        using MemoryScope scope = new();
        using Conv2d target = new(16 * 8, 16 * 4, 3, bias: false);
        using HyperNetwork network = StaticHyperNetwork.For(target, embedding: 64, rows: rows, random: new RandomStream(1));
        float[] kernel = network.Generate().ToArray();
        Assert.That(kernel.Sum(value => (double)value * value) / kernel.Length, Is.EqualTo(2.0 / (16 * 9)).Within(15).Percent);
    }

    [TestCaseSource(nameof(s_rows))]
    public void Load_AfterSave_GivesTheSameAnswers(KernelRows rows)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using HyperNetwork network = StaticHyperNetwork.For(Target(), embedding: 3, unit: Unit, rows: rows, random: new RandomStream(1));
        network.Save(folder.File("network.safetensors"));

        using HyperNetwork again = Layer.Load<HyperNetwork>(folder.File("network.safetensors"));

        Tensor x = Ops.RandomNormal([2, 1, 6, 6], new RandomStream(2));
        Assert.That(again.Forward(x).ToArray(), Is.EqualTo(network.Forward(x).ToArray()));
    }

    [Test]
    public void WhatDoesNotFit_IsRefusedWithWhatWould()
    {
        using MemoryScope scope = new();
        using Conv2d other = new(4, 6, 3);
        using HyperNetwork network = StaticHyperNetwork.For(Target(), embedding: 3, unit: Unit);
        using GeneratorMlp narrow = new(3, [5], Activation.None, Initializer.Zeros);
        Weight[] weights = new Weight[3];
        Assert.Multiple(() =>
        {
            Assert.That(
                () => new StaticKernelEmission(TargetManifest.Of(other, "weight"), 4, 4, 3),
                Throws.ArgumentException.With.Message.StartsWith(
                    "StaticKernelEmission: every tensor must be kernels [multiple of 4, multiple of 4, height, width] of one height and width; \"weight\" is [6, 4, 3, 3]."));
            Assert.That(
                () => StaticHyperNetwork.For(other, unit: Unit),
                Throws.ArgumentException.With.Message.StartsWith("HyperNetwork.For: no parameter matches \"*\" and the given condition"));
            Assert.That(
                () => network.Emission.Generate(network.Conditioning.Forward(), narrow, weights),
                Throws.ArgumentException.With.Message.StartsWith("StaticKernelEmission: the generator must give [7, 12], 4 rows of 3 for each tile; it gave [7, 5]."));
            Assert.That(
                () => network.Emission.Generate(Tensor.Zeros([1, 20]), network.Generator, weights),
                Throws.ArgumentException.With.Message.StartsWith("StaticKernelEmission: the conditioning must give [sets, 7 Z], an embedding for each of 7 tiles; got [1, 20]."));
            Assert.That(
                () => network.Forward(Tensor.Zeros([1, 1, 6, 6]), Tensor.Zeros([1, 1])),
                Throws.ArgumentException.With.Message.StartsWith("TileEmbeddings: there are no conditions, so there must be no values; got 1."));
        });
    }

    // Kernels of one tile, of two along the outputs, and of two by two.
    private static Sequential Target()
    {
        RandomStream random = new(4);
        return new Sequential(
            new Conv2d(1, 4, 3, padding: 1, random: random), new Conv2d(4, 4, 3, padding: 1, random: random), new Tanh(),
            new Conv2d(4, 8, 3, padding: 1, random: random), new Tanh(), new Conv2d(8, 8, 3, padding: 1, random: random));
    }

    private static HyperNetwork Conditional(KernelRows rows)
    {
        Sequential target = Target();
        TargetManifest manifest = TargetManifest.Of(target, where: named => named.Parameter.Shape is { Rank: 4 } shape && shape[1] > 1);
        StaticKernelEmission emission = new(manifest, Unit, Unit, 2, rows, new RandomStream(1));
        DeclaredConditioning conditioning = new([Condition.Raw("z", emission.Tiles * 3)]);
        return new HyperNetwork(target, conditioning, StaticHyperNetwork.Generator(emission, 3, new RandomStream(1)), emission);
    }
}
