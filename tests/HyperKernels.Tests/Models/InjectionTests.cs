using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class InjectionTests
{
    private const int Features = 6;

    [Test]
    public void FreshAttention_IgnoresThePrompt_AndItsChangesAreNothing()
    {
        using MemoryScope scope = new();
        using InjectedAttention layer = new(Features, heads: 3, rank: 2, random: new RandomStream(1));
        Tensor x = Ops.RandomNormal([2, 4, Features], new RandomStream(2));
        Tensor first = layer.Forward(x, Ops.RandomNormal([2, 3, Features], new RandomStream(3)));
        Tensor second = layer.Forward(x, Ops.RandomNormal([1, 1, Features], new RandomStream(4)));
        using InjectedAttention plain = new(Features, heads: 3, rank: 0, random: new RandomStream(5));
        foreach (NamedParameter named in plain.NamedParameters())
        {
            named.Parameter.Load(layer.NamedParameters().Single(own => own.Name == named.Name).Parameter.OwnValue.ToArray());
        }
        Assert.That(second.ToArray(), Is.EqualTo(first.ToArray()));
        Assert.That(plain.Forward(x, Tensor.Zeros([1, 1, Features])).ToArray(), Is.EqualTo(first.ToArray()).Within(1e-6f));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Attention_OfABatch_EqualsItsSequences_AndOnlyPastTokensCountIfCausal(bool causal)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using InjectedAttention layer = new(Features, heads: 2, rank: 1, bias: false, causal, new RandomStream(1));
        RandomStream random = new(7);
        Array.ForEach([.. layer.Parameters], parameter => Initializer.Normal(0, 0.5f).Apply(parameter, random));
        layer.Save(folder.File("layer.safetensors"));
        using InjectedAttention again = Layer.Load<InjectedAttention>(folder.File("layer.safetensors"));
        Tensor x = Ops.RandomNormal([4, 5, Features], new RandomStream(2));
        Tensor prompt = Ops.RandomNormal([2, 3, Features], new RandomStream(3));

        float[] all = again.Forward(x, prompt).ToArray();

        for (int b = 0; b < 4; b++)
        {
            Tensor one = Ops.Slice(x, 0, b, 1);
            float[] alone = layer.Forward(causal ? Ops.Slice(one, 1, 0, 3) : one, Ops.Slice(prompt, 0, b / 2, 1)).ToArray();
            Assert.That(alone, Is.EqualTo(all.Skip(b * 5 * Features).Take(alone.Length)).Within(1e-5f), $"sequence {b}");
        }
    }

    [Test]
    public void Cache_DrawsTowardTheNearestRows()
    {
        using MemoryScope scope = new();
        Tensor store = Tensor.From([1f, 0, 0, 0, 1, 0, 0, 0, 1, 0.6f, 0.8f, 0], [4, 3]);
        (Tensor drawn, Tensor rows) = new RetrievalCache(store, neighbours: 2, temperature: 5, blend: 0.25f).Forward(Tensor.From([0.8f, 0.6f, 0], [1, 3]));

        // Similarities 0.96 (row 3) and 0.8 (row 0).
        double share = 1 / (1 + Math.Exp(-5 * 0.16));
        (double x, double y) = ((share * 0.6) + (1 - share), share * 0.8);
        double length = Math.Sqrt((x * x) + (y * y));
        (x, y) = ((0.75 * 0.8) + (0.25 * x / length), (0.75 * 0.6) + (0.25 * y / length));
        length = Math.Sqrt((x * x) + (y * y));
        Assert.That(rows.ToIntArray(), Is.EqualTo(new[] { 3, 0 }));
        Assert.That(drawn.ToArray(), Is.EqualTo(new[] { (float)(x / length), (float)(y / length), 0 }).Within(1e-5f));
    }

    [TestCase(BindNorm.Rms)]
    [TestCase(BindNorm.Layer)]
    public void BindNetwork_IsStored_AndGivesEachLayerItsQueries(BindNorm norm)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using BindNetwork network = new(3, Features, layers: 2, tokens: 2, norm: norm, random: new RandomStream(1));
        network.Save(folder.File("bind.safetensors"));
        using BindNetwork again = Layer.Load<BindNetwork>(folder.File("bind.safetensors"));
        Tensor bound = again.Forward(Ops.RandomNormal([1, 2, 3], new RandomStream(2)));
        float[] change = Ops.Subtract(again.Prompt(bound, 1), bound).ToArray();
        Assert.That(change, Is.EqualTo(network.Queries.OwnValue.ToArray().Skip(2 * Features)).Within(1e-5f));
        Assert.That(network.NamedParameters().Any(named => named.Name == "down0.bias"), Is.EqualTo(norm == BindNorm.Layer));
    }

    [Test]
    public void Cocktail_StartsWithoutAnyEffect_ToTheBit()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using Sequential hint = ControlFusion.HintNetwork(3, 4, new RandomStream(1));
        using ControlFusion fusion = new(4, controls: 2, new RandomStream(2));
        using ControlNorm norm = new(4);
        using ControlHead head = new(4);
        fusion.Save(folder.File("fusion.safetensors"));
        using ControlFusion again = Layer.Load<ControlFusion>(folder.File("fusion.safetensors"));
        Tensor picture = Ops.RandomNormal([2, 3, 16, 16], new RandomStream(3));
        Tensor features = Ops.RandomNormal([2, 4, 2, 2], new RandomStream(4));
        Tensor skip = Ops.RandomNormal([2, 4, 2, 2], new RandomStream(5));

        Tensor maps = fusion.Forward(hint.Forward(picture), hint.Forward(picture));
        Tensor unchanged = head.Forward(skip, norm.Forward(features, maps));

        Assert.That(maps.Shape, Is.EqualTo(new Shape(2, 8, 2, 2)), "three of the hint's convolutions halve the picture");
        Assert.That(unchanged.ToArray(), Is.EqualTo(skip.ToArray()));
        Assert.That(again.Forward(features, skip).ToArray(), Is.EqualTo(fusion.Forward(features, skip).ToArray()));
        Assert.That(() => fusion.Forward(skip), Throws.ArgumentException.With.Message.StartsWith("ControlFusion: there must be a hint for each of 2 controls; got 1."));
    }

    [Test]
    public void WrongShapes_AreRefusedWithWhatWouldFit()
    {
        using MemoryScope scope = new();
        using InjectedAttention layer = new(Features, heads: 2);
        using BindNetwork bind = new(3, Features);
        Assert.Multiple(() =>
        {
            Assert.That(() => new InjectedAttention(6, heads: 4), Throws.ArgumentException.With.Message.StartsWith("InjectedAttention: heads must divide features"));
            Assert.That(
                () => layer.Forward(Tensor.Zeros([3, 2, Features]), Tensor.Zeros([2, 1, Features])),
                Throws.ArgumentException.With.Message.StartsWith("InjectedAttention: tokens must be [B, T, 6] and the prompt [C, M, 6] with C dividing B"));
            Assert.That(() => bind.Forward(Tensor.Zeros([1, 2, 3])), Throws.ArgumentException.With.Message.StartsWith("BindNetwork: conditions must be [B, 1, 3]; got [1, 2, 3]."));
            Assert.That(
                () => new RetrievalCache(Tensor.Zeros([2, 3]), neighbours: 3), Throws.ArgumentException.With.Message.StartsWith("RetrievalCache: the store must be [S, D]"));
            Assert.That(
                () => ControlNorm.Modulate(Tensor.Zeros([1, 2, 3, 3]), Tensor.Zeros([1, 2, 3, 3])),
                Throws.ArgumentException.With.Message.StartsWith("ControlNorm: x must be [B, C, H, W] and the maps [B, 2 C, H, W]"));
        });
    }
}
