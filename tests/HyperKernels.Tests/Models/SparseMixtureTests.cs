using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class SparseMixtureTests
{
    private const int Rows = 9;
    private const int Inputs = 4;
    private const int Experts = 5;

    private static Gate[] Gates =>
        [Drawn(new LinearGate(Inputs, Experts)), Drawn(new NoisyGate(Inputs, Experts)), new HyperGate(Inputs, Experts, 6, random: new RandomStream(3))];

    [Test]
    public void Forward_EveryRow_IsTheSharesTimesItsExperts([Values(1, 2, Experts)] int active)
    {
        using MemoryScope scope = new();
        using SparseMixture layer = Mixture(Gates[0], active);
        Tensor x = Ops.RandomNormal([Rows, Inputs], new RandomStream(2));
        float[] actual = layer.Forward(x).ToArray();
        for (int row = 0; row < Rows; row++)
        {
            Tensor own = Ops.Slice(x, 0, row, 1);
            float[] logits = layer.Gate.Forward(own).Logits.ToArray();
            int[] chosen = [.. Enumerable.Range(0, Experts).OrderByDescending(expert => logits[expert]).Take(active)];
            double sum = chosen.Sum(expert => Math.Exp(logits[expert]));
            double[] expected = new double[3];
            foreach (int expert in chosen)
            {
                float[] given = layer.Experts.Forward(own, RowGroups.Of([expert], Experts)).ToArray();
                for (int i = 0; i < expected.Length; i++)
                {
                    expected[i] += Math.Exp(logits[expert]) / sum * given[i];
                }
            }
            Assert.That(actual.AsSpan(row * 3, 3).ToArray(), Is.EqualTo(expected).Within(1e-5), $"row {row}");
        }
    }

    [Test]
    public void Backward_ExpertWithoutRows_GetsZeros()
    {
        using Tape tape = new();
        using SparseMixture layer = Mixture(new LinearGate(Inputs, Experts), active: 2);
        // All logits are equal: the two experts of the lowest numbers serve every row.
        Tensor sum = Ops.Sum(layer.Forward(Ops.RandomNormal([Rows, Inputs], new RandomStream(2))));
        float[] gradient = tape.Gradient(sum, layer.Experts.Weight1.Value).ToArray();
        int each = gradient.Length / Experts;
        Assert.Multiple(() =>
        {
            Assert.That(gradient.Take(2 * each), Has.Some.Not.Zero);
            Assert.That(gradient.Skip(2 * each), Is.All.Zero);
        });
    }

    [Test]
    public void CapacityFactor_ChangedBetweenCalls_IsTheLoopThatFillsExpertsChoiceByChoice([Values(1, 2)] int active)
    {
        using MemoryScope scope = new();
        using SparseMixture layer = Mixture(Gates[0], active);
        Tensor x = Ops.RandomNormal([Rows, Inputs], new RandomStream(2));
        float[] free = layer.Forward(x).ToArray();
        Routing routing = layer.Route(x);
        (int[] chosen, float[] shares) = (routing.Experts.ToIntArray(), routing.Shares.ToArray());
        int lost = 0;
        foreach (double factor in (double[])[0.3, 1, 2, Experts])
        {
            layer.CapacityFactor = factor;

            float[] y = layer.Forward(x).ToArray();

            int capacity = (int)Math.Ceiling(factor * Rows * active / Experts);
            int[] served = new int[Experts];
            double[] expected = new double[y.Length];
            for (int choice = 0; choice < active; choice++)
            {
                for (int row = 0; row < Rows; row++)
                {
                    int at = (row * active) + choice;
                    if (served[chosen[at]] == capacity)
                    {
                        lost++;
                        continue;
                    }
                    served[chosen[at]]++;
                    float[] given = layer.Experts.Forward(Ops.Slice(x, 0, row, 1), RowGroups.Of([chosen[at]], Experts)).ToArray();
                    for (int i = 0; i < given.Length; i++)
                    {
                        expected[(row * given.Length) + i] += shares[at] * given[i];
                    }
                }
            }
            Assert.That(y, Is.EqualTo(expected).Within(1e-5), $"factor {factor}");
        }
        Assert.That(lost, Is.Positive, "some row must lose an expert for this to show anything");
        layer.CapacityFactor = null;
        Assert.That(layer.Forward(x).ToArray(), Is.EqualTo(free));
        Assert.That(() => layer.CapacityFactor = 0, Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void SquaredVariation_OfAnEvenLoadIsZero_AndOfOneExpertForAllIsTheirNumberLessOne()
    {
        using MemoryScope scope = new();
        Assert.Multiple(() =>
        {
            Assert.That(Routing.SquaredVariation(Tensor.From([3f, 3, 3, 3])).ToScalar(), Is.Zero);
            Assert.That(Routing.SquaredVariation(Tensor.From([12f, 0, 0, 0])).ToScalar(), Is.EqualTo(3).Within(1e-5));
            Assert.That(Routing.SquaredVariation(Tensor.From([12f, 0, 0, 0]), unbiased: true).ToScalar(), Is.EqualTo(4).Within(1e-5));
            Assert.That(Routing.SquaredVariation(Tensor.From([7f])).ToScalar(), Is.Zero, "one expert alone");
        });
    }

    [Test]
    public void Load_WithNoise_IsTheMeanCountOverDraws()
    {
        using MemoryScope scope = new();
        NoisyGate gate = (NoisyGate)Gates[1];
        Tensor x = Ops.RandomNormal([Rows, Inputs], new RandomStream(2));
        RandomStream random = new(5);
        double[] counts = new double[Experts];
        double[] loads = new double[Experts];
        const int Draws = 300;
        for (int draw = 0; draw < Draws; draw++)
        {
            Routing routing = Routing.Of(gate.Forward(x, Ops.RandomNormal([Rows, Experts], random)), 2);
            float[] load = routing.Load().ToArray();
            foreach (int expert in routing.Experts.ToIntArray())
            {
                counts[expert]++;
            }
            for (int expert = 0; expert < Experts; expert++)
            {
                loads[expert] += load[expert];
            }
        }
        // Each expert's own noise is drawn anew while the others' stays: on average over their draws that is the chance to serve.
        Assert.That(loads.Select(load => load / Draws), Is.EqualTo(counts.Select(count => count / Draws)).Within(0.25));
    }

    [Test]
    public void HyperGate_TrainsItsVectorAlone_UnlessToldOtherwise()
    {
        using HyperGate frozen = new(Inputs, Experts, 6, random: new RandomStream(1));
        using HyperGate whole = new(Inputs, Experts, 6, trainsGenerator: true, random: new RandomStream(1));
        Assert.Multiple(() =>
        {
            Assert.That(frozen.Parameters.Where(parameter => parameter.RequiresGradient), Is.EqualTo(new[] { frozen.Embedding }));
            Assert.That(whole.Parameters, Has.All.Matches<Parameter?>(parameter => parameter!.RequiresGradient));
        });
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers([Range(0, 2)] int gate, [Values] ExpertSelection selection)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using SparseMixture layer = new(
            Gates[gate], new ExpertMlp(Experts, Inputs, 6, 3, Activation.Gelu, new RandomStream(1)), 2, selection, softmaxOutputs: gate == 1);
        layer.Eval();
        layer.Save(folder.File("mixture.safetensors"));

        using SparseMixture again = Layer.Load<SparseMixture>(folder.File("mixture.safetensors"));

        Tensor x = Ops.RandomNormal([2, Rows, Inputs], new RandomStream(2));
        Assert.That(again.Forward(x).ToArray(), Is.EqualTo(layer.Forward(x).ToArray()));
        Assert.That(again.Parameters.Select(parameter => parameter.RequiresGradient), Is.EqualTo(layer.Parameters.Select(parameter => parameter.RequiresGradient)));
    }

    [Test]
    public void Constructor_WhatDoesNotFit_IsRefused() => Assert.Multiple(() =>
    {
        Assert.That(
            () => new SparseMixture(new LinearGate(4, 3), new ExpertMlp(5, 4, 6, 3)),
            Throws.ArgumentException.With.Message.EqualTo(
                "SparseMixture: the gate must score the experts that there are: it scores 3 of rows of 4; there are 5 for rows of 4."));
        Assert.That(
            () => new SparseMixture(new LinearGate(4, 3), new ExpertMlp(3, 4, 6, 3), active: 4),
            Throws.ArgumentException.With.Message.StartsWith("SparseMixture: from 1 to 3 experts can be active; got 4."));
    });

    private static SparseMixture Mixture(Gate gate, int active) => new(gate, new ExpertMlp(Experts, Inputs, 6, 3, random: new RandomStream(1)), active);

    // Gates start at zero, where all experts are alike.
    private static Gate Drawn(Gate gate)
    {
        RandomStream random = new(7);
        foreach (Parameter parameter in gate.Parameters)
        {
            float[] values = new float[parameter.Shape.Count];
            random.FillNormal(values, 0, 0.7f);
            parameter.Load(values);
        }
        return gate;
    }
}
