using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class HyperparameterTests
{
    [Test]
    public void Values_OfFirstNumbers_AreTheFirstValues()
    {
        using MemoryScope scope = new();
        using HyperparameterSpace space = new(
            Hyperparameter.Bounded("a", -1, 0.9, 0.05), Hyperparameter.AtLeast("b", 2, 30), Hyperparameter.AtMost("c", 1, 0.999), Hyperparameter.Positive("d", 1e-6),
            Hyperparameter.Free("e", -7), Hyperparameter.Bounded("f", 0, 25, 4) with { Size = 2 });

        float[] values = space.Values(space.Current).ToArray();

        double[] expected = [0.05, 30, 0.999, 1e-6, -7, 4, 4];
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.That(values[i], Is.EqualTo(expected[i]).Within(1e-4).Percent, $"{i}");
        }
        Assert.That(space.ValueOf("f"), Is.EqualTo(4).Within(1e-4));
        Assert.That(space.Of(space.Current, "f").Shape, Is.EqualTo(new Shape(1, 2)));
    }

    [Test]
    public void Value_Discrete_IsRoundedDownAndHasNoGradient()
    {
        using Tape tape = new();
        Hyperparameter free = Hyperparameter.Free("a") with { IsDiscrete = true };
        Tensor x = tape.Watch(Tensor.From([-2.5f, -2, -0.01f, 0, 0.5f, 0.999999f, 1, 23.7f, 4000.25f]));

        Tensor value = free.Value(x);

        Assert.That(value.ToArray(), Is.EqualTo(new[] { -3f, -2, -1, 0, 0, 0, 1, 23, 4000 }));
        Assert.That(() => tape.Backward(Ops.Sum(value)), Throws.ArgumentException, "nothing leads from the numbers to whole ones");
    }

    [Test]
    public void Perturb_SharedHyperparameter_IsTheSameForAllSamples()
    {
        using MemoryScope scope = new();
        using HyperparameterSpace space = new(
            Hyperparameter.Free("own", 1) with { Deviation = 2 }, Hyperparameter.Free("shared", -1) with { Deviation = 0.25, IsShared = true });

        float[] rows = space.Perturb(4000, new RandomStream(1)).ToArray();

        double[] own = [.. rows.Where((_, i) => i % 2 == 0).Select(v => (double)v)];
        Assert.That(own.Average(), Is.EqualTo(1).Within(0.15));
        Assert.That(Math.Sqrt(own.Average(v => (v - 1) * (v - 1))), Is.EqualTo(2).Within(0.1));
        Assert.That(rows.Where((_, i) => i % 2 == 1).Distinct().Single(), Is.EqualTo(-1).Within(1.25).And.Not.EqualTo(-1));
        Assert.That(space.Entropy().ToScalar(), Is.EqualTo(Math.Log(2) + Math.Log(0.25) + Math.Log(2 * Math.PI * Math.E)).Within(1e-5));
    }

    [Test]
    public void DrawPrior_StaysAtTheFirstValues()
    {
        using MemoryScope scope = new();
        using HyperparameterSpace space = new(Hyperparameter.Positive("decay", Math.E));
        space.Unconstrained.Load([-5]);
        float[] drawn = space.DrawPrior(4000, 1.5f, new RandomStream(1)).ToArray();
        Assert.That(drawn.Average(), Is.EqualTo(1).Within(0.1));
        Assert.That(Math.Sqrt(drawn.Average(v => (v - 1) * (v - 1))), Is.EqualTo(1.5).Within(0.1));
    }

    [Test]
    public void Mistakes_AreNamed()
    {
        using MemoryScope scope = new();
        using HyperparameterSpace space = new(Hyperparameter.Free("a"), Hyperparameter.Free("b"));
        Assert.Multiple(() =>
        {
            Assert.That(() => Hyperparameter.Bounded("drop", 0, 0.9, 0.9), Throws.ArgumentException.With.Message.StartsWith(
                "Hyperparameter \"drop\": a value must lie strictly between 0 and 0.9; got 0.9. The ends are never reached: begin near one."));
            Assert.That(() => Hyperparameter.Positive("decay", double.NaN), Throws.ArgumentException);
            Assert.That(() => new HyperparameterSpace(Hyperparameter.Free("a"), Hyperparameter.Free("a")), Throws.ArgumentException.With.Message.StartsWith(
                "HyperparameterSpace: at least one hyperparameter is needed, each with a name of its own; got [\"a\", \"a\"]."));
            Assert.That(() => new HyperparameterSpace(Hyperparameter.Free("a") with { Deviation = 0 }), Throws.ArgumentException.With.Message.StartsWith(
                "HyperparameterSpace: size must be at least 1 and deviation above 0; \"a\" has 1 and 0."));
            Assert.That(() => space.Values(Tensor.Zeros([4, 3])), Throws.ArgumentException.With.Message.StartsWith(
                "HyperparameterSpace: unconstrained must be [rows, 2]; got [4, 3]."));
            Assert.That(() => space.ValueOf("c"), Throws.ArgumentException.With.Message.StartsWith("HyperparameterSpace: there is no hyperparameter \"c\"; there are a, b."));
        });
    }
}
