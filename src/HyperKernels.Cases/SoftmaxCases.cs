namespace HyperKernels.Cases;

/// <summary>Softmax along any axis, and the losses.</summary>
public static class SoftmaxCases
{
    /// <summary>The rows.</summary>
    public static IEnumerable<OpCase> All => [.. Softmaxes, .. CrossEntropies, .. Losses];

    private static IEnumerable<OpCase> Softmaxes
    {
        get
        {
            (Shape Shape, int Axis, double Scale)[] sizes =
            [
                ([1], 0, 1), ([0, 3], -1, 1), ([3, 0], -1, 1), ([3, 2], -1, 1), ([5, 17], -1, 1), ([7, 10], 0, 1), ([3, 5, 7], 1, 1), ([2, 5, 67], 1, 3),
                ([2, 1031], -1, 3), ([67, 3], 0, 1), ([3, 40], -1, 200), ([129, 10], -1, 1),
            ];
            foreach ((Shape shape, int axis, double scale) in sizes)
            {
                foreach (bool log in new[] { false, true })
                {
                    yield return new OpCase
                    {
                        Op = log ? "log_softmax" : "softmax",
                        Sizes = $"X={shape} axis={axis}{(scale == 1 ? "" : $" scale={scale}")}",
                        Inputs = [CaseInput.Normal("x", shape, scale)],
                        Run = x => log ? Ops.LogSoftmax(x[0], axis) : Ops.Softmax(x[0], axis),
                        Oracle = x => Softmax(x[0], axis, log),
                        Terms = x => SoftmaxTerms(x[0], axis, log),
                        TwiceDifferentiable = shape.Count is > 0 and < 120 && scale == 1,
                        Flops = 10.0 * shape.Count,
                        Bytes = 8.0 * shape.Count,
                        Benchmark = shape == new Shape(129, 10),
                    };
                }
            }
            // A row of a wider matrix: its rows are further apart than they are long.
            yield return new OpCase
            {
                Op = "softmax",
                Sizes = "X=[6, 9] of [6, 14]",
                Inputs = [CaseInput.Normal("x", [6, 14])],
                Run = x => Ops.Softmax(Ops.Slice(x[0], 1, 2, 9)),
                Oracle = x => Softmax(x[0].Columns(2, [6, 9]), -1, false),
                Terms = x => SoftmaxTerms(x[0].Columns(2, [6, 9]), -1, false),
                TwiceDifferentiable = true,
            };
        }
    }

    private static IEnumerable<OpCase> CrossEntropies
    {
        get
        {
            (Shape Rows, int Classes, double Scale, Reduction Reduction)[] sizes =
            [
                ([1], 1, 1, Reduction.Mean), ([5], 3, 1, Reduction.Mean), ([0], 3, 1, Reduction.Sum), ([17], 10, 1, Reduction.None), ([4, 3], 7, 1, Reduction.Sum),
                ([2, 5], 4, 1, Reduction.BatchMean), ([64], 10, 1, Reduction.Mean), ([3], 1031, 1, Reduction.Mean), ([9], 40, 100, Reduction.None),
            ];
            foreach ((Shape rows, int classes, double scale, Reduction reduction) in sizes)
            {
                yield return new OpCase
                {
                    Op = "cross_entropy",
                    Sizes = $"N={rows} C={classes}{(scale == 1 ? "" : $" scale={scale}")} {reduction}",
                    Inputs = [CaseInput.Normal("logits", rows.Insert(rows.Rank, classes), scale), CaseInput.Ints("labels", rows, classes)],
                    Run = x => Ops.CrossEntropy(x[0], x[1], reduction),
                    Oracle = x =>
                    {
                        Plain log = Softmax(x[0], -1, true);
                        return Reduced(Indexing.Map(rows, row => -log.Values[(row * classes) + x[1].Int(row)]), reduction);
                    },
                    Terms = x =>
                    {
                        Plain terms = SoftmaxTerms(x[0], -1, true);
                        return Reduced(Indexing.Map(rows, row => terms.Values[(row * classes) + x[1].Int(row)]), reduction);
                    },
                    TwiceDifferentiable = rows.Count * classes is > 1 and < 200,
                    Flops = 10.0 * rows.Count * classes,
                    Bytes = 4.0 * rows.Count * classes,
                    Benchmark = rows.Count == 64,
                };
            }
        }
    }

    private static IEnumerable<OpCase> Losses
    {
        get
        {
            (Shape Shape, Reduction Reduction)[] sizes =
            [
                ([1], Reduction.Mean), ([5, 3], Reduction.None), ([5, 3], Reduction.Mean), ([7, 2, 3], Reduction.BatchMean), ([2, 17], Reduction.Sum), ([11, 41], Reduction.Mean),
            ];
            foreach ((Shape shape, Reduction reduction) in sizes)
            {
                string name = $"X={shape} {reduction}";
                CaseInput a = CaseInput.Normal("a", shape, 2);
                CaseInput share = CaseInput.Uniform("targets", shape, 0.05, 0.95);
                yield return Loss("mean_squared_error", name, a, CaseInput.Normal("b", shape),
                    x => Ops.MeanSquaredError(x[0], x[1], reduction), (p, q) => (p - q) * (p - q), reduction);
                // Mixed differences would step over the kinks: of second order are the rows on either side of them.
                yield return Loss("huber", name, a, CaseInput.Normal("b", shape), x => Ops.Huber(x[0], x[1], 0.75f, reduction), Huber, reduction, twice: false);
                yield return Loss("huber", $"{name}, between kinks", CaseInput.Uniform("a", shape, -0.1, 0.1), CaseInput.Uniform("b", shape, -0.6, 0.6),
                    x => Ops.Huber(x[0], x[1], 0.75f, reduction), Huber, reduction);
                yield return Loss("huber", $"{name}, beyond kinks", CaseInput.Uniform("a", shape, -0.1, 0.1), CaseInput.Apart("b", shape, 0.9),
                    x => Ops.Huber(x[0], x[1], 0.75f, reduction), Huber, reduction);
                yield return Loss("binary_cross_entropy_with_logits", name, a, share,
                    x => Ops.BinaryCrossEntropyWithLogits(x[0], x[1], reduction), (p, t) => Math.Max(p, 0) + Math.Log(1 + Math.Exp(-Math.Abs(p))) - (p * t), reduction);
                yield return Loss("kullback_leibler", name, a, share,
                    x => Ops.KullbackLeibler(x[0], x[1], reduction), (p, t) => t * (Math.Log(t) - p), reduction);
                yield return new OpCase
                {
                    Op = "cross_entropy_with_probabilities",
                    Sizes = name,
                    Inputs = [a, share],
                    Run = x => Ops.CrossEntropyWithProbabilities(x[0], x[1], reduction),
                    Oracle = x =>
                    {
                        Plain log = Softmax(x[0], -1, true);
                        Plain losses = new(shape.Remove(-1));
                        for (int i = 0; i < log.Values.Length; i++)
                        {
                            losses.Values[i / shape[-1]] -= log[i] * x[1][i];
                        }
                        return Reduced(losses, reduction);
                    },
                    TwiceDifferentiable = shape.Count < 50,
                };
            }
        }
    }

    private static double Huber(double p, double q) => Math.Abs(p - q) <= 0.75 ? (p - q) * (p - q) / 2 : 0.75 * (Math.Abs(p - q) - 0.375);

    private static OpCase Loss(
        string op, string sizes, CaseInput a, CaseInput b, Func<Tensor[], Tensor> run, Func<double, double, double> oracle, Reduction reduction, bool twice = true) => new()
        {
            Op = op,
            Sizes = sizes,
            Inputs = [a, b],
            Run = run,
            Oracle = x => Reduced(new Plain(a.Shape, [.. x[0].Values.Zip(x[1].Values, oracle)]), reduction),
            TwiceDifferentiable = a.Shape.Count < 50 && twice,
            Flops = 4.0 * a.Shape.Count,
            Bytes = 8.0 * a.Shape.Count,
        };

    private static Plain Reduced(Plain losses, Reduction reduction) => reduction switch
    {
        Reduction.None => losses,
        Reduction.Sum => new Plain([], [losses.Values.Sum()]),
        Reduction.Mean => new Plain([], [losses.Values.Average()]),
        _ => new Plain([], [losses.Values.Sum() / (losses.Shape.Rank == 0 ? 1 : losses.Shape[0])]),
    };

    // The distance to the largest is rounded before its exponential is taken, and so is the logarithm of a sum that is at least one.
    private static Plain SoftmaxTerms(Plain x, int axis, bool log)
    {
        Plain y = Softmax(x, axis, true);
        return y.Map(value => log ? 1 - value : Math.Exp(value) * (1 - value));
    }

    private static Plain Softmax(Plain x, int axis, bool log)
    {
        Plain y = new(x.Shape);
        int length = x.Shape[axis];
        int inner = 1;
        for (int other = x.Shape.Axis(axis) + 1; other < x.Shape.Rank; other++)
        {
            inner *= x.Shape[other];
        }
        for (int start = 0; start < x.Values.Length; start++)
        {
            if (start / inner % length != 0)
            {
                continue;
            }
            double max = double.NegativeInfinity;
            for (int i = 0; i < length; i++)
            {
                max = Math.Max(max, x[start + (i * inner)]);
            }
            double sum = 0;
            for (int i = 0; i < length; i++)
            {
                sum += Math.Exp(x[start + (i * inner)] - max);
            }
            for (int i = 0; i < length; i++)
            {
                double value = x[start + (i * inner)] - max - Math.Log(sum);
                y[start + (i * inner)] = log ? value : Math.Exp(value);
            }
        }
        return y;
    }
}
