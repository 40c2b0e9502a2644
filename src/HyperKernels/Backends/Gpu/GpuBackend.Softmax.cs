namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    // Elements of a line that a thread can keep in registers.
    private const int SoftmaxShort = 4;

    public void Softmax(SoftmaxOp op, int outer, int axis, int inner, BufferRef a, BufferRef? b, BufferRef y)
    {
        LineLayout layout = new((long)outer * inner, axis, inner);
        bool log = op is SoftmaxOp.LogSoftmax or SoftmaxOp.LogSoftmaxGradient;
        if (op is SoftmaxOp.Softmax or SoftmaxOp.LogSoftmax)
        {
            string kernel = axis <= SoftmaxShort * layout.Width ? "softmax/softmax_short" : "softmax/softmax";
            ForGroups(kernel, layout.Groups, [log, axis, inner, layout.Lines, layout.Width, a, y]);
        }
        else
        {
            ForGroups("softmax/softmax_grad", layout.Groups, [log, axis, inner, layout.Lines, layout.Width, a, b, y]);
        }
    }

    public void CrossEntropy(int rows, int classes, BufferRef logits, BufferRef labels, BufferRef losses, BufferRef logSums)
    {
        LineLayout layout = new(rows, classes, 1);
        ForGroups("softmax/cross_entropy", layout.Groups, [rows, classes, layout.Width, logits, labels, losses, logSums]);
    }

    public void CrossEntropyGradient(int rows, int classes, BufferRef logits, BufferRef labels, BufferRef logSums, BufferRef gradient, BufferRef y)
    {
        long count = (long)rows * classes;
        ForEach("softmax/cross_entropy_grad", count, [count, classes, logits, labels, logSums, gradient, y]);
    }
}
