namespace HyperKernels.Cases;

/// <summary>Convolutions and their two adjoints, shared and per-sample.</summary>
public static class ConvCases
{
    /// <summary>The rows.</summary>
    public static IEnumerable<OpCase> All =>
    [
        .. Forward, .. OneDimensional, .. Adjoints,
    ];

    private static IEnumerable<OpCase> Forward =>
    [
        // Sizes: batch, input channels, image, output channels, kernel, sets of kernels (0: shared).
        Conv(1, 1, 1, 1, 1, 1, 1, 0, new(), twice: true),
        Conv(0, 2, 3, 3, 2, 3, 3, 0, new()),
        Conv(2, 0, 4, 4, 3, 3, 3, 0, new()),
        Conv(2, 3, 4, 4, 0, 3, 3, 0, new()),
        Conv(2, 3, 5, 7, 4, 3, 2, 0, new(), twice: true),
        Conv(2, 2, 5, 6, 3, 3, 3, 0, new(padding: 1), twice: true),
        Conv(3, 2, 7, 8, 5, 3, 3, 0, new(stride: 2, padding: 1), twice: true),
        Conv(2, 2, 9, 8, 3, 3, 3, 0, new(dilation: 2, padding: 2)),
        Conv(2, 4, 6, 5, 6, 3, 3, 0, new(padding: 1, groups: 2), twice: true),
        Conv(2, 5, 6, 19, 5, 3, 3, 0, new(padding: 1, groups: 5), twice: true),
        Conv(2, 3, 9, 7, 6, 3, 3, 0, new(stride: 2, padding: 1, groups: 3)),
        Conv(2, 2, 3, 2, 3, 3, 4, 0, new(padding: 3)),
        Conv(2, 3, 7, 5, 2, 2, 3, 0, new() { StrideH = 3, StrideW = 2, PaddingH = 1, PaddingW = 2, DilationH = 2 }),
        Conv(3, 1, 28, 28, 10, 5, 5, 0, new()),
        Conv(2, 10, 12, 12, 20, 5, 5, 0, new()),
        Conv(1, 16, 11, 13, 29, 3, 3, 0, new(padding: 1)),
        Conv(1, 67, 5, 5, 3, 3, 3, 0, new(padding: 1)),
        Conv(1, 1, 33, 37, 2, 2, 2, 0, new()),
        Conv(5, 7, 3, 3, 13, 1, 1, 0, new()),
        Conv(2, 1, 13, 9, 3, 5, 5, 0, new(padding: 2)),
        Conv(1, 3, 13, 4, 9, 2, 3, 0, new(padding: 1)),
        Conv(2, 17, 13, 8, 11, 1, 1, 0, new()),
        Conv(2, 2, 6, 13, 5, 3, 3, 0, new() { PaddingH = 0, PaddingW = 2, DilationW = 2 }),
        Conv(2, 11, 9, 7, 5, 3, 3, 0, new(stride: 2, padding: 1)),
        Conv(2, 12, 8, 6, 7, 2, 4, 0, new() { PaddingW = 2, DilationH = 3 }),
        // Channels and pixels enough for transformed products.
        Conv(1, 12, 15, 14, 13, 3, 3, 0, new()),
        Conv(4, 13, 12, 11, 14, 3, 3, 2, new(padding: 1)),
        Conv(1, 37, 12, 11, 12, 3, 3, 0, new(padding: 1)),
        Conv(1, 24, 11, 10, 26, 3, 3, 0, new(padding: 2, groups: 2)),
        // Several runs of rows.
        Conv(1, 1, 7, 470, 20, 3, 1, 0, new(padding: 1)),
        Conv(3, 2, 5, 5, 4, 3, 3, 3, new(padding: 1), twice: true),
        Conv(6, 2, 5, 4, 3, 3, 3, 2, new(padding: 1), twice: true),
        Conv(4, 4, 5, 9, 4, 3, 3, 4, new(padding: 1, groups: 4)),
        Conv(4, 4, 6, 6, 6, 3, 3, 2, new(stride: 2, padding: 1, groups: 2)),
        // Sets and groups whose channels fill a part of a GPU's tile.
        Conv(4, 10, 5, 6, 12, 3, 3, 2, new(stride: 2, padding: 1, groups: 2), twice: true),
        Conv(4, 3, 12, 12, 8, 3, 3, 4, new(padding: 1), benchmark: true),
        Conv(3, 2, 5, 5, 4, 3, 3, 3, new(padding: 1), slices: true, twice: true),
        Conv(4, 2, 5, 5, 3, 3, 2, 2, new(), slices: true),
    ];

    private static IEnumerable<OpCase> OneDimensional =>
    [
        Conv1d(2, 3, 11, 4, 3, 0, 1, 0, 1, 1),
        Conv1d(2, 4, 40, 6, 5, 0, 2, 2, 1, 2),
        Conv1d(4, 2, 19, 3, 3, 2, 1, 2, 2, 1),
    ];

    private static IEnumerable<OpCase> Adjoints =>
    [
        GradInput(2, 3, 6, 7, 4, 3, 3, 0, new(padding: 1)),
        GradInput(4, 2, 7, 7, 4, 3, 3, 2, new(stride: 2, padding: 1, groups: 2)),
        GradKernel(2, 3, 6, 7, 4, 3, 3, 0, new(padding: 1)),
        GradKernel(4, 2, 7, 7, 4, 3, 3, 2, new(stride: 2, padding: 1, groups: 2)),
        GradKernel(3, 1, 28, 28, 3, 5, 5, 0, new()),
        // The batch in several chunks, and planes too large to be added up in the cache: their oracles are slow, so not twice.
        GradKernel(3, 1, 46, 46, 32, 1, 2, 0, new(), twice: false),
        GradInput(1, 1, 52, 52, 1, 5, 5, 0, new(), twice: false),
        GradKernel(1, 10, 4, 400, 4, 2, 2, 0, new(), twice: false),
        GradKernel(1, 12, 26, 24, 12, 3, 3, 0, new(), twice: false),
        // A kernel nearly as large as the image.
        GradInput(1, 2, 9, 9, 2, 7, 7, 0, new(), twice: false),
    ];

    private static Shape Kernel(int inputs, int outputs, int kh, int kw, int sets, Conv2dOptions o) =>
        sets == 0 ? [outputs, inputs / o.Groups, kh, kw] : [sets, outputs, inputs / o.Groups, kh, kw];

    private static string Sizes(int batch, int inputs, int height, int width, int outputs, int kh, int kw, int sets, Conv2dOptions o)
    {
        string text = $"B={batch} I={inputs} H={height} W={width} O={outputs} K={kh}x{kw}";
        text += sets > 0 ? $" C={sets}" : "";
        text += (o.StrideH, o.StrideW) != (1, 1) ? $" stride={o.StrideH}x{o.StrideW}" : "";
        text += (o.PaddingH, o.PaddingW) != (0, 0) ? $" padding={o.PaddingH}x{o.PaddingW}" : "";
        text += (o.DilationH, o.DilationW) != (1, 1) ? $" dilation={o.DilationH}x{o.DilationW}" : "";
        return text + (o.Groups != 1 ? $" groups={o.Groups}" : "");
    }

    private static Shape Output(Shape x, int outputs, int kh, int kw, Conv2dOptions o) =>
    [
        x[0], outputs,
        ((x[2] + (2 * o.PaddingH) - (o.DilationH * (kh - 1)) - 1) / o.StrideH) + 1,
        ((x[3] + (2 * o.PaddingW) - (o.DilationW * (kw - 1)) - 1) / o.StrideW) + 1,
    ];

    private static OpCase Conv(
        int batch, int inputs, int height, int width, int outputs, int kh, int kw, int sets, Conv2dOptions o,
        bool slices = false, bool twice = false, bool benchmark = false)
    {
        Shape x = [batch, inputs, height, width];
        Shape w = Kernel(inputs, outputs, kh, kw, sets, o);
        Shape y = Output(x, outputs, kh, kw, o);
        Shape b = sets == 0 ? [outputs] : [sets, outputs];
        int perSet = sets == 0 ? 0 : (int)w.RowCount;
        // Slices: kernels and bias are generated parameters, three numbers apart in rows of one matrix.
        IReadOnlyList<CaseInput> operands = slices
            ? [CaseInput.Normal("x", x), CaseInput.Normal("parameters", [sets, perSet + 3 + outputs])]
            : [CaseInput.Normal("x", x), CaseInput.Normal("weight", w), CaseInput.Normal("bias", b)];
        return new OpCase
        {
            Op = sets > 0 ? "conv2d_per_sample" : "conv2d",
            Sizes = Sizes(batch, inputs, height, width, outputs, kh, kw, sets, o) + (slices ? " slices" : ""),
            Inputs = operands,
            Run = v => slices
                ? Ops.Conv2d(v[0], Ops.Reshape(Ops.Slice(v[1], 1, 0, perSet), w), Ops.Slice(v[1], 1, perSet + 3, outputs), o)
                : Ops.Conv2d(v[0], v[1], v[2], o),
            Oracle = v => slices
                ? Answer(v[0], v[1].Columns(0, w), v[1].Columns(perSet + 3, b), o)
                : Answer(v[0], v[1], v[2], o),
            SumsProducts = true,
            TwiceDifferentiable = twice,
            Benchmark = benchmark,
            Flops = 2.0 * y.Count * w[-3] * kh * kw,
            Bytes = 4.0 * (x.Count + w.Count + b.Count + y.Count),
        };
    }

    private static OpCase Conv1d(int batch, int inputs, int length, int outputs, int kernel, int sets, int stride, int padding, int dilation, int groups)
    {
        Conv2dOptions o = new() { StrideW = stride, PaddingW = padding, DilationW = dilation, Groups = groups };
        Shape x = [batch, inputs, length];
        Shape w = Kernel(inputs, outputs, 1, kernel, sets, o);
        Shape y = Output([batch, inputs, 1, length], outputs, 1, kernel, o);
        Shape b = sets == 0 ? [outputs] : [sets, outputs];
        return new OpCase
        {
            Op = "conv1d",
            Sizes = Sizes(batch, inputs, 1, length, outputs, 1, kernel, sets, o),
            Inputs = [CaseInput.Normal("x", x), CaseInput.Normal("weight", w.Remove(w.Rank - 2)), CaseInput.Normal("bias", b)],
            Run = v => Ops.Conv1d(v[0], v[1], v[2], stride, padding, dilation, groups),
            Oracle = v => Answer(v[0].Reshape(x.Insert(2, 1)), v[1].Reshape(w), v[2], o).Reshape(y.Remove(2)),
            SumsProducts = true,
            TwiceDifferentiable = true,
            Flops = 2.0 * y.Count * w[-3] * kernel,
            Bytes = 4.0 * (x.Count + w.Count + b.Count + y.Count),
        };
    }

    private static OpCase GradInput(int batch, int inputs, int height, int width, int outputs, int kh, int kw, int sets, Conv2dOptions o, bool twice = true)
    {
        Shape x = [batch, inputs, height, width];
        Shape w = Kernel(inputs, outputs, kh, kw, sets, o);
        Shape y = Output(x, outputs, kh, kw, o);
        return new OpCase
        {
            Op = "conv2d_grad_input",
            Sizes = Sizes(batch, inputs, height, width, outputs, kh, kw, sets, o),
            Inputs = [CaseInput.Normal("y", y), CaseInput.Normal("weight", w)],
            Run = v => Ops.Conv2dGradInput(v[0], v[1], height, width, o),
            Oracle = v =>
            {
                Plain result = new(x);
                Walk(x, w, y, o, (atX, atW, atY) => result.Values[atX] += v[1].Values[atW] * v[0].Values[atY]);
                return result;
            },
            SumsProducts = true,
            TwiceDifferentiable = twice,
            Flops = 2.0 * y.Count * w[-3] * kh * kw,
            Bytes = 4.0 * (x.Count + w.Count + y.Count),
        };
    }

    private static OpCase GradKernel(int batch, int inputs, int height, int width, int outputs, int kh, int kw, int sets, Conv2dOptions o, bool twice = true)
    {
        Shape x = [batch, inputs, height, width];
        Shape w = Kernel(inputs, outputs, kh, kw, sets, o);
        Shape y = Output(x, outputs, kh, kw, o);
        return new OpCase
        {
            Op = "conv2d_grad_kernel",
            Sizes = Sizes(batch, inputs, height, width, outputs, kh, kw, sets, o),
            Inputs = [CaseInput.Normal("x", x), CaseInput.Normal("y", y)],
            Run = v => Ops.Conv2dGradKernel(v[0], v[1], w, o),
            Oracle = v =>
            {
                Plain result = new(w);
                Walk(x, w, y, o, (atX, atW, atY) => result.Values[atW] += v[0].Values[atX] * v[1].Values[atY]);
                return result;
            },
            SumsProducts = true,
            TwiceDifferentiable = twice,
            Flops = 2.0 * y.Count * w[-3] * kh * kw,
            Bytes = 4.0 * (x.Count + w.Count + y.Count),
        };
    }

    /// <summary>The convolution of images with kernels shared or per block of samples.</summary>
    internal static Plain Answer(Plain x, Plain w, Plain? bias, Conv2dOptions o)
    {
        Shape shape = Output(x.Shape, w.Shape[-4], w.Shape[-2], w.Shape[-1], o);
        Plain y = new(shape);
        int pixels = shape[2] * shape[3];
        int sets = w.Shape.Rank == 5 ? w.Shape[0] : 1;
        for (int i = 0; i < y.Values.Length && bias is not null; i++)
        {
            int sample = i / pixels / shape[1];
            y.Values[i] = bias.Values[(sample / (shape[0] / sets) * shape[1]) + (i / pixels % shape[1])];
        }
        Walk(x.Shape, w.Shape, shape, o, (atX, atW, atY) => y.Values[atY] += w.Values[atW] * x.Values[atX]);
        return y;
    }

    /// <summary>Visits every product of the convolution: places in x, in w and in y.</summary>
    private static void Walk(Shape x, Shape w, Shape y, Conv2dOptions o, Action<int, int, int> visit)
    {
        int sets = w.Rank == 5 ? w[0] : 1;
        int outputs = w[-4], inputs = w[-3], kh = w[-2], kw = w[-1];
        for (int b = 0; b < x[0]; b++)
        {
            int set = b / (x[0] / sets);
            for (int output = 0; output < outputs; output++)
            {
                int group = output / (outputs / o.Groups);
                for (int p = 0; p < y[2]; p++)
                {
                    for (int q = 0; q < y[3]; q++)
                    {
                        int atY = (((((b * outputs) + output) * y[2]) + p) * y[3]) + q;
                        for (int i = 0; i < inputs; i++)
                        {
                            for (int r = 0; r < kh; r++)
                            {
                                int row = (p * o.StrideH) - o.PaddingH + (r * o.DilationH);
                                for (int c = 0; c < kw; c++)
                                {
                                    int column = (q * o.StrideW) - o.PaddingW + (c * o.DilationW);
                                    if (row >= 0 && row < x[2] && column >= 0 && column < x[3])
                                    {
                                        int atX = (((((b * x[1]) + (group * inputs) + i) * x[2]) + row) * x[3]) + column;
                                        int atW = (((((((set * outputs) + output) * inputs) + i) * kh) + r) * kw) + c;
                                        visit(atX, atW, atY);
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
