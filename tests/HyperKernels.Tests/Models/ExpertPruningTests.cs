using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class ExpertPruningTests
{
    private const int Inputs = 4;

    // Experts 0, 3 and 4 are one, and so are 1 and 5: clusters have other numbers than experts.
    private static readonly int[] s_kindOf = [2, 0, 1, 2, 2, 0];

    [Test]
    public void Prune_ExpertsThatAreAlike_ChangesNoAnswer([Values] bool noisy)
    {
        using MemoryScope scope = new();
        using SparseMixture mixture = Mixture(s_kindOf, noisy);
        Tensor x = Ops.RandomNormal([30, Inputs], new RandomStream(2));

        using SparseMixture smaller = ExpertPruning.Prune(mixture, ExpertPruning.UsageOf(mixture, x), keep: 3);

        Assert.That(smaller.Gate.Experts, Is.EqualTo(3));
        Assert.That(smaller.Forward(x).ToArray(), Is.EqualTo(mixture.Forward(x).ToArray()).Within(1e-5));
    }

    [Test]
    public void Prune_MergedExperts_WeighByUsage()
    {
        using MemoryScope scope = new();
        using SparseMixture mixture = Mixture([0, 1, 2], noisy: false);

        using SparseMixture one = ExpertPruning.Prune(mixture, [3, 1, 0], keep: 1);

        float[][] old = [.. mixture.Experts.Weight1.Value.ToArray().Chunk(5 * Inputs)];
        float[][] router = [.. ((LinearGate)mixture.Gate).Weight.Value.ToArray().Chunk(Inputs)];
        Assert.Multiple(() =>
        {
            Assert.That(one.Experts.Weight1.Value.ToArray(), Is.EqualTo(old[0].Zip(old[1], (a, b) => (0.75 * a) + (0.25 * b))).Within(1e-6));
            Assert.That(((LinearGate)one.Gate).Weight.Value.ToArray(), Is.EqualTo(router[0].Zip(router[1], (a, b) => (0.75 * a) + (0.25 * b))).Within(1e-6));
        });
    }

    [Test]
    public void Prune_WithoutMerging_KeepsTheMostUsedWithTheirRouterRows()
    {
        using MemoryScope scope = new();
        using SparseMixture mixture = Mixture([0, 1, 2, 3], noisy: false);
        Tensor x = Ops.RandomNormal([60, Inputs], new RandomStream(2));
        int[] chosen = mixture.Route(x).Experts.ToIntArray();

        using SparseMixture smaller = ExpertPruning.Prune(mixture, [1, 9, 0, 5], keep: 2, merge: false);

        float[][] all = [.. mixture.Forward(x).ToArray().Chunk(3)];
        float[][] left = [.. smaller.Forward(x).ToArray().Chunk(3)];
        int[] unchanged = [.. Enumerable.Range(0, 60).Where(row => chosen[row] is 1 or 3)];
        Assert.That(unchanged, Is.Not.Empty);
        Assert.That(unchanged.SelectMany(row => left[row]), Is.EqualTo(unchanged.SelectMany(row => all[row])).Within(1e-6), "rows whose expert is left");
    }

    [Test]
    public void Prune_RouterRowsThatCoincide_StillLeaveAsManyAsAsked()
    {
        using MemoryScope scope = new();
        using SparseMixture mixture = Mixture([0, 0, 0, 0], noisy: false);
        using SparseMixture smaller = ExpertPruning.Prune(mixture, [1, 1, 1, 1], keep: 3);
        Assert.That(smaller.Gate.Experts, Is.EqualTo(3));
        using SparseMixture generated = new(new HyperGate(Inputs, 2, 3), new ExpertMlp(2, Inputs, 5, 3));
        Assert.That(
            () => ExpertPruning.Prune(generated, [1, 1], 1), Throws.ArgumentException.With.Message.EndsWith("got a HyperGate, 2 numbers and 1."));
    }

    private static SparseMixture Mixture(int[] kinds, bool noisy)
    {
        ExpertMlp experts = new(kinds.Length, Inputs, 5, 3);
        Gate gate = noisy ? new NoisyGate(Inputs, kinds.Length) : new LinearGate(Inputs, kinds.Length);
        RandomStream random = new(3);
        foreach (Parameter parameter in (Parameter[])[.. experts.Parameters, .. gate.Parameters])
        {
            int each = (int)parameter.Shape.RowCount;
            float[] values = new float[(kinds.Max() + 1) * each];
            random.FillNormal(values, 0, 1);
            parameter.Load([.. kinds.SelectMany(kind => values.AsSpan(kind * each, each).ToArray())]);
        }
        SparseMixture mixture = new(gate, experts, active: 1);
        mixture.Eval();
        return mixture;
    }
}
