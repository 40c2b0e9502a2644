using HyperKernels.Backends;
using HyperKernels.Backends.Cpu;
using NUnit.Framework;

namespace HyperKernels.Tests;

[TestFixture]
internal sealed unsafe class VecMathTests
{
    private enum Function
    {
        Activation,
        Exp,
        ExpMinusOne,
        LogOnePlus,
        Erf,
        Sin,
        Cos,
    }

    private static readonly int[] s_widths = [512, 256, 128, 0];

    // Every magnitude from denormal to far outside the interesting range, both signs, and the special values.
    private static float[] Inputs()
    {
        List<float> inputs = [0, -0f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, float.MinValue];
        for (int i = -6000; i <= 6000; i++)
        {
            inputs.Add(i * 0.02f);
            inputs.Add(i * 0.0007f);
        }
        for (float magnitude = 1e-39f; magnitude < 1e38f; magnitude *= 1.7f)
        {
            inputs.Add(magnitude);
            inputs.Add(-magnitude);
        }
        return [.. inputs];
    }

    // Sum of positive terms only, so that nothing cancels (Abramowitz and Stegun 7.1.6).
    private static double Erf(double x)
    {
        if (double.IsNaN(x) || Math.Abs(x) > 6)
        {
            return double.IsNaN(x) ? x : Math.Sign(x);
        }
        double term = x;
        double sum = 0;
        for (int n = 0; n < 200; n++)
        {
            sum += term;
            term *= 2 * x * x / ((2 * n) + 3);
        }
        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static double LogOnePlus(double x) => Math.Abs(x) < 1e-5 ? x - (x * x / 2) + (x * x * x / 3) : Math.Log(1 + x);

    private static double ExpMinusOne(double x) => Math.Abs(x) < 1e-5 ? x + (x * x / 2) + (x * x * x / 6) : Math.Exp(x) - 1;

    private static float[] Map(int width, float[] inputs, Function function, ActivationKind activation, float parameter)
    {
        float[] outputs = new float[inputs.Length];
        fixed (float* source = inputs, destination = outputs)
        {
            MapTiles tiles = new()
            {
                Source = source,
                Destination = destination,
                Count = inputs.Length,
                Function = function,
                Activation = activation,
                Parameter = parameter,
            };
            using ForkJoin threads = new(1);
            threads.For(width, 1, ref tiles);
        }
        return outputs;
    }

    private static void Check(float[] inputs, float[] actual, Func<double, double> oracle, double relative, double absolute)
    {
        for (int i = 0; i < inputs.Length; i++)
        {
            double expected = oracle(inputs[i]);
            if (double.IsNaN(expected) || float.IsInfinity((float)expected))
            {
                Assert.That(actual[i], Is.EqualTo((float)expected), $"x = {inputs[i]:R}");
                continue;
            }
            double tolerance = (relative * Math.Abs(expected)) + absolute;
            Assert.That(actual[i], Is.EqualTo(expected).Within(tolerance), $"x = {inputs[i]:R}");
        }
    }

    [Test]
    public void Exp_AnyInput_IsCloseToTheDoubleFunction([ValueSource(nameof(s_widths))] int width)
    {
        float[] inputs = [.. Inputs().Where(x => !(x > 88.72f && x < 88.74f))];
        Check(inputs, Map(width, inputs, Function.Exp, ActivationKind.None, 0), Math.Exp, 2e-7, 1.5e-45);
    }

    [Test]
    public void ExpMinusOne_AnyInput_IsCloseToTheDoubleFunction([ValueSource(nameof(s_widths))] int width)
    {
        float[] inputs = [.. Inputs().Where(x => !(x > 88.72f && x < 88.74f))];
        Check(inputs, Map(width, inputs, Function.ExpMinusOne, ActivationKind.None, 0), ExpMinusOne, 1e-6, 1.5e-45);
    }

    [Test]
    public void LogOnePlus_AboveMinusOne_IsCloseToTheDoubleFunction([ValueSource(nameof(s_widths))] int width)
    {
        float[] inputs = [.. Inputs().Where(x => x > -0.99f && float.IsFinite(x))];
        Check(inputs, Map(width, inputs, Function.LogOnePlus, ActivationKind.None, 0), LogOnePlus, 1e-6, 1.5e-45);
    }

    [Test]
    public void Erf_AnyInput_IsCloseToTheDoubleFunction([ValueSource(nameof(s_widths))] int width)
    {
        float[] inputs = Inputs();
        Check(inputs, Map(width, inputs, Function.Erf, ActivationKind.None, 0), Erf, 2e-7, 1.5e-45);
        Check(inputs, Map(width, inputs, Function.Erf, ActivationKind.None, 0), Erf, 0, 1e-7);
    }

    [Test]
    public void SinAndCos_AnyInput_AreCloseToTheDoubleFunctions([ValueSource(nameof(s_widths))] int width)
    {
        // Floats beside multiples of pi / 2, where what is left of them is smallest, and on both sides of the largest that single precision reduces.
        List<float> inputs = [.. Inputs()];
        for (int n = -70_000; n <= 70_000; n++)
        {
            float near = (float)(n * Math.PI / 2);
            inputs.AddRange([MathF.BitDecrement(near), near, MathF.BitIncrement(near)]);
        }
        Check([.. inputs], Map(width, [.. inputs], Function.Sin, ActivationKind.None, 0), Math.Sin, 2.4e-7, 0);
        Check([.. inputs], Map(width, [.. inputs], Function.Cos, ActivationKind.None, 0), Math.Cos, 2.4e-7, 0);
    }

    [Test]
    public void Sin_MinusZero_KeepsItsSign([ValueSource(nameof(s_widths))] int width) =>
        Assert.That(float.IsNegative(Map(width, [-0f], Function.Sin, ActivationKind.None, 0)[0]));

    [Test]
    public void Sin_BesideALargeNumber_GivesTheSameBits([ValueSource(nameof(s_widths))] int width)
    {
        float[] alone = [.. Enumerable.Range(0, 40).Select(i => i * 0.37f)];
        float[] among = [.. alone.Select((x, i) => i % 3 == 0 ? 1e7f : x)];
        float[] expected = Map(width, alone, Function.Sin, ActivationKind.None, 0);
        float[] actual = Map(width, among, Function.Sin, ActivationKind.None, 0);
        Assert.That(actual.Where((_, i) => i % 3 != 0), Is.EqualTo(expected.Where((_, i) => i % 3 != 0)));
    }

    [Test]
    public void Activate_AnyInput_IsCloseToTheDoubleFunction([ValueSource(nameof(s_widths))] int width, [Values] ActivationKind activation)
    {
        const double Slope = 0.25;
        Bound bound = activation switch
        {
            ActivationKind.None => new(x => x, 0, 0),
            ActivationKind.Relu => new(x => double.IsNaN(x) ? x : Math.Max(x, 0), 0, 0),
            ActivationKind.LeakyRelu => new(x => x < 0 ? Slope * x : x, 1e-7, 1.5e-45),
            ActivationKind.Elu => new(x => x < 0 ? Slope * ExpMinusOne(x) : x, 1e-6, 1.5e-45),
            ActivationKind.Tanh => new(Math.Tanh, 3e-7, 1.5e-45),
            ActivationKind.Sigmoid => new(Sigmoid, 4e-7, 1e-38),
            // -infinity times 0 is NaN in floats, while e^x wins in the limit: the extremes are left out below.
            ActivationKind.Silu => new(x => x * Sigmoid(x), 5e-7, 1e-36),
            ActivationKind.Softplus => new(x => Math.Max(x, 0) + LogOnePlus(Math.Exp(-Math.Abs(x))), 1e-6, 1.5e-45),
            // 2e-7 |x|, where |x| is at most about 6 before both are exactly 0.
            ActivationKind.Gelu => new(x => 0.5 * x * (1 + Erf(x / Math.Sqrt(2))), 5e-7, 6e-7),
            ActivationKind.GeluTanh => new(x => x * Sigmoid(2 * Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))), 1e-5, 1e-36),
            // The argument parameter x is rounded to a float, hence the absolute part.
            ActivationKind.Sine => new(x => Math.Sin(Slope * x), 1e-6, 2e-6),
            _ => throw new InvalidOperationException($"No oracle for {activation}."),
        };
        bool bounded = activation is ActivationKind.Silu or ActivationKind.Gelu or ActivationKind.GeluTanh or ActivationKind.Sine;
        float[] inputs = [.. Inputs().Where(x => !bounded || Math.Abs(x) < 100 || float.IsNaN(x))];
        Check(inputs, Map(width, inputs, default, activation, (float)Slope), bound.Oracle, bound.Relative, bound.Absolute);
    }

    [Test]
    public void Activate_AnyWidth_GivesTheSameBits(
        [Values(ActivationKind.Tanh, ActivationKind.Sigmoid, ActivationKind.Silu, ActivationKind.Gelu, ActivationKind.GeluTanh, ActivationKind.Sine)] ActivationKind activation)
    {
        if (activation == ActivationKind.Sine && !VecMath.IsFused)
        {
            Assert.Ignore("without a fused multiply-add sines are the runtime's, at every width in its own way.");
        }
        // Larger angles are too.
        float[] inputs = [.. Inputs().Where(x => !float.IsNaN(x) && (activation != ActivationKind.Sine || Math.Abs(x) < 1e5f))];
        float[] expected = Map(0, inputs, default, activation, 1);
        foreach (int width in s_widths)
        {
            Assert.That(Map(width, inputs, default, activation, 1), Is.EqualTo(expected), $"width {width}");
        }
    }

    private sealed record Bound(Func<double, double> Oracle, double Relative, double Absolute);

    private struct MapTiles : ITiles
    {
        public float* Source;
        public float* Destination;
        public int Count;
        public Function Function;
        public ActivationKind Activation;
        public float Parameter;

        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            if (Function == Function.Activation)
            {
                Buffer.MemoryCopy(Source, Destination, Count * sizeof(float), Count * sizeof(float));
                new GemmMatrix { Y = Destination, RowY = Count, Activation = Activation, Parameter = Parameter }.Finish<TVec>(0, 0, 1, Count);
                return;
            }
            for (int i = 0; i < Count; i += TVec.Count)
            {
                int lanes = Math.Min(TVec.Count, Count - i);
                TVec x = TVec.LoadPartial(Source + i, lanes);
                TVec y = Function switch
                {
                    Function.Sin => TVec.Sin(x),
                    Function.Cos => TVec.Cos(x),
                    Function.Exp => VecMath.Exp(x),
                    Function.ExpMinusOne => VecMath.ExpMinusOne(x),
                    Function.LogOnePlus => VecMath.LogOnePlus(x),
                    _ => VecMath.Erf(x),
                };
                y.StorePartial(Destination + i, lanes);
            }
        }
    }
}
