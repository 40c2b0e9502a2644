using HyperKernels.Cases;

namespace HyperKernels.Tests;

/// <summary>Functions over all magnitudes and special values, on every device: rows of the catalogue stay where tolerances are absolute.</summary>
public sealed class FunctionRangeTests
{
    private const double RelativeError = 5e-7;

    // Below the normal numbers a device may give zero.
    private const double AbsoluteError = 2e-38;

    private static readonly (string Name, Func<Tensor, Tensor> Run, Func<double, double> Exact)[] s_functions =
    [
        ("exp", Ops.Exp, Math.Exp),
        ("log", Ops.Log, Math.Log),
        ("sin", Ops.Sin, Math.Sin),
        ("cos", Ops.Cos, Math.Cos),
        ("tanh", Ops.Tanh, Math.Tanh),
        ("sigmoid", Ops.Sigmoid, x => 1 / (1 + Math.Exp(-x))),
        ("elu", x => Ops.Elu(x), x => x < -1e-4 ? Math.Exp(x) - 1 : x < 0 ? x + (x * x / 2) : x),
    ];

    public static IEnumerable<TestCaseData> Functions =>
        from function in s_functions
        from device in Conformance.Devices
        select new TestCaseData(function.Run, function.Exact, device).SetArgDisplayNames($"{function.Name} on {device.Name}");

    public static IEnumerable<TestCaseData> Devices => Conformance.Devices.Select(device => new TestCaseData(device).SetArgDisplayNames(device.Name));

    [TestCaseSource(nameof(Functions))]
    public void Function_AnyMagnitude_IsCloseToTheDoubleOne(Func<Tensor, Tensor> run, Func<double, double> exact, Device device)
    {
        List<float> inputs = [0, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, float.MinValue, 65535.9f, 65536, 65537];
        for (float magnitude = 1e-37f; magnitude < 3e38f; magnitude *= 1.013f)
        {
            inputs.Add(magnitude);
            inputs.Add(-magnitude);
        }
        using MemoryScope scope = device.Scope();
        float[] actual = run(Tensor.From([.. inputs], [inputs.Count], device)).ToArray();
        for (int i = 0; i < actual.Length; i++)
        {
            Compare(exact(inputs[i]), actual[i], $"of {inputs[i]:R}");
        }
    }

    [TestCaseSource(nameof(Devices))]
    public void Power_AnyBaseAndExponent_IsCloseToTheDoubleOne(Device device)
    {
        float[] special =
        [
            0, -0f, 1, -1, 2, -2, 0.5f, -0.5f, 3, -3, 1.5f, 0.1f, 1.0001f, 0.9999f, 1e-30f, 1e30f, 16777215, -16777217, 33554432,
            float.PositiveInfinity, float.NegativeInfinity, float.NaN, 87, -87, 254.25f, 1.41f,
        ];
        using MemoryScope scope = device.Scope();
        Tensor all = Tensor.From(special, [special.Length, 1], device);
        float[] actual = Ops.Power(all, Ops.Reshape(all, [1, special.Length])).ToArray();
        for (int i = 0; i < actual.Length; i++)
        {
            (float a, float b) = (special[i / special.Length], special[i % special.Length]);
            Compare(Math.Pow(a, b), actual[i], $"of {a:R} and {b:R}");
        }
    }

    private static void Compare(double expected, float actual, string where)
    {
        // What a float cannot hold is infinite.
        double rounded = Math.Abs(expected) > float.MaxValue ? double.CopySign(double.PositiveInfinity, expected) : expected;
        bool equal = rounded.Equals((double)actual) || Math.Abs(rounded - actual) <= AbsoluteError + (RelativeError * Math.Abs(rounded));
        Assert.That(equal, $"{where}: expected {expected:R}, got {actual:R}");
    }
}
