namespace HyperKernels.Cases;

/// <summary>Reductions over one axis, several neighbouring ones, several apart, and all.</summary>
public static class ReduceCases
{
    private delegate Tensor Reduction(Tensor x, ReadOnlySpan<int> axes, bool keepAxes);

    /// <summary>The rows.</summary>
    public static IEnumerable<OpCase> All =>
    [
        .. Rows("sum", Ops.Sum, v => v.Sum(), v => v.Sum(Math.Abs), empty: true),
        .. Rows("mean", Ops.Mean, v => v.Sum() / v.Length, v => v.Sum(Math.Abs) / v.Length),
        .. Rows("variance", (x, a, k) => Ops.Variance(x, a, false, k), v => Deviations(v) / v.Length, v => Spread(v) / v.Length),
        .. Rows("variance_unbiased", (x, a, k) => Ops.Variance(x, a, true, k), v => Deviations(v) / (v.Length - 1), v => Spread(v) / (v.Length - 1), least: 2),
        .. Rows("max", Ops.Max, v => v.Max()),
        .. Rows("min", Ops.Min, v => v.Min()),
        .. Rows("l1_norm", Ops.L1Norm, v => v.Sum(Math.Abs), v => v.Sum(Math.Abs), empty: true, apart: true),
        .. Rows("l2_norm", Ops.L2Norm, v => Math.Sqrt(v.Sum(x => x * x)), v => Math.Sqrt(v.Sum(x => x * x)), apart: true),
        // The largest, the logarithm of what the others add, and the rounding of that sum, which is near one where it is smallest.
        .. Rows("log_sum_exp", Ops.LogSumExp, LogSumExp, v => Math.Abs(v.Max()) + (LogSumExp(v) - v.Max()) + 1),
        .. Arg("arg_max", Ops.ArgMax, v => Array.IndexOf(v, v.Max())),
        .. Arg("arg_min", Ops.ArgMin, v => Array.IndexOf(v, v.Min())),
        Whole("sum", Ops.Sum, v => v.Sum(), 70_001),
        Whole("mean", Ops.Mean, v => v.Average(), 70_001),
        Whole("sum", Ops.Sum, v => v.Sum(), 1),
        OffCenter(),
        Columns(),
    ];

    private static IEnumerable<OpCase> Rows(
        string op, Reduction run, Func<double[], double> oracle, Func<double[], double>? terms = null, bool empty = false, int least = 1, bool apart = false)
    {
        (Shape X, int[] Axes, bool Keep)[] sizes =
        [
            ([1], [0], false), ([17], [0], true), ([5, 7], [1], false), ([5, 7], [-2], false), ([5, 7], [0, 1], false), ([4, 1, 6], [0], true),
            ([3, 4, 5], [1], false), ([3, 4, 5], [0, 2], false), ([2, 3, 4, 5], [1, 3], true), ([2, 3, 4, 5], [0, 2, 3], false), ([0, 5], [1], false),
            ([5, 0], [1], false), ([3, 4], [], false), ([2, 5003], [1], false), ([1031, 3], [0], false), ([521, 35], [0], false), ([5, 67, 65], [1], false),
        ];
        foreach ((Shape x, int[] axes, bool keep) in sizes)
        {
            int count = axes.Aggregate(1, (product, axis) => product * x[axis]);
            if ((count == 0 && !empty) || (count < least && x.Count > 0))
            {
                continue;
            }
            Func<Plain, Plain> plain = Reduce(x, axes, keep, oracle);
            Func<Plain, Plain>? plainTerms = terms is null ? null : Reduce(x, axes, keep, terms);
            yield return new OpCase
            {
                Op = op,
                Sizes = $"X={x} axes=[{string.Join(", ", axes)}]{(keep ? " kept" : "")}",
                // Kinks at zero need values that keep away from it.
                Inputs = [apart ? CaseInput.Apart("x", x, 0.05) : CaseInput.Normal("x", x)],
                Run = t => run(t[0], axes, keep),
                Oracle = p => plain(p[0]),
                Terms = plainTerms is null ? null : p => plainTerms(p[0]),
                Flops = x.Count,
                Bytes = 4.0 * x.Count,
                TwiceDifferentiable = x.Count is > 0 and < 130,
                Benchmark = x.Count > 15_000,
            };
        }
    }

    private static IEnumerable<OpCase> Arg(string op, Func<Tensor, int, Tensor> run, Func<double[], double> oracle)
    {
        (Shape X, int Axis)[] sizes = [([1], 0), ([17], 0), ([5, 7], 1), ([5, 7], 0), ([3, 4, 5], 1), ([0, 5], 1), ([2, 5003], 1), ([1031, 3], 0)];
        foreach ((Shape x, int axis) in sizes)
        {
            Func<Plain, Plain> plain = Reduce(x, [axis], false, oracle);
            yield return new OpCase
            {
                Op = op,
                Sizes = $"X={x} axis={axis}",
                // Few different values: the first among equals must win.
                Inputs = [CaseInput.Normal("x", x, differentiable: false) with { Draw = static (random, _) => random.Next(5) }],
                Run = t => run(t[0], axis),
                Oracle = p => plain(p[0]),
                Bytes = 4.0 * x.Count,
                Benchmark = x.Count > 10_000,
            };
        }
    }

    private static OpCase Whole(string op, Func<Tensor, Tensor> run, Func<double[], double> oracle, int count) => new()
    {
        Op = op,
        Sizes = $"X=[{count}] all",
        Inputs = [CaseInput.Uniform("x", [count], 0, 1)],
        Run = t => run(t[0]),
        Oracle = p => new Plain([], [oracle(p[0].Values)]),
        SumsProducts = true,
        Flops = count,
        Bytes = 4.0 * count,
        Benchmark = count > 1,
    };

    // A mean a thousand times the spread: a one-pass variance has no digit left.
    private static OpCase OffCenter() => new()
    {
        Op = "variance",
        Sizes = "X=[3, 200] mean 1000",
        Inputs = [CaseInput.Uniform("x", [3, 200], 999, 1001)],
        Run = t => Ops.Variance(t[0], [1]),
        Oracle = p => Reduce(p[0].Shape, [1], false, v => Deviations(v) / v.Length)(p[0]),
        // The differences step 1e-3 from values of 1000.
        GradientTolerance = 1e-3,
        ToleranceReason = "float spacing at 1000 is 6e-5",
    };

    // A view with gaps between its rows goes in.
    private static OpCase Columns() => new()
    {
        Op = "sum_of_columns",
        Sizes = "N=29 of F=7 from 3, 21 columns",
        Inputs = [CaseInput.Normal("x", [29, 21])],
        Run = t => Ops.Sum(Ops.Slice(t[0], 1, 3, 7), [0]),
        Oracle = p => Indexing.Map([7], j => Enumerable.Range(0, 29).Sum(i => p[0][i, 3 + j])),
        SumsProducts = true,
        TwiceDifferentiable = true,
    };

    private static double LogSumExp(double[] values)
    {
        double max = values.Max();
        return Math.Log(values.Sum(v => Math.Exp(v - max))) + max;
    }

    // What the mean lost when it was rounded comes in squared.
    private static double Spread(double[] values)
    {
        double mean = values.Sum() / values.Length;
        return Deviations(values) + (values.Length * Math.Pow(2, -23) * mean * mean);
    }

    private static double Deviations(double[] values)
    {
        double mean = values.Sum() / values.Length;
        return values.Sum(v => (v - mean) * (v - mean));
    }

    // Which result each element belongs to is worked out once for all runs of an oracle.
    private static Func<Plain, Plain> Reduce(Shape x, int[] axes, bool keep, Func<double[], double> oracle)
    {
        int[] reduced = [.. axes.Select(axis => axis < 0 ? axis + x.Rank : axis)];
        List<int> kept = [];
        List<int> shape = [];
        for (int axis = 0; axis < x.Rank; axis++)
        {
            bool gone = reduced.Contains(axis);
            kept.Add(gone ? 1 : x[axis]);
            if (!gone || keep)
            {
                shape.Add(gone ? 1 : x[axis]);
            }
        }
        Shape groups = new([.. kept]);
        Shape result = new([.. shape]);
        Lazy<int[][]> members = new(() =>
        {
            List<int>[] lists = [.. Enumerable.Range(0, (int)groups.Count).Select(_ => new List<int>())];
            for (int i = 0; i < x.Count; i++)
            {
                int[] position = Indexing.Position(x, i);
                foreach (int axis in reduced)
                {
                    position[axis] = 0;
                }
                lists[Indexing.Flat(groups, position)].Add(i);
            }
            return [.. lists.Select(list => list.ToArray())];
        });
        return p => new Plain(result, Array.ConvertAll(members.Value, group => oracle(Array.ConvertAll(group, i => p.Values[i]))));
    }
}
