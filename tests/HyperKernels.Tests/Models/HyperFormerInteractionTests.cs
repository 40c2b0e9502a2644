using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class HyperFormerInteractionTests
{
    private const int Width = 2;
    private const int Height = 3;
    private const int Features = Width * Height;

    private static readonly HyperFormerInteractionOptions s_options = new()
    {
        Channels = 2, KernelSize = 3, Permutations = 2, InputDropout = 0, FeatureDropout = 0, HiddenDropout = 0,
    };

    [Test]
    public void Order_IsChequered_AndShowsEveryFeatureOnceInAPicture()
    {
        using HyperFormerInteraction layer = new(Width, Height, s_options, random: new RandomStream(1));
        int[][] pictures = [.. layer.Order.Chunk(2 * Features)];
        Assert.That(pictures, Has.Length.EqualTo(2));
        for (int picture = 0; picture < 2; picture++)
        {
            Assert.That(pictures[picture], Is.EquivalentTo(Enumerable.Range(0, 2 * Features)));
            for (int at = 0; at < 2 * Features; at++)
            {
                bool isSecond = ((at / (2 * Width)) + at + picture) % 2 == 1;
                Assert.That(pictures[picture][at] >= Features, Is.EqualTo(isSecond), $"picture {picture}, place {at}");
            }
        }
    }

    [Test]
    public void Forward_WithTheGainBehindTheConvolution_EqualsThePlainPass()
    {
        using MemoryScope scope = new();
        using HyperFormerInteraction behind = Layer(s_options);
        // A probability so small that nothing is dropped takes the plain way.
        using HyperFormerInteraction plain = Layer(s_options with { InputDropout = 1e-30f });
        Tensor[] facts = Facts(6);

        for (int step = 0; step < 3; step++)
        {
            (Tensor entity, Tensor relation, Tensor qualifier) = behind.Forward(facts[0], facts[1], facts[2]);
            (Tensor entity2, Tensor relation2, Tensor qualifier2) = plain.Forward(facts[0], facts[1], facts[2]);
            Assert.That(entity.ToArray(), Is.EqualTo(entity2.ToArray()).Within(2e-5f));
            Assert.That(relation.ToArray(), Is.EqualTo(relation2.ToArray()).Within(2e-5f));
            Assert.That(qualifier.ToArray(), Is.EqualTo(qualifier2.ToArray()).Within(2e-5f));
        }
        behind.Eval();
        plain.Eval();
        Assert.That(
            behind.Forward(facts[0], facts[1], facts[2]).Entity.ToArray(),
            Is.EqualTo(plain.Forward(facts[0], facts[1], facts[2]).Entity.ToArray()).Within(2e-5f), "running statistics are the same");
    }

    [Test]
    public void Forward_OfTwoPictures_EqualsPlainLoops()
    {
        using MemoryScope scope = new();
        using HyperFormerInteraction layer = Layer(s_options);
        layer.Eval();
        Tensor[] facts = Facts(2);

        float[] actual = layer.Forward(facts[0], facts[1], facts[2]).Relation.ToArray();

        double[][] e = Rows(facts[0]);
        double[][] r = Rows(facts[1]);
        double[][] q = Rows(facts[2]);
        for (int row = 0; row < 2; row++)
        {
            double[] a = Combine(layer, e[row], r[row])[Features..];
            double[] b = Combine(layer, r[row], q[row])[..Features];
            double[] gate = [.. Linear(layer, "fuse", a).Zip(Linear(layer, "fuse", b), (left, right) => 1 / (1 + Math.Exp(-left - right)))];
            for (int k = 0; k < Features; k++)
            {
                Assert.That(actual[(row * Features) + k], Is.EqualTo((gate[k] * a[k]) + ((1 - gate[k]) * b[k])).Within(1e-4));
            }
        }
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using HyperFormerInteraction layer = Layer(s_options with { FeatureDropout = 0.5f, InputDropout = 0.25f, HiddenDropout = 0.75f });
        layer.Eval();
        layer.Save(folder.File("interaction.safetensors"));

        using HyperFormerInteraction again = HyperKernels.Layers.Layer.Load<HyperFormerInteraction>(folder.File("interaction.safetensors"));

        Tensor[] facts = Facts(2);
        Assert.That(again.ToString(), Is.EqualTo(layer.ToString()));
        Assert.That(again.Order, Is.EqualTo(layer.Order));
        Assert.That(
            again.Forward(facts[0], facts[1], facts[2]).Qualifier.ToArray(), Is.EqualTo(layer.Forward(facts[0], facts[1], facts[2]).Qualifier.ToArray()));
    }

    [Test]
    public void Forward_InTraining_DropsWholeChannels()
    {
        // With every channel dropped only the linear layer's bias is left, which the last norm takes off: facts have nothing of their own.
        using MemoryScope scope = new();
        using HyperFormerInteraction layer = Layer(s_options with { FeatureDropout = 1 });
        float[] relation = layer.Forward(Facts(6)[0], Facts(6)[1], Facts(6)[2]).Relation.ToArray();
        Assert.That(relation.Chunk(Features), Has.All.EqualTo(relation[..Features]).Within(1e-6f));
    }

    [Test]
    public void Sizes_ThatDoNotFit_AreRefused()
    {
        using MemoryScope scope = new();
        using HyperFormerInteraction layer = Layer(s_options);
        Tensor[] facts = Facts(2);
        Assert.Multiple(() =>
        {
            Assert.That(
                () => new HyperFormerInteraction(Width, Height, s_options with { KernelSize = 4 }),
                Throws.ArgumentException.With.Message.EndsWith("got pictures of 4 by 3, 2 channels, 2 permutations and kernel 4."));
            Assert.That(
                () => new HyperFormerInteraction(Width, Height, s_options, [0, 1]),
                Throws.ArgumentException.With.Message.StartsWith("HyperFormerInteraction: the order must be 24 numbers below 12; got 2."));
            Assert.That(
                () => layer.Forward(facts[0], facts[1], Tensor.Zeros([3, Features])),
                Throws.ArgumentException.With.Message.StartsWith(
                    "HyperFormerInteraction: entity, relation and qualifier must be [batch, 6]; got [2, 6], [2, 6] and [3, 6]."));
        });
    }

    private static HyperFormerInteraction Layer(HyperFormerInteractionOptions options)
    {
        HyperFormerInteraction layer = new(Width, Height, options, random: new RandomStream(1));
        RandomStream random = new(5);
        foreach (NamedParameter named in layer.NamedParameters())
        {
            Initializer.Normal(0.2f, 0.5f).Apply(named.Parameter, random);
        }
        return layer;
    }

    private static Tensor[] Facts(int count) => [.. Enumerable.Range(2, 3).Select(seed => Ops.RandomNormal([count, Features], new RandomStream((ulong)seed)))];

    private static double[][] Rows(Tensor rows) => [.. rows.ToArray().Select(value => (double)value).Chunk(Features)];

    private static float[] Values(Layer layer, string name) => layer.NamedParameters().Single(named => named.Name == name).Parameter.Value.ToArray();

    private static double[] Linear(Layer layer, string name, double[] x)
    {
        (float[] weight, float[] bias) = (Values(layer, $"{name}.weight"), Values(layer, $"{name}.bias"));
        return [.. bias.Select((b, row) => b + x.Select((value, k) => value * weight[(row * x.Length) + k]).Sum())];
    }

    // In a layer that never trained running means are 0 and variances 1.
    private static double[] Norm(Layer layer, string name, double[] x, int each)
    {
        (float[] weight, float[] bias) = (Values(layer, $"{name}.weight"), Values(layer, $"{name}.bias"));
        return [.. x.Select((value, i) => (weight[i / each] * value / Math.Sqrt(1 + 1e-5)) + bias[i / each])];
    }

    private static double[] Combine(HyperFormerInteraction layer, double[] first, double[] second)
    {
        const int Rows = 2 * Width;
        double[] pair = [.. first, .. second];
        double[] pictures = Norm(layer, "bn0", [.. layer.Order.Select(at => pair[at])], 2 * Features);
        float[] kernels = Values(layer, "conv_filt");
        double[] convolved = new double[2 * 2 * 2 * Features];
        for (int i = 0; i < convolved.Length; i++)
        {
            (int channel, int row, int column) = (i / (2 * Features), i / Height % Rows, i % Height);
            for (int tap = 0; tap < 9; tap++)
            {
                (int r, int c) = ((row + (tap / 3) - 1 + Rows) % Rows, (column + (tap % 3) - 1 + Height) % Height);
                convolved[i] += kernels[(channel % 2 * 9) + tap] * pictures[(channel / 2 * 2 * Features) + (r * Height) + c];
            }
        }
        double[] hidden = [.. Norm(layer, "bn1", convolved, 2 * Features).Select(value => Math.Max(value, 0))];
        return Norm(layer, "bn3", Linear(layer, "fc2", hidden), 1);
    }
}
