using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class SetConditionedAdapterTests
{
    private const int Features = 6;

    [Test]
    public void Merge_OfSetsOfSeveralSizes_EqualsTheFactorsApart([Values] SetEncoder encoder, [Values] bool bias)
    {
        using MemoryScope scope = new();
        using SetConditionedAdapter adapter = Adapter(encoder, bias);
        RandomStream random = new(2);
        Tensor[] sets = [Ops.RandomNormal([5, Features], random), Ops.RandomNormal([3, 4], random)];
        Tensor x = Ops.RandomNormal([3, 4], random);
        using TensorLayer merged = adapter.Merge(sets);
        float[] expected = adapter.Forward(x, sets).ToArray();
        Assert.That(merged.Forward(x).ToArray(), Is.EqualTo(expected).Within(1e-5));
        Assert.That(adapter.Forward(x, sets[0]).ToArray(), Is.Not.EqualTo(expected).Within(1e-3), "the second set counts");
        Assert.That(merged.Parameters.All(parameter => parameter.RequiresGradient), "it may be trained");
        IEnumerable<NamedParameter> frozen = adapter.NamedParameters().Where(named => named.Name.Contains(".base.") || named.Name.Contains(".target."));
        Assert.That(frozen, Is.Not.Empty.And.All.Matches<NamedParameter>(named => !named!.Parameter.RequiresGradient));
    }

    [Test]
    public void Sets_AveragesFactors_NotProducts()
    {
        using MemoryScope scope = new();
        using SetConditionedAdapter adapter = Adapter(SetEncoder.Attention, bias: true);
        RandomStream random = new(2);
        Tensor[] sets = [Ops.RandomNormal([5, Features], random), Ops.RandomNormal([4, Features], random)];
        float[][] change = [.. sets.Select(set => Change(adapter, set))];
        float[] both = Change(adapter, sets);
        // B A of the mean factors is a quarter of four products, of which two mix the sets: biases alone are plain means.
        ManifestEntry bias = adapter.Network.Manifest.Entries.First(entry => entry.Role == ParameterRole.Bias);
        float[] means = [.. change[0].Zip(change[1], (a, b) => (a + b) / 2)];
        Assert.That(both[bias.Offset..(bias.Offset + bias.Count)], Is.EqualTo(means[bias.Offset..(bias.Offset + bias.Count)]).Within(1e-5));
        Assert.That(both[..bias.Offset], Is.Not.EqualTo(means[..bias.Offset]).Within(1e-3));
    }

    [Test]
    public void WeightSets_SideBySide_EqualSingleRuns([Values] SetEncoder encoder)
    {
        using MemoryScope scope = new();
        using SetConditionedAdapter adapter = Adapter(encoder, bias: true);
        RandomStream random = new(2);
        Tensor sets = Ops.RandomNormal([2, 5, Features], random);
        Tensor x = Ops.RandomNormal([4, 4], random);
        float[] together = adapter.Forward(x, sets).ToArray();
        float[] apart = [.. Enumerable.Range(0, 2).SelectMany(c => adapter.Forward(Ops.Slice(x, 0, 2 * c, 2), Ops.Slice(sets, 0, c, 1)).ToArray())];
        Assert.That(together, Is.EqualTo(apart).Within(1e-5));
        using SetConditionedAdapter copy = adapter.Copy();
        Assert.That(copy.Forward(x, sets).ToArray(), Is.EqualTo(together));
        Assert.That(() => adapter.Merge(sets), Throws.ArgumentException.With.Message.Contains("give 2"));
        Assert.That(() => adapter.Forward(x, Ops.RandomNormal([2, 7], random)), Throws.ArgumentException.With.Message.Contains("w up to 6"));
    }

    [Test]
    public void Positions_TellRowsApart()
    {
        using MemoryScope scope = new();
        Tensor rows = Ops.RandomNormal([3, Features], new RandomStream(2));
        Tensor turned = Ops.GatherRows(rows, Tensor.From([2, 0, 1]));
        foreach (bool positions in (bool[])[false, true])
        {
            using SampleSetConditioning conditioning = new(2, Features, 3, positions: positions, dropout: 0, random: new RandomStream(1));
            bool same = conditioning.Forward(rows).ToArray().Zip(conditioning.Forward(turned).ToArray(), (a, b) => MathF.Abs(a - b)).Max() < 1e-5;
            Assert.That(same, Is.EqualTo(!positions));
        }
    }

    [Test]
    public void Isometry_KeepsLengths()
    {
        using MemoryScope scope = new();
        Tensor rotation = SetConditionedAdapter.Isometry(5, new RandomStream(1));
        float[] product = Ops.Matmul(rotation, rotation, transposeB: true).ToArray();
        Assert.That(product, Is.EqualTo(Enumerable.Range(0, 25).Select(i => i % 6 == 0 ? 1 : 0)).Within(1e-5));
    }

    private static SetConditionedAdapter Adapter(SetEncoder encoder, bool bias)
    {
        Mlp projector = SetConditionedAdapter.Projector(4, 5, random: new RandomStream(1));
        SetConditionedAdapter adapter = SetConditionedAdapter.For(
            projector, Features, 2, 3, heads: 3, encoder, encoderLayers: 2, bias: bias, random: new RandomStream(3));
        adapter.Eval();
        return adapter;
    }

    private static float[] Change(SetConditionedAdapter adapter, params Tensor[] sets)
    {
        LayerwiseLowRankEmission emission = (LayerwiseLowRankEmission)adapter.Network.Emission;
        float[] start = [.. emission.Base.SelectMany(parameter => parameter.OwnValue.ToArray())];
        return [.. adapter.Network.Generate(sets).ToArray().Zip(start, (value, own) => value - own)];
    }
}
