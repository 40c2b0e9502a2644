using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class SelfAttentionTests
{
    [Test]
    public void Forward_IsThatOfPlainLoops_AndIsStored([Values] bool causal)
    {
        const int Features = 6;
        const int Heads = 2;
        const int Tokens = 4;
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using SelfAttention layer = new(Features, Heads, causal, random: new RandomStream(1));
        foreach (Parameter parameter in layer.Parameters)
        {
            // The first values are too small to tell tokens apart.
            Initializer.Normal().Apply(parameter, new RandomStream((ulong)parameter.Shape.Count + 2));
        }
        Tensor x = Ops.RandomNormal([2, Tokens, Features], new RandomStream(3));
        float[] given = layer.Forward(x).ToArray();
        layer.Save(folder.File("layer.safetensors"));
        using SelfAttention again = Layer.Load<SelfAttention>(folder.File("layer.safetensors"));
        Assert.That(again.Forward(x).ToArray(), Is.EqualTo(given));
        for (int sample = 0; sample < 2; sample++)
        {
            float[] own = x.ToArray()[(sample * Tokens * Features)..];
            double[][] rows = [.. Enumerable.Range(0, Tokens).Select(t => own.Skip(t * Features).Take(Features).Select(static v => (double)v).ToArray())];
            double[][] expected = Attend(layer, rows, Heads, causal);
            for (int t = 0; t < Tokens; t++)
            {
                Assert.That(given.Skip(((sample * Tokens) + t) * Features).Take(Features), Is.EqualTo(expected[t]).Within(2e-5), $"sample {sample}, token {t}");
            }
        }
    }

    [Test]
    public void SelfAttention_WrongSizes_SaysWhatFits()
    {
        using MemoryScope scope = new();
        using SelfAttention layer = new(6, 2);
        Assert.That(() => new SelfAttention(6, 4), Throws.ArgumentException.With.Message.Contains("6 features and 4 heads"));
        Assert.That(() => layer.Forward(Tensor.Zeros([2, 6])), Throws.ArgumentException.With.Message.Contains("[B, T, 6]"));
    }

    private static double[][] Attend(SelfAttention layer, double[][] x, int heads, bool causal)
    {
        double[][] Apply(string name, double[][] rows)
        {
            float[] weight = layer.Find($"{name}.weight")[0].Parameter.OwnValue.ToArray();
            float[] bias = layer.Find($"{name}.bias")[0].Parameter.OwnValue.ToArray();
            return [.. rows.Select(row => bias.Select((b, o) => b + row.Select((v, i) => v * weight[(o * row.Length) + i]).Sum()).ToArray())];
        }
        (double[][] q, double[][] k, double[][] v) = (Apply("query", x), Apply("key", x), Apply("value", x));
        int size = x[0].Length / heads;
        double[][] mixed = [.. x.Select(static row => new double[row.Length])];
        for (int head = 0; head < heads; head++)
        {
            int from = head * size;
            for (int t = 0; t < x.Length; t++)
            {
                int seen = causal ? t + 1 : x.Length;
                double[] shares = [.. Enumerable.Range(0, seen).Select(s => Math.Exp(Enumerable.Range(from, size).Sum(i => q[t][i] * k[s][i]) / Math.Sqrt(size)))];
                for (int i = from; i < from + size; i++)
                {
                    mixed[t][i] = Enumerable.Range(0, seen).Sum(s => shares[s] * v[s][i]) / shares.Sum();
                }
            }
        }
        return Apply("proj", mixed);
    }
}
