using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class SmoreTests
{
    [Test]
    public void Forward_FreshLayer_AddsNothing()
    {
        using MemoryScope scope = new();
        using Smore layer = new(6, 5, experts: [4, 3], active: [2, 2], ranks: [2, 3], gateFeatures: 4, random: new RandomStream(1));
        Assert.That(layer.Forward(Ops.RandomNormal([2, 7, 6], new RandomStream(2))).ToArray(), Is.EqualTo(new float[70]));
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers_AtAnyNumberOfLevels([Values(1, 2, 3)] int levels)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        int[] experts = [4, 3, 2];
        using Smore layer = new(6, 5, experts[..levels], new int[] { 2, 2, 1 }[..levels], new int[] { 1, 2, 2 }[..levels], 4, new RandomStream(1));
        Parameter final = layer.NamedParameters().Single(named => named.Name == "final.weight").Parameter;
        float[] values = new float[final.Shape.Count];
        new RandomStream(3).FillNormal(values, 0, 1);
        final.Load(values);
        layer.Save(folder.File("smore.safetensors"));

        using Smore again = Layer.Load<Smore>(folder.File("smore.safetensors"));

        Tensor x = Ops.RandomNormal([7, 6], new RandomStream(2));
        Assert.That(again.Forward(x).ToArray(), Is.EqualTo(layer.Forward(x).ToArray()).And.Some.Not.Zero);
    }

    [Test]
    public void Forward_EachRowAlone_GivesTheSame()
    {
        using MemoryScope scope = new();
        using Smore layer = new(6, 5, [4, 3], [2, 2], [2, 3], 4, new RandomStream(1));
        Parameter final = layer.NamedParameters().Single(named => named.Name == "final.weight").Parameter;
        final.Load([.. Enumerable.Range(0, (int)final.Shape.Count).Select(i => MathF.Sin(i))]);
        Tensor x = Ops.RandomNormal([7, 6], new RandomStream(2));
        float[] together = layer.Forward(x).ToArray();
        float[] alone = [.. Enumerable.Range(0, 7).SelectMany(row => layer.Forward(Ops.Slice(x, 0, row, 1)).ToArray())];
        Assert.That(together, Is.EqualTo(alone).Within(1e-5f));
    }

    [Test]
    public void Constructor_ListsOfOtherLengths_AreRefused() => Assert.That(
        () => new Smore(6, 6, [4, 3], [2], [2, 2]),
        Throws.ArgumentException.With.Message.EqualTo("Smore: experts, active and ranks must name the same levels; they have 2, 1 and 2 numbers."));
}
