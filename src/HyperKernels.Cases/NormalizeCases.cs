namespace HyperKernels.Cases;

/// <summary>Layer, RMS, group and batch norm with shared gains and gains per group of samples, and length one.</summary>
public static class NormalizeCases
{
    private const float Epsilon = 1e-5f;

    /// <summary>The rows.</summary>
    public static IEnumerable<OpCase> All => [.. Trailing, .. Groups, .. Batches, .. Inference, .. Lengths];

    private static IEnumerable<OpCase> Trailing
    {
        get
        {
            // Shape, normalised axes, sets of gains (0: none, 1: shared).
            (Shape Shape, int Axes, int Sets)[] sizes =
            [
                ([3, 3], 1, 1), ([0, 5], 1, 1), ([5, 7], 1, 0), ([5, 7], 2, 1), ([4, 3, 6], 1, 1), ([4, 3, 6], 2, 2), ([4, 3, 6], 1, 4), ([6, 17], 1, 3),
                ([2, 1031], 1, 1), ([13, 33], 1, 1), ([5, 70], 1, 1), ([270, 9], 1, 1), ([9, 2, 64], 1, 9), ([2, 8209], 1, 1), ([1100, 5], 1, 1),
            ];
            foreach ((Shape shape, int axes, int sets) in sizes)
            {
                Shape trailing = new(shape.AsSpan()[(shape.Rank - axes)..]);
                int channels = (int)trailing.Count;
                Axes view = new((int)(shape.Count / Math.Max(1, channels)), 1, channels, 1, false, true);
                CaseInput[] inputs = Inputs(shape, trailing, sets);
                yield return Row("layer_norm", $"X={shape} axes={axes} sets={sets}", inputs, sets, view,
                    x => Ops.LayerNorm(x[0], axes, At(x, 1), At(x, 2), Epsilon), shape);
                yield return Row("rms_norm", $"X={shape} axes={axes} sets={sets}", [.. inputs.Take(2)], sets, view with { Centred = false },
                    x => Ops.RmsNorm(x[0], axes, At(x, 1), Epsilon), shape);
            }
            // Gains for each sample, cut out of a buffer of generated parameters; a bias shared by all.
            yield return new OpCase
            {
                Op = "layer_norm",
                Sizes = "X=[6, 2, 5] gain=[3, 5] of [3, 12], bias=[5]",
                Inputs = [CaseInput.Normal("x", [6, 2, 5]), CaseInput.Normal("parameters", [3, 12]), CaseInput.Normal("bias", [5])],
                Run = x => Ops.LayerNorm(x[0], 1, Ops.Slice(x[1], 1, 4, 5), x[2], Epsilon),
                Oracle = x =>
                {
                    Plain gain = new(3, 5);
                    Plain bias = new(3, 5);
                    for (int i = 0; i < 15; i++)
                    {
                        (gain[i], bias[i]) = (x[1][i / 5, 4 + (i % 5)], x[2][i % 5]);
                    }
                    return Normalize(x[0], new Axes(12, 1, 5, 1, false, true), gain, bias, 3);
                },
                TwiceDifferentiable = true,
            };
        }
    }

    private static IEnumerable<OpCase> Groups
    {
        get
        {
            (Shape Shape, int Groups, int Sets)[] sizes =
            [
                ([2, 4, 3, 2], 2, 1), ([2, 6], 2, 1), ([3, 6, 5], 3, 0), ([3, 6, 5], 1, 3), ([4, 6, 2, 3], 6, 2), ([2, 4, 9, 11], 2, 1), ([1, 3, 37], 3, 1), ([2, 4, 47, 53], 1, 2),
            ];
            foreach ((Shape shape, int groups, int sets) in sizes)
            {
                int inner = (int)(shape.Count / shape[0] / shape[1]);
                yield return Row("group_norm", $"X={shape} groups={groups} sets={sets}", Inputs(shape, [shape[1]], sets), sets,
                    new Axes(shape[0], groups, shape[1] / groups, inner, false, true), x => Ops.GroupNorm(x[0], groups, At(x, 1), At(x, 2), Epsilon), shape);
            }
        }
    }

    private static IEnumerable<OpCase> Batches
    {
        get
        {
            (Shape Shape, int Sets)[] sizes =
            [
                ([5, 3], 1), ([4, 3, 2], 1), ([6, 2, 3, 2], 3), ([6, 5], 2), ([7, 67], 1), ([270, 5], 1), ([3, 4, 9, 7], 0), ([2, 2, 33, 17], 1), ([4, 0], 1), ([1100, 5], 2),
                ([3, 2, 61, 51], 1),
            ];
            foreach ((Shape shape, int sets) in sizes)
            {
                int inner = shape.Count == 0 ? 1 : (int)(shape.Count / shape[0] / shape[1]);
                Axes view = new(shape[0], shape[1], 1, inner, true, true);
                yield return Row("batch_norm", $"X={shape} sets={sets}", Inputs(shape, [shape[1]], sets), sets, view,
                    x => Ops.BatchNorm(x[0], At(x, 1), At(x, 2), Epsilon).Output, shape);
                yield return Statistics(shape, view, variance: false);
                yield return Statistics(shape, view, variance: true);
            }
        }
    }

    private static IEnumerable<OpCase> Inference
    {
        get
        {
            (Shape Shape, int Gains, int Biases)[] sizes = [([4, 3], 1, 1), ([4, 3, 5], 0, 0), ([4, 3, 2, 2], 2, 2), ([4, 3, 5], 2, 1), ([4, 3, 5], 1, 4), ([2, 5, 31], 1, 1)];
            foreach ((Shape shape, int gains, int biases) in sizes)
            {
                int channels = shape[1];
                int inner = (int)(shape.Count / shape[0] / channels);
                List<CaseInput> inputs = [CaseInput.Normal("x", shape), CaseInput.Normal("mean", [channels]), CaseInput.Uniform("variance", [channels], 0.3, 2)];
                if (gains > 0)
                {
                    inputs.Add(CaseInput.Normal("gain", gains == 1 ? [channels] : [gains, channels]));
                    inputs.Add(CaseInput.Normal("bias", biases == 1 ? [channels] : [biases, channels]));
                }
                yield return new OpCase
                {
                    Op = "batch_norm_inference",
                    Sizes = $"X={shape} gains={gains} biases={biases}",
                    Inputs = inputs,
                    Run = x => Ops.BatchNormInference(x[0], x[1], x[2], At(x, 3), At(x, 4), Epsilon),
                    Oracle = x =>
                    {
                        Plain y = new(shape);
                        for (int i = 0; i < y.Values.Length; i++)
                        {
                            int sample = i / inner / channels;
                            int channel = i / inner % channels;
                            double gain = gains == 0 ? 1 : x[3][(sample / (shape[0] / gains) * channels) + channel];
                            double bias = gains == 0 ? 0 : x[4][(sample / (shape[0] / biases) * channels) + channel];
                            y[i] = ((x[0][i] - x[1][channel]) / Math.Sqrt(x[2][channel] + Epsilon) * gain) + bias;
                        }
                        return y;
                    },
                    TwiceDifferentiable = true,
                    Flops = 2.0 * shape.Count,
                    Bytes = 8.0 * shape.Count,
                };
            }
        }
    }

    private static IEnumerable<OpCase> Lengths
    {
        get
        {
            (Shape Shape, int Axis)[] sizes = [([1], 0), ([5, 7], -1), ([3, 4, 5], 1), ([11, 67], -1), ([0, 3], -1)];
            foreach ((Shape shape, int axis) in sizes)
            {
                yield return new OpCase
                {
                    Op = "l2_normalize",
                    Sizes = $"X={shape} axis={axis}",
                    Inputs = [CaseInput.Normal("x", shape)],
                    Run = x => Ops.L2Normalize(x[0], axis),
                    Oracle = x => OfLengthOne(x[0], axis),
                    Terms = x => OfLengthOne(x[0], axis).Map(Math.Abs),
                    // One number has length one whatever it is: its gradients are rounding errors.
                    TwiceDifferentiable = shape.Count is > 1 and < 100,
                    Flops = 3.0 * shape.Count,
                    Bytes = 8.0 * shape.Count,
                };
            }
        }
    }

    private static Plain OfLengthOne(Plain x, int axis)
    {
        int length = x.Shape[axis];
        int inner = 1;
        for (int other = x.Shape.Axis(axis) + 1; other < x.Shape.Rank; other++)
        {
            inner *= x.Shape[other];
        }
        return Indexing.Map(x.Shape, i =>
        {
            int first = i - (i / inner % length * inner);
            return x[i] / Math.Sqrt(Enumerable.Range(0, length).Sum(j => x[first + (j * inner)] * x[first + (j * inner)]));
        });
    }

    private static OpCase Row(string op, string sizes, CaseInput[] inputs, int sets, Axes view, Func<Tensor[], Tensor> run, Shape shape) => new()
    {
        Op = op,
        Sizes = sizes,
        Inputs = inputs,
        Run = run,
        Oracle = x => Normalize(x[0], view, x.Length > 1 ? x[1] : null, x.Length > 2 ? x[2] : null, Math.Max(1, sets)),
        Terms = x => Terms(x[0], view, x.Length > 1 ? x[1] : null, x.Length > 2 ? x[2] : null, Math.Max(1, sets)),
        TwiceDifferentiable = shape.Count is > 0 and < 200,
        Flops = 8.0 * shape.Count,
        Bytes = 8.0 * shape.Count,
        Benchmark = shape == new Shape(270, 9),
    };

    private static OpCase Statistics(Shape shape, Axes view, bool variance) => new()
    {
        Op = variance ? "batch_norm_variance" : "batch_norm_mean",
        Sizes = $"X={shape}",
        Inputs = [CaseInput.Normal("x", shape, differentiable: false)],
        Run = x => variance ? Ops.BatchNorm(x[0]).Variance : Ops.BatchNorm(x[0]).Mean,
        Oracle = x => new Plain([shape[1]], [.. Enumerable.Range(0, shape[1]).Select(c => variance ? Moments(x[0], view, c).Variance : Moments(x[0], view, c).Mean)]),
    };

    private static Tensor? At(Tensor[] inputs, int at) => at < inputs.Length ? inputs[at] : null;

    private static CaseInput[] Inputs(Shape shape, Shape parameters, int sets)
    {
        Shape each = sets > 1 ? parameters.Insert(0, sets) : parameters;
        CaseInput x = CaseInput.Normal("x", shape);
        return sets == 0 ? [x] : [x, CaseInput.Normal("gain", each), CaseInput.Normal("bias", each)];
    }

    private static (double Mean, double Variance) Moments(Plain x, Axes view, int statistic)
    {
        double mean = 0;
        double squares = 0;
        long count = 0;
        for (int i = 0; i < x.Values.Length; i++)
        {
            count += view.Statistic(i) == statistic ? 1 : 0;
            mean += view.Statistic(i) == statistic && view.Centred ? x[i] : 0;
        }
        mean /= count;
        for (int i = 0; i < x.Values.Length; i++)
        {
            squares += view.Statistic(i) == statistic ? (x[i] - mean) * (x[i] - mean) : 0;
        }
        return (mean, squares / count);
    }

    private static Plain Normalize(Plain x, Axes view, Plain? gain, Plain? bias, int sets)
    {
        int statistics = view.Across ? view.Groups : view.Outer * view.Groups;
        return Scale(PlainOps.Normalize(x, statistics, view.Statistic, Epsilon, view.Centred), view, gain, bias, sets);
    }

    // A number and the mean that is taken from it, over the deviation; then the gain and the bias.
    private static Plain Terms(Plain x, Axes view, Plain? gain, Plain? bias, int sets)
    {
        int statistics = view.Across ? view.Groups : view.Outer * view.Groups;
        double[] means = new double[statistics];
        double[] magnitudes = new double[statistics];
        double[] squares = new double[statistics];
        double size = x.Values.Length / (double)statistics;
        for (int i = 0; i < x.Values.Length; i++)
        {
            int statistic = view.Statistic(i);
            means[statistic] += view.Centred ? x[i] / size : 0;
            magnitudes[statistic] += view.Centred ? Math.Abs(x[i]) / size : 0;
        }
        for (int i = 0; i < x.Values.Length; i++)
        {
            double away = x[i] - means[view.Statistic(i)];
            squares[view.Statistic(i)] += away * away / size;
        }
        Plain terms = Indexing.Map(x.Shape, i =>
            (Math.Abs(x[i]) + magnitudes[view.Statistic(i)]) / Math.Sqrt(squares[view.Statistic(i)] + Epsilon));
        return Scale(terms, view, gain?.Map(Math.Abs), bias?.Map(Math.Abs), sets);
    }

    private static Plain Scale(Plain x, Axes view, Plain? gain, Plain? bias, int sets)
    {
        int parameters = view.Groups * view.Channels;
        return Indexing.Map(x.Shape, i =>
        {
            int outer = i / view.Inner / parameters;
            int parameter = (outer / (view.Outer / sets) * parameters) + (i / view.Inner % parameters);
            return (x[i] * (gain?[parameter] ?? 1)) + (bias?[parameter] ?? 0);
        });
    }

    private sealed record Axes(int Outer, int Groups, int Channels, int Inner, bool Across, bool Centred)
    {
        public int Statistic(int i) => Across ? i / Inner / Channels % Groups : i / Inner / Channels;
    }
}
