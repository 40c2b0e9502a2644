namespace HyperKernels.Cases;

/// <summary>Elementwise ops of one tensor.</summary>
public static class ElementwiseUnaryCases
{
    private static readonly Shape[] s_sizes = [[], [0], [1], [17], [37, 41], [17, 1031]];

    /// <summary>The rows.</summary>
    public static IEnumerable<OpCase> All =>
    [
        .. Rows("neg", Ops.Neg, x => -x),
        .. Rows("abs", Ops.Abs, Math.Abs, low: 0.01),
        .. Rows("sign", Ops.Sign, x => double.IsNaN(x) ? 0 : Math.Sign(x), flat: true),
        .. Rows("exp", Ops.Exp, Math.Exp),
        .. Rows("log", Ops.Log, Math.Log, low: 0.1, positive: true),
        .. Rows("sqrt", Ops.Sqrt, Math.Sqrt, low: 0.1, positive: true),
        .. Rows("rsqrt", Ops.Rsqrt, x => 1 / Math.Sqrt(x), low: 0.1, positive: true),
        .. Rows("square", Ops.Square, x => x * x),
        .. Rows("reciprocal", Ops.Reciprocal, x => 1 / x, low: 0.3),
        .. Rows("sin", Ops.Sin, Math.Sin, scale: 5),
        .. Rows("cos", Ops.Cos, Math.Cos, scale: 5),
        .. Rows("tanh", Ops.Tanh, Math.Tanh, scale: 2),
        .. Rows("sigmoid", Ops.Sigmoid, PlainMath.Sigmoid, scale: 5),
        .. Rows("softplus", Ops.Softplus, PlainMath.Softplus, scale: 5),
        .. Rows("relu", Ops.Relu, x => Math.Max(x, 0), low: 0.01),
        .. Rows("leaky_relu", x => Ops.LeakyRelu(x, 0.1f), x => x > 0 ? x : 0.1f * x, low: 0.01),
        .. Rows("elu", x => Ops.Elu(x, 1.5f), x => x > 0 ? x : 1.5 * PlainMath.ExpMinusOne(x), low: 0.01),
        // x / 2 and x erf / 2 cancel below zero.
        .. Rows("gelu", Ops.Gelu, PlainMath.Gelu, scale: 2, terms: Math.Abs),
        .. Rows("gelu_tanh", Ops.GeluTanh, PlainMath.GeluTanh, scale: 2),
        .. Rows("silu", Ops.Silu, x => x * PlainMath.Sigmoid(x), scale: 3),
        .. Rows("erf", Ops.Erf, PlainMath.Erf),
        .. Rows("step", Ops.Step, x => x > 0 ? 1 : 0, flat: true),
        .. Rows("clamp", x => Ops.Clamp(x, -0.5f, 0.75f), x => Math.Clamp(x, -0.5, 0.75)),
        .. Rows("add_scalar", x => Ops.AddScalar(x, 2.5f), x => x + 2.5),
        .. Rows("multiply_scalar", x => Ops.MultiplyScalar(x, -1.25f), x => -1.25 * x),
        .. Rows("power_scalar", x => Ops.PowerScalar(x, 2.5f), x => Math.Pow(x, 2.5), low: 0.1, positive: true),
        .. Rows("power_scalar_whole", x => Ops.PowerScalar(x, 3), x => x * x * x),
        .. Rows("sine", x => Ops.Activate(x, Activation.Sine(30)), x => Math.Sin(30 * x), rounded: x => Math.Sin((float)(30 * x)), tolerance: 3e-5,
            reason: "30 x is rounded to float before the sine sees it"),
        .. Rows("operators", x => 3 - (((2 * x) + (x * 0.5f) - 1) / 4f), x => 3 - (((2.5 * x) - 1) / 4), several: true),
        .. Rows("divided_number", x => 2 / x, x => 2 / x, low: 0.3),
        Strided("relu_of_columns", Ops.Relu, x => Math.Max(x, 0)),
        Strided("tanh_of_columns", Ops.Tanh, Math.Tanh),
        Strided("tanh_of_columns", Ops.Tanh, Math.Tanh, first: 4, length: 8, columns: 20),
        Repeated(),
    ];

    private static IEnumerable<OpCase> Rows(
        string op,
        Func<Tensor, Tensor> run,
        Func<double, double> oracle,
        double scale = 1,
        double low = 0,
        bool positive = false,
        bool flat = false,
        bool several = false,
        Func<double, double>? rounded = null,
        Func<double, double>? terms = null,
        double tolerance = OpCase.DefaultTolerance,
        string? reason = null)
    {
        foreach (Shape shape in s_sizes)
        {
            CaseInput x = CaseInput.Normal("x", shape, scale);
            if (low > 0)
            {
                x = positive ? CaseInput.Uniform("x", shape, low, 3) : CaseInput.Apart("x", shape, low);
            }
            yield return new OpCase
            {
                Op = op,
                Sizes = $"X={shape}",
                // Flat functions have no gradient at all.
                Inputs = [x with { Differentiable = !flat }],
                Run = t => run(t[0]),
                Oracle = p => p[0].Map(oracle),
                Terms = terms is null ? null : p => p[0].Map(terms),
                Scalar = several ? null : (value, _) => (rounded ?? oracle)(value),
                Tolerance = tolerance,
                GradientTolerance = tolerance > OpCase.DefaultTolerance ? 10 * tolerance : OpCase.DefaultGradientTolerance,
                ToleranceReason = reason,
                TwiceDifferentiable = !flat && shape.Count < 100,
                Flops = shape.Count,
                Bytes = 8.0 * shape.Count,
                Benchmark = shape.Count > 10_000,
            };
        }
    }

    // A view with gaps between its rows goes in, as the gates of a recurrent cell do.
    private static OpCase Strided(string op, Func<Tensor, Tensor> run, Func<double, double> oracle, int first = 3, int length = 7, int columns = 21) => new()
    {
        Op = op,
        Sizes = $"N=29 of F={length} from {first}, {columns} columns",
        Inputs = [CaseInput.Apart("x", [29, columns], 0.01)],
        Run = t => run(Ops.Slice(t[0], 1, first, length)),
        Oracle = p => Indexing.Map([29, length], i => oracle(p[0][i / length, first + (i % length)])),
        TwiceDifferentiable = true,
        Bytes = 8.0 * 29 * length,
    };

    private static OpCase Repeated() => new()
    {
        Op = "tensor_used_often",
        Sizes = "X=[13]",
        Inputs = [CaseInput.Normal("x", [13])],
        Run = t => (t[0] * t[0] * t[0]) + t[0] + Ops.Sin(t[0]) - (t[0] * Ops.Exp(t[0])),
        Oracle = p => p[0].Map(x => (x * x * x) + x + Math.Sin(x) - (x * Math.Exp(x))),
        TwiceDifferentiable = true,
    };
}
