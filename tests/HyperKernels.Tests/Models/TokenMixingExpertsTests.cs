using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class TokenMixingExpertsTests
{
    private const int Features = 6;
    private const int Experts = 3;
    private const int Length = 7;
    private const int Tokens = 6;

    [Test]
    public void Forward_IsTheSumOverThePast_ByTheExpertOfTheChunk([Values(0, 2, 6)] int prefix)
    {
        using MemoryScope scope = new();
        using TokenMixingExperts layer = new(Features, Length, Experts, prefix, new RandomStream(1));
        Tensor x = Ops.RandomNormal([2, Tokens, Features], new RandomStream(2));
        (float[] values, float[] weight, float[]? router) = (x.ToArray(), layer.Weight.Value.ToArray(), layer.Router?.Weight.Value.ToArray());

        float[] y = layer.Forward(x).ToArray();

        HashSet<int> moved = [];
        double X(int sample, int token, int feature) => values[(((sample * Tokens) + token) * Features) + feature];
        for (int at = 0; at < y.Length; at++)
        {
            (int sample, int token, int feature) = (at / (Tokens * Features), at / Features % Tokens, at % Features);
            (int expert, double share) = (feature / 2, 1);
            if (router is not null && token >= prefix)
            {
                double[] mean = [.. Enumerable.Range(0, 2).Select(i => Enumerable.Range(0, prefix).Average(t => X(sample, t, (feature / 2 * 2) + i)))];
                double[] scores = [.. Enumerable.Range(0, Experts).Select(e => Math.Exp((router[2 * e] * mean[0]) + (router[(2 * e) + 1] * mean[1])))];
                expert = Array.IndexOf(scores, scores.Max());
                share = scores[expert] / scores.Sum();
                moved.Add(expert - (feature / 2));
            }
            double expected = Enumerable.Range(0, token + 1).Sum(t => weight[(((expert * Length) + token) * Length) + t] * X(sample, t, feature)) * share;
            Assert.That(y[at], Is.EqualTo(expected).Within(1e-5), $"sample {sample}, token {token}, feature {feature}");
        }
        Assert.That(moved.Count, prefix == 2 ? Is.GreaterThan(1) : Is.Zero, "the router must send some chunk elsewhere");
    }

    [Test]
    public void Forward_ATokenOfTheFuture_ChangesNothingBeforeIt([Values(0, 2)] int prefix)
    {
        using MemoryScope scope = new();
        using TokenMixingExperts layer = new(Features, Length, Experts, prefix, new RandomStream(1));
        Tensor x = Ops.RandomNormal([2, Tokens, Features], new RandomStream(2));
        float[] y = layer.Forward(x).ToArray();
        for (int token = 0; token < Tokens; token++)
        {
            float[] other = x.ToArray();
            for (int i = 0; i < other.Length; i++)
            {
                other[i] += i / Features % Tokens == token ? 10 : 0;
            }
            float[] changed = layer.Forward(Tensor.From(other, x.Shape)).ToArray();
            Assert.That(
                changed.Where((_, i) => i / Features % Tokens < token), Is.EqualTo(y.Where((_, i) => i / Features % Tokens < token)), $"before token {token}");
            Assert.That(changed, Is.Not.EqualTo(y), $"from token {token} on");
        }
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers_AndTheRouterTrains()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using Tape tape = new();
        using TokenMixingExperts layer = new(Features, Length, Experts, 2, new RandomStream(1));
        layer.Save(folder.File("mixing.safetensors"));
        using TokenMixingExperts again = Layer.Load<TokenMixingExperts>(folder.File("mixing.safetensors"));
        Tensor x = Ops.RandomNormal([2, Tokens, Features], new RandomStream(2));
        Tensor y = layer.Forward(x);
        Assert.That(again.Forward(x).ToArray(), Is.EqualTo(y.ToArray()));
        Assert.That(tape.Gradient(Ops.Sum(Ops.Square(y)), layer.Router!.Weight.Value).ToArray(), Has.Some.Not.Zero);
        Assert.That(
            () => layer.Forward(Tensor.Zeros([2, 8, Features])),
            Throws.ArgumentException.With.Message.StartsWith("TokenMixingExperts: the input must be [B, 1 to 7, 6]; got [2, 8, 6]."));
        Assert.That(() => new TokenMixingExperts(6, 7, 4), Throws.ArgumentException);
    }
}
