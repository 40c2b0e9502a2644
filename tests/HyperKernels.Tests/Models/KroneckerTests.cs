using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class KroneckerTests
{
    private const int N = 3;

    private static TensorLayer[] Layers =>
    [
        new KroneckerLinear(6, 9, N, random: new RandomStream(1)),
        new KroneckerConv1d(6, 9, 4, N, stride: 2, padding: 3, dilation: 2, random: new RandomStream(1)),
        new KroneckerConv2d(6, 9, 2, N, stride: 2, padding: 1, dilation: 2, bias: false, random: new RandomStream(1)),
    ];

    private static readonly int[][] s_samples = [[5, 6], [6, 9], [6, 7, 8]];

    [Test]
    public void Forward_EqualsThePlainLayer_WithItsBlocksWrittenOutInLoops([Range(0, 2)] int which)
    {
        using MemoryScope scope = new();
        using TensorLayer layer = Layers[which];
        using TensorLayer plain = which switch
        {
            0 => new Linear(6, 9),
            1 => new Conv1d(6, 9, 4, stride: 2, padding: 3, dilation: 2),
            _ => new Conv2d(6, 9, 2, stride: 2, padding: 1, dilation: 2, bias: false),
        };
        plain.Find("weight")[0].Parameter.Load(WrittenOut(Values(layer, "rule"), Values(layer, "factors"), 3, 2));
        foreach (NamedParameter bias in plain.Find("bias"))
        {
            bias.Parameter.Load(Values(layer, "bias"));
        }
        Tensor x = Ops.RandomNormal([2, .. s_samples[which]], new RandomStream(2));
        Assert.That(layer.Forward(x).ToArray(), Is.EqualTo(plain.Forward(x).ToArray()).Within(1e-5));
    }

    [Test]
    public void Forward_RulesOfTheirOwnForEverySample_EqualRunsOneByOne([Range(0, 2)] int which)
    {
        using MemoryScope scope = new();
        using TensorLayer layer = Layers[which];
        using HyperNetwork network = HyperNetwork.For(layer, Condition.Raw("task", 2), [4], "rule");
        Tensor tasks = Ops.RandomNormal([3, 2], new RandomStream(3));
        Tensor x = Ops.RandomNormal([3, .. s_samples[which]], new RandomStream(2));
        float[] together = network.Forward(x, tasks).ToArray();
        float[] alone = [.. Enumerable.Range(0, 3).SelectMany(i => network.Forward(Ops.Slice(x, 0, i, 1), Ops.Slice(tasks, 0, i, 1)).ToArray())];
        Assert.That(together, Is.EqualTo(alone).Within(1e-5).And.Some.Not.Zero);
    }

    [Test]
    public void FirstValues_AreXavierUniformOfTheFactorsOwnAxes()
    {
        using KroneckerConv2d layer = new(32, 64, 3, random: new RandomStream(1));
        // As torch counts: the first axis goes out, the second comes in, the rest is area.
        double rule = Math.Sqrt(6.0 / (16 + 16));
        double factors = Math.Sqrt(6.0 / (((16 + 4) * 8 * 9)));
        Assert.That(Values(layer, "rule").Max(Math.Abs), Is.InRange(0.9 * rule, rule));
        Assert.That(Values(layer, "factors").Max(Math.Abs), Is.InRange(0.99 * factors, factors));
        Assert.That(layer.Count, Is.EqualTo(64 + (64 * 32 * 9 / 4) + 64));
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers([Range(0, 2)] int which)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using TensorLayer layer = Layers[which];
        layer.Save(folder.File("kronecker.safetensors"));
        using TensorLayer again = Layer.Load<TensorLayer>(folder.File("kronecker.safetensors"));
        Tensor x = Ops.RandomNormal([2, .. s_samples[which]], new RandomStream(2));
        Assert.That(again.Forward(x).ToArray(), Is.EqualTo(layer.Forward(x).ToArray()));
        Assert.That(again.ToString(), Is.EqualTo(layer.ToString()));
    }

    [Test]
    public void Constructor_ComponentsThatDoNotDivide_AreRefused() => Assert.That(
        () => new KroneckerLinear(6, 8, 4),
        Throws.ArgumentException.With.Message.StartsWith(
            "KroneckerLinear: n must be at least 1 and divide the numbers of features; 4 does not divide 6 and 8. Pad the features, or take n = 1."));

    // K[p O/n + r, q I/n + s, ...] = sum_i A_i[p, q] F_i[r, s, ...]
    private static float[] WrittenOut(float[] rule, float[] factors, int outputs, int inputs)
    {
        int area = factors.Length / (N * outputs * inputs);
        float[] kernels = new float[N * outputs * N * inputs * area];
        for (int at = 0; at < kernels.Length; at++)
        {
            (int o, int i, int k) = (at / (N * inputs * area), at / area % (N * inputs), at % area);
            (int p, int r, int q, int s) = (o / outputs, o % outputs, i / inputs, i % inputs);
            kernels[at] = (float)Enumerable.Range(0, N).Sum(n =>
                (double)rule[(n * N * N) + (p * N) + q] * factors[(((((n * outputs) + r) * inputs) + s) * area) + k]);
        }
        return kernels;
    }

    private static float[] Values(Layer layer, string name) => layer.Find(name)[0].Parameter.OwnValue.ToArray();
}
