using HyperKernels.Optim;

namespace HyperKernels.Tests;

/// <summary>Ranges of a parameter that ops use on their own: their gradients are parts of its gradient, for everybody who looks the gradient itself.</summary>
[TestFixture]
internal sealed class PartialGradientTests
{
    private const int Rows = 13;
    private const int Columns = 7;

    public static IEnumerable<TestCaseData> Uses =>
    [
        Case("covering", w => [Rest(w, 0, 5), Rest(w, 5, 8)], isCovered: true),
        Case("split", w => Ops.Split(w, 0, 4, 6, 3), isCovered: true),
        Case("reshaped", w => [Ops.Reshape(Rest(w, 0, 6), 2, 3, Columns), Ops.Reshape(Rest(w, 6, 7), 7 * Columns)], isCovered: true),
        Case("range of a range", w => [Rest(Rest(w, 2, 11), 3, 8), Rest(w, 0, 2), Rest(w, 2, 3)], isCovered: true),
        Case("with a gap", w => [Rest(w, 1, 3), Rest(w, 9, 4)], isCovered: false),
        Case("overlapping", w => [Rest(w, 0, 9), Rest(w, 4, 9)], isCovered: false),
        Case("twice", w => [Rest(w, 0, 13), Rest(w, 0, 13)], isCovered: true),
        Case("beside the whole", w => [Rest(w, 0, 13), w], isCovered: false),
        Case("columns", w => [Ops.Slice(w, 1, 0, 3), Ops.Slice(w, 1, 3, 4)], isCovered: false),
    ];

    [TestCaseSource(nameof(Uses))]
    public void Backward_ByParts_GivesTheGradientOfTheWhole(Func<Tensor, Tensor[]> use, bool isCovered)
    {
        using Parameter weight = Weight(Rows, Columns);
        float[] expected;
        using (Tape tape = new())
        {
            expected = tape.Gradient(Loss(use(weight.Value)), weight.Value).ToArray();
        }
        using Tape own = new();
        own.Backward(Loss(use(weight.Value)));

        Assert.That(own.GradientOf(weight.Value).IsCoveredByParts(weight.Value.Count), Is.EqualTo(isCovered));
        Assert.That(own.TryGetGradient(weight.Value, out Tensor gradient));
        Assert.That(gradient.ToArray(), Is.EqualTo(expected).Within(1e-6f));
    }

    [TestCaseSource(nameof(Uses))]
    public void Step_PartsOrWhole_GivesTheSameBits(Func<Tensor, Tensor[]> use, bool isCovered)
    {
        float[][] results = [.. new[] { false, true }.Select(ask =>
        {
            using Parameter weight = Weight(Rows, Columns);
            using Adam adam = new([weight], 0.1f, weightDecay: 0.1f);
            for (int step = 0; step < 3; step++)
            {
                using Tape tape = new();
                tape.Backward(Loss(use(weight.Value)));
                Assert.That(!ask || tape.TryGetGradient(weight.Value, out _), $"covered: {isCovered}");
                adam.Step(tape);
                Assert.That(adam.Steps, Is.EqualTo(new long[] { step + 1 }));
            }
            return weight.Value.ToArray();
        })];

        Assert.That(results[0], Is.EqualTo(results[1]));
    }

    [Test]
    public void Step_LargeProductsOfParts_StayFactorsAndGiveTheSameBits()
    {
        // Each part is larger than the second cache, the width no multiple of any tile.
        int rows = (Backends.Cpu.CacheSizes.Level2 / sizeof(float) / 83) + 401;
        float[][] results = [.. new[] { false, true }.Select(ask =>
        {
            using DeviceUse use = Device.Use(Device.Cpu);
            using Parameter weight = Weight(2 * rows, 83);
            using Adam adam = new([weight], 0.1f);
            using Tape tape = new();
            Tensor input = Ops.RandomNormal([21, 83], new RandomStream(5));
            Tensor[] parts = Ops.Split(weight.Value, 0, rows, rows);
            tape.Backward(Loss([Ops.Linear(input, parts[0]), Ops.Linear(input * 0.5f, parts[1])]));
            Assert.That(tape.GradientOf(weight.Value).Deferred!.Parts!.TrueForAll(static part => part.Gradient.IsProduct));
            Assert.That(!ask || tape.TryGetGradient(weight.Value, out _));
            adam.Step(tape);
            return weight.Value.ToArray();
        })];

        Assert.That(results[0].AsSpan().SequenceEqual(results[1]));
    }

    [Test]
    public void Gradient_OfASlice_IsGivenToWhoAsksForIt()
    {
        using Parameter weight = Weight(Rows, Columns);
        using Tape tape = new();
        Tensor slice = Rest(weight.Value, 2, 3);
        Tensor loss = Loss([slice]);
        Tensor[] gradients = tape.Gradient(loss, [slice, weight.Value]);

        Assert.That(gradients[0].ToArray(), Is.EqualTo(Ops.Slice(gradients[1], 0, 2, 3).ToArray()));
        Assert.That(gradients[0].ToArray(), Has.Some.Not.Zero);
    }

    [Test]
    public void Gradient_OfTheGradientOfParts_IsThatOfTheWhole()
    {
        using Parameter weight = Weight(Rows, Columns);
        using Tape tape = new();
        Tensor first = tape.Gradient(Loss(Ops.Split(weight.Value, 0, 5, 8)), weight.Value, differentiable: true);
        tape.Backward(Ops.Sum(Ops.Square(first)));
        Assert.That(tape.TryGetGradient(weight.Value, out Tensor second));
        // The sum of cubes has the gradient 3 w^2, whose square sum has 36 w^3.
        Assert.That(second.ToArray(), Is.EqualTo(weight.Value.ToArray().Select(static w => 36 * w * w * w)).Within(1e-3f));
    }

    private static TestCaseData Case(string name, Func<Tensor, Tensor[]> use, bool isCovered) => new TestCaseData(use, isCovered).SetArgDisplayNames(name);

    private static Tensor Rest(Tensor w, int start, int length) => Ops.Slice(w, 0, start, length);

    private static Tensor Loss(Tensor[] pieces)
    {
        Tensor loss = Ops.Sum(Ops.Multiply(Ops.Square(pieces[0]), pieces[0]));
        foreach (Tensor piece in pieces.AsSpan(1))
        {
            loss = Ops.Add(loss, Ops.Sum(Ops.Multiply(Ops.Square(piece), piece)));
        }
        return loss;
    }

    private static Parameter Weight(int rows, int columns)
    {
        float[] values = new float[rows * columns];
        new RandomStream(3).FillNormal(values);
        return new Parameter("weight", values, [rows, columns]);
    }
}
