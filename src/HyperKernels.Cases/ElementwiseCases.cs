namespace HyperKernels.Cases;

/// <summary>Elementwise ops of two and three tensors.</summary>
public static class ElementwiseCases
{
    /// <summary>The rows.</summary>
    public static IEnumerable<OpCase> All =>
    [
        .. Binary("add", Ops.Add, (a, b) => a + b),
        .. Binary("subtract", Ops.Subtract, (a, b) => a - b),
        .. Binary("multiply", Ops.Multiply, (a, b) => a * b),
        .. Binary("divide", Ops.Divide, (a, b) => a / b, apart: true),
        .. Binary("power", Ops.Power, Math.Pow, positive: true),
        .. Binary("minimum", Ops.Minimum, Math.Min),
        .. Binary("maximum", Ops.Maximum, Math.Max),
        .. Where(),
        .. MultiplyAdd(),
    ];

    private static IEnumerable<OpCase> Binary(
        string op, Func<Tensor, Tensor, Tensor> run, Func<double, double, double> oracle, bool apart = false, bool positive = false)
    {
        (Shape A, Shape B)[] sizes =
        [
            ([], []), ([0], [0]), ([1], [1]), ([17], [17]), ([5, 7], [5, 7]), ([17, 1031], [17, 1031]),
            ([5, 7], [7]), ([7], [5, 7]), ([5, 7], [5, 1]), ([5, 7], []), ([5, 1], [1, 7]), ([3, 1, 4, 5], [2, 1, 5]), ([0, 3], [3]),
            ([67, 3], [67, 1]), ([2, 11, 5, 5], [11, 1, 1]), ([5, 1031], [1031]), ([13, 12], [13, 1]), ([6, 5, 8], [6, 1, 8]),
        ];
        foreach ((Shape a, Shape b) in sizes)
        {
            Shape y = Indexing.Broadcast(a, b);
            Lazy<int[]> fromA = Indexing.Sources(a, y);
            Lazy<int[]> fromB = Indexing.Sources(b, y);
            yield return new OpCase
            {
                Op = op,
                Sizes = $"A={a} B={b}",
                Inputs =
                [
                    positive ? CaseInput.Uniform("a", a, 0.5, 2) : CaseInput.Normal("a", a),
                    // Divisors keep away from zero, where the quotient has no digits left.
                    apart ? CaseInput.Apart("b", b, 0.3) : CaseInput.Normal("b", b),
                ],
                Run = x => run(x[0], x[1]),
                Oracle = x => Indexing.Map(y, i => oracle(x[0].Values[fromA.Value[i]], x[1].Values[fromB.Value[i]])),
                Scalar = oracle,
                Flops = y.Count,
                Bytes = 4.0 * (a.Count + b.Count + y.Count),
                TwiceDifferentiable = y.Count < 100,
                Benchmark = y.Count > 10_000,
            };
        }
    }

    private static readonly (Shape, Shape, Shape)[] s_threeShapes =
    [
        ([], [], []), ([0], [0], [0]), ([17], [17], [17]), ([5, 7], [7], [5, 1]), ([5, 1], [], [3, 1, 7]), ([17, 1025], [17, 1025], []), ([6, 1, 8], [5, 1], [6, 5, 8]),
    ];

    private static IEnumerable<OpCase> MultiplyAdd()
    {
        foreach ((Shape a, Shape b, Shape c) in s_threeShapes)
        {
            Shape y = Indexing.Broadcast(a, Indexing.Broadcast(b, c));
            Lazy<int[]> fromA = Indexing.Sources(a, y);
            Lazy<int[]> fromB = Indexing.Sources(b, y);
            Lazy<int[]> fromC = Indexing.Sources(c, y);
            yield return new OpCase
            {
                Op = "multiply_add",
                Sizes = $"A={a} B={b} C={c}",
                Inputs = [CaseInput.Normal("a", a), CaseInput.Normal("b", b), CaseInput.Normal("c", c)],
                Run = x => Ops.MultiplyAdd(x[0], x[1], x[2]),
                Oracle = x => Indexing.Map(y, i => (x[0].Values[fromA.Value[i]] * x[1].Values[fromB.Value[i]]) + x[2].Values[fromC.Value[i]]),
                SumsProducts = true,
                Flops = 2.0 * y.Count,
                Bytes = 4.0 * (a.Count + b.Count + c.Count + y.Count),
                TwiceDifferentiable = y.Count < 100,
            };
        }
    }

    private static IEnumerable<OpCase> Where()
    {
        foreach ((Shape c, Shape a, Shape b) in s_threeShapes)
        {
            Shape y = Indexing.Broadcast(c, Indexing.Broadcast(a, b));
            Lazy<int[]> fromC = Indexing.Sources(c, y);
            Lazy<int[]> fromA = Indexing.Sources(a, y);
            Lazy<int[]> fromB = Indexing.Sources(b, y);
            yield return new OpCase
            {
                Op = "where",
                Sizes = $"C={c} A={a} B={b}",
                Inputs =
                [
                    CaseInput.Uniform("condition", c, -1, 1, differentiable: false) with { Draw = static (random, _) => random.Next(2) },
                    CaseInput.Normal("a", a),
                    CaseInput.Normal("b", b),
                ],
                Run = x => Ops.Where(x[0], x[1], x[2]),
                Oracle = x => Indexing.Map(y, i => x[0].Values[fromC.Value[i]] != 0 ? x[1].Values[fromA.Value[i]] : x[2].Values[fromB.Value[i]]),
                Flops = 0,
                Bytes = 4.0 * (c.Count + a.Count + b.Count + y.Count),
                TwiceDifferentiable = y.Count < 100,
            };
        }
    }
}
