using HyperKernels.Backends;

namespace HyperKernels.Gpu;

internal sealed partial class GpuBackend
{
    // Elements of a line that a thread can keep in registers.
    private const int SoftmaxShort = 4;

    public void Softmax(SoftmaxOp op, int outer, int axis, int inner, BufferRef a, BufferRef? b, BufferRef y)
    {
        LineLayout layout = new((long)outer * inner, axis, inner);
        bool isShort = axis <= SoftmaxShort * layout.Width;
        ForGroups(
            op switch
            {
                SoftmaxOp.Softmax => isShort ? SoftmaxKernels.SoftmaxShort<PlainSoftmax> : SoftmaxKernels.Softmax<PlainSoftmax>,
                SoftmaxOp.LogSoftmax => isShort ? SoftmaxKernels.SoftmaxShort<LogSoftmax> : SoftmaxKernels.Softmax<LogSoftmax>,
                SoftmaxOp.SoftmaxGradient => SoftmaxKernels.SoftmaxGradient<PlainSoftmax>,
                SoftmaxOp.LogSoftmaxGradient => SoftmaxKernels.SoftmaxGradient<LogSoftmax>,
                _ => throw Throw.Undefined(nameof(Softmax), op),
            },
            layout.Groups,
            new SoftmaxArguments
            {
                Length = axis,
                Inner = inner,
                Lines = layout.Lines,
                WidthBits = layout.WidthBits,
                A = Floats(a),
                B = Floats(b),
                Y = Floats(y),
            });
    }

    public void CrossEntropy(int rows, int classes, BufferRef logits, BufferRef labels, BufferRef losses, BufferRef logSums)
    {
        LineLayout layout = new(rows, classes, 1);
        ForGroups(
            SoftmaxKernels.CrossEntropy,
            layout.Groups,
            new CrossEntropyArguments
            {
                Rows = rows,
                Classes = classes,
                WidthBits = layout.WidthBits,
                Logits = Floats(logits),
                Labels = Ints(labels),
                Losses = Floats(losses),
                LogSums = Floats(logSums),
            });
    }

    public void CrossEntropyGradient(int rows, int classes, BufferRef logits, BufferRef labels, BufferRef logSums, BufferRef gradient, BufferRef y)
    {
        long count = (long)rows * classes;
        ForEach(
            SoftmaxKernels.CrossEntropyGradient,
            count,
            new CrossEntropyGradientArguments
            {
                Count = count,
                Classes = classes,
                Logits = Floats(logits),
                Labels = Ints(labels),
                LogSums = Floats(logSums),
                Gradient = Floats(gradient),
                Y = Floats(y),
            });
    }
}
