using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers;

public sealed class InitializerTests
{
    private static readonly Shape s_kernel = [64, 32, 3, 5];

    public static IEnumerable<TestCaseData> Uniforms()
    {
        yield return Case("kaiming_uniform", Initializer.KaimingUniform(), Math.Sqrt(6.0 / 480));
        yield return Case("kaiming_uniform fan-out tanh", Initializer.KaimingUniform(Activation.Tanh, mode: FanMode.Out), 5.0 / 3 * Math.Sqrt(3.0 / 960));
        yield return Case("xavier_uniform", Initializer.XavierUniform(2), 2 * Math.Sqrt(6.0 / 1440));
        yield return Case("default", Initializer.Default, 1 / Math.Sqrt(480));
        yield return Case("default for a fan", Initializer.DefaultFor(25), 0.2);
        yield return Case("siren first", Initializer.SirenFirst(), 1.0 / 480);
        yield return Case("siren", Initializer.Siren(30), Math.Sqrt(6.0 / 480) / 30);
        yield return Case("uniform", Initializer.Uniform(-2, 2), 2);
    }

    public static IEnumerable<TestCaseData> Normals()
    {
        yield return Case("kaiming_normal", Initializer.KaimingNormal(), Math.Sqrt(2.0 / 480));
        yield return Case("kaiming_normal leaky fan-out", Initializer.KaimingNormal(Activation.LeakyRelu(1), FanMode.Out), Math.Sqrt(1.0 / 960));
        yield return Case("xavier_normal", Initializer.XavierNormal(), Math.Sqrt(2.0 / 1440));
        yield return Case("normal", Initializer.Normal(0, 3), 3);
    }

    [TestCaseSource(nameof(Uniforms))]
    public void Draw_Uniform_FillsItsRangeEvenly(Initializer initializer, double bound)
    {
        float[] values = initializer.Draw(s_kernel, new RandomStream(7));

        using (Assert.EnterMultipleScope())
        {
            // 30,720 draws: the largest is within a thousandth of the bound, mean and variance within five deviations.
            Assert.That(values.Max(MathF.Abs), Is.InRange(bound * 0.999, bound * 1.0001));
            Assert.That(Mean(values), Is.Zero.Within(5 * bound / Math.Sqrt(3.0 * values.Length)));
            Assert.That(Variance(values), Is.EqualTo(bound * bound / 3).Within(3).Percent);
        }
    }

    [Test]
    public void Draw_TruncatedNormal_StaysWithinTwoDeviations()
    {
        float[] values = Initializer.TruncatedNormal(3, 0.5f).Draw(s_kernel, new RandomStream(7));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(values, Is.All.InRange(2, 4));
            Assert.That(Mean(values), Is.EqualTo(3).Within(0.02));
            // 1 - 4 phi(2) / (Phi(2) - Phi(-2)) of the whole variance is left.
            Assert.That(Variance(values), Is.EqualTo(0.25 * 0.7737).Within(4).Percent);
        }
    }

    [TestCaseSource(nameof(Normals))]
    public void Draw_Normal_HasItsMoments(Initializer initializer, double deviation)
    {
        float[] values = initializer.Draw(s_kernel, new RandomStream(7));

        double fourth = values.Average(value => Math.Pow(value / deviation, 4));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Mean(values), Is.Zero.Within(5 * deviation / Math.Sqrt(values.Length)));
            Assert.That(Variance(values), Is.EqualTo(deviation * deviation).Within(5).Percent);
            Assert.That(fourth, Is.EqualTo(3).Within(0.3), "the fourth moment of a Gaussian");
        }
    }

    [TestCase(6, 6)]
    [TestCase(3, 17)]
    [TestCase(17, 3)]
    [TestCase(1, 1)]
    public void Draw_Orthogonal_GivesOrthonormalVectorsTimesGain(int rows, int columns)
    {
        const double Gain = 1.5;
        float[] values = Initializer.Orthogonal(Gain).Draw([rows, columns], new RandomStream(3));

        int count = Math.Min(rows, columns);
        int length = Math.Max(rows, columns);
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < count; j++)
            {
                double dot = 0;
                for (int k = 0; k < length; k++)
                {
                    dot += rows <= columns
                        ? (double)values[(i * columns) + k] * values[(j * columns) + k]
                        : (double)values[(k * columns) + i] * values[(k * columns) + j];
                }
                Assert.That(dot, Is.EqualTo(i == j ? Gain * Gain : 0).Within(1e-6), $"vectors {i} and {j}");
            }
        }
    }

    [Test]
    public void Draw_OrthogonalKernel_CountsAxesAfterTheFirstAsColumns()
    {
        float[] kernel = Initializer.Orthogonal().Draw([4, 2, 3, 3], new RandomStream(3));

        Assert.That(kernel, Is.EqualTo(Initializer.Orthogonal().Draw([4, 18], new RandomStream(3))));
    }

    [Test]
    public void Draw_FanOfVector_IsRefusedWithTheWayOut() =>
        Assert.That(
            () => Initializer.KaimingUniform().Draw([5], new RandomStream(1)),
            Throws.ArgumentException.With.Message.Contains("[5]").And.Message.Contains("bias"));

    [Test]
    public void SetSeed_MakesTheSameModelAgain()
    {
        RandomStream before = Initializer.Random;
        try
        {
            Initializer.SetSeed(11);
            using TestLayers.Block first = new(3);
            Initializer.SetSeed(11);
            using TestLayers.Block second = new(3);
            using TestLayers.Block third = new(3);

            using (Assert.EnterMultipleScope())
            {
                Assert.That(second.Weight.Value.ToArray(), Is.EqualTo(first.Weight.Value.ToArray()));
                Assert.That(third.Weight.Value.ToArray(), Is.Not.EqualTo(first.Weight.Value.ToArray()));
            }
        }
        finally
        {
            Initializer.Random = before;
        }
    }

    [Test]
    public void Apply_DrawsAParameterAnew()
    {
        using Parameter parameter = new("weight", [4, 4]);

        Initializer.Constant(2.5f).Apply(parameter);

        Assert.That(parameter.Value.ToArray(), Has.All.EqualTo(2.5f));
    }

    private static TestCaseData Case(string name, Initializer initializer, double scale) => new TestCaseData(initializer, scale).SetArgDisplayNames(name);

    private static double Mean(float[] values) => values.Average(value => (double)value);

    private static double Variance(float[] values)
    {
        double mean = Mean(values);
        return values.Average(value => (value - mean) * (value - mean));
    }
}
