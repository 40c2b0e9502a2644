namespace HyperKernels.Cases;

/// <summary>Pooling over windows, and drawing images at another size.</summary>
public static class PoolCases
{
    /// <summary>The rows.</summary>
    public static IEnumerable<OpCase> All => [.. Windows, .. Adaptive, .. Resized, .. Ties];

    private static IEnumerable<OpCase> Windows
    {
        get
        {
            foreach ((Shape x, int kernel, int stride, int padding) in new (Shape, int, int, int)[]
            {
                ([1, 1, 1, 1], 1, 0, 0), ([0, 2, 4, 4], 2, 0, 0), ([2, 3, 8, 8], 2, 0, 0), ([2, 1, 5, 7], 2, 0, 0), ([1, 2, 37, 71], 2, 0, 0),
                ([2, 2, 7, 9], 3, 0, 0), ([2, 2, 7, 9], 3, 2, 1), ([1, 2, 6, 5], 3, 1, 1), ([1, 2, 6, 5], 2, 3, 1), ([1, 1, 4, 4], 4, 0, 0),
            })
            {
                // The name's 0 stands for a stride of the kernel's size.
                string sizes = $"X={x} K={kernel} stride={stride} padding={padding}";
                int? step = stride == 0 ? null : stride;
                yield return Row("max_pool2d", sizes, x, v => Ops.MaxPool2d(v, kernel, step, padding), v => Pool(v, kernel, stride, padding, max: true));
                yield return Row(
                    "average_pool2d", sizes, x, v => Ops.AveragePool2d(v, kernel, step, padding), v => Pool(v, kernel, stride, padding, max: false));
            }
            Shape line = [2, 3, 11];
            yield return Row("max_pool1d", "X=[2, 3, 11] K=3 stride=2 padding=1", line, v => Ops.MaxPool1d(v, 3, 2, 1), v => PoolLine(v, 3, 2, 1, max: true));
            yield return Row("average_pool1d", "X=[2, 3, 11] K=2", line, v => Ops.AveragePool1d(v, 2), v => PoolLine(v, 2, 0, 0, max: false));
        }
    }

    private static IEnumerable<OpCase> Adaptive
    {
        get
        {
            foreach ((Shape x, int height, int width) in new (Shape, int, int)[] { ([2, 3, 7, 5], 1, 1), ([1, 2, 7, 5], 3, 2), ([1, 2, 3, 2], 5, 5), ([2, 0, 3, 3], 2, 2) })
            {
                string sizes = $"X={x} to {height}x{width}";
                yield return Row("adaptive_max_pool2d", sizes, x, v => Ops.AdaptiveMaxPool2d(v, height, width), v => AdaptivePool(v, height, width, max: true));
                yield return Row("adaptive_average_pool2d", sizes, x, v => Ops.AdaptiveAveragePool2d(v, height, width), v => AdaptivePool(v, height, width, max: false));
            }
        }
    }

    private static IEnumerable<OpCase> Resized
    {
        get
        {
            foreach ((Shape x, int height, int width) in new (Shape, int, int)[]
            {
                ([2, 3, 4, 5], 8, 10), ([1, 2, 7, 5], 3, 4), ([1, 2, 3, 1], 1, 4), ([1, 1, 5, 5], 5, 5), ([0, 1, 2, 2], 3, 3),
            })
            {
                string sizes = $"X={x} to {height}x{width}";
                yield return Row("resize_nearest", sizes, x, v => Ops.ResizeNearest(v, height, width),
                    v => Sampled(v, height, width, (p, size, outSize) => p * size / outSize));
                yield return Row("resize_bilinear", sizes, x, v => Ops.ResizeBilinear(v, height, width),
                    v => Sampled(v, height, width, (p, size, outSize) => Math.Max(0, ((p + 0.5) * size / outSize) - 0.5)));
                yield return Row("resize_bilinear", sizes + " corners", x, v => Ops.ResizeBilinear(v, height, width, alignCorners: true),
                    v => Sampled(v, height, width, (p, size, outSize) => outSize == 1 ? 0 : (double)p * (size - 1) / (outSize - 1)));
            }
        }
    }

    /// <summary>The gradient of windows of equal values: all of it belongs to the first.</summary>
    private static IEnumerable<OpCase> Ties
    {
        get
        {
            foreach ((int size, int kernel, int stride) in new[] { (6, 2, 2), (7, 3, 2) })
            {
                Shape shape = [1, 1, size, size];
                yield return new OpCase
                {
                    Op = "max_pool2d",
                    Sizes = $"X={shape} K={kernel} stride={stride} ties, gradient",
                    Inputs = [CaseInput.Fixed("x", shape, new double[size * size]),
                        CaseInput.Normal("weights", Pool(new Plain(shape), kernel, stride, 0, max: true).Shape, differentiable: false)],
                    Run = v =>
                    {
                        using Tape tape = new();
                        Tensor x = tape.Watch(v[0]);
                        return tape.Keep(tape.Gradient(Ops.MaxPool2d(x, kernel, stride), [x], v[1])[0]);
                    },
                    Oracle = v => FirstOfEach(v[1], shape, stride),
                    Flops = size * size,
                    Bytes = 8.0 * size * size,
                };
            }
        }
    }

    private static OpCase Row(string op, string sizes, Shape x, Func<Tensor, Tensor> run, Func<Plain, Plain> oracle) => new()
    {
        Op = op,
        Sizes = sizes,
        Inputs = [CaseInput.Normal("x", x)],
        Run = v => run(v[0]),
        Oracle = v => oracle(v[0]),
        SumsProducts = op.Contains("average", StringComparison.Ordinal),
        TwiceDifferentiable = true,
        Flops = x.Count,
        Bytes = 8.0 * x.Count,
    };

    private static Plain FirstOfEach(Plain weights, Shape shape, int stride)
    {
        Plain result = new(shape);
        for (int p = 0; p < weights.Shape[2]; p++)
        {
            for (int q = 0; q < weights.Shape[3]; q++)
            {
                result[0, 0, p * stride, q * stride] += weights[0, 0, p, q];
            }
        }
        return result;
    }

    private static Plain PoolLine(Plain x, int kernel, int stride, int padding, bool max)
    {
        stride = stride == 0 ? kernel : stride;
        int length = ((x.Shape[2] + (2 * padding) - kernel) / stride) + 1;
        Plain y = new(x.Shape.With(2, length));
        for (int i = 0; i < y.Values.Length; i++)
        {
            int start = (i % length * stride) - padding;
            int line = i / length * x.Shape[2];
            double[] inside = [.. Enumerable.Range(start, kernel).Where(at => at >= 0 && at < x.Shape[2]).Select(at => x.Values[line + at])];
            y.Values[i] = max ? inside.Max() : inside.Sum() / kernel;
        }
        return y;
    }

    internal static Plain Pool(Plain x, int kernel, int stride, int padding, bool max)
    {
        stride = stride == 0 ? kernel : stride;
        int height = ((x.Shape[2] + (2 * padding) - kernel) / stride) + 1;
        int width = ((x.Shape[3] + (2 * padding) - kernel) / stride) + 1;
        return Over(x, height, width, p => ((p * stride) - padding, (p * stride) - padding + kernel), q => ((q * stride) - padding, (q * stride) - padding + kernel), max);
    }

    internal static Plain AdaptivePool(Plain x, int height, int width, bool max) => Over(
        x, height, width,
        p => (p * x.Shape[2] / height, (((p + 1) * x.Shape[2]) + height - 1) / height),
        q => (q * x.Shape[3] / width, (((q + 1) * x.Shape[3]) + width - 1) / width), max);

    private static Plain Over(Plain x, int height, int width, Func<int, (int From, int To)> rows, Func<int, (int From, int To)> columns, bool max)
    {
        Plain y = new(x.Shape.With(2, height).With(3, width));
        for (int b = 0; b < x.Shape[0]; b++)
        {
            for (int c = 0; c < x.Shape[1]; c++)
            {
                for (int p = 0; p < height; p++)
                {
                    for (int q = 0; q < width; q++)
                    {
                        (int top, int bottom) = rows(p);
                        (int left, int right) = columns(q);
                        double sum = 0;
                        double largest = double.NegativeInfinity;
                        for (int r = Math.Max(0, top); r < Math.Min(bottom, x.Shape[2]); r++)
                        {
                            for (int s = Math.Max(0, left); s < Math.Min(right, x.Shape[3]); s++)
                            {
                                sum += x[b, c, r, s];
                                largest = Math.Max(largest, x[b, c, r, s]);
                            }
                        }
                        y[b, c, p, q] = max ? largest : sum / ((bottom - top) * (right - left));
                    }
                }
            }
        }
        return y;
    }

    /// <summary>Bilinear at the source positions given; whole positions give nearest.</summary>
    private static Plain Sampled(Plain x, int height, int width, Func<int, int, int, double> source)
    {
        Plain y = new(x.Shape.With(2, height).With(3, width));
        for (int b = 0; b < x.Shape[0]; b++)
        {
            for (int c = 0; c < x.Shape[1]; c++)
            {
                for (int p = 0; p < height; p++)
                {
                    for (int q = 0; q < width; q++)
                    {
                        double row = source(p, x.Shape[2], height);
                        double column = source(q, x.Shape[3], width);
                        int top = (int)row, left = (int)column;
                        int bottom = Math.Min(top + 1, x.Shape[2] - 1), right = Math.Min(left + 1, x.Shape[3] - 1);
                        double down = row - top, across = column - left;
                        y[b, c, p, q] = ((1 - down) * (((1 - across) * x[b, c, top, left]) + (across * x[b, c, top, right])))
                            + (down * (((1 - across) * x[b, c, bottom, left]) + (across * x[b, c, bottom, right])));
                    }
                }
            }
        }
        return y;
    }
}
