namespace HyperKernels.Backends.Checked;

internal sealed partial class CheckedBackend
{
    public void Softmax(SoftmaxOp op, int outer, int axis, int inner, BufferRef a, BufferRef? b, BufferRef y)
    {
        long count = (long)outer * axis * inner;
        Check(a, count);
        Check(b, count);
        Check(y, count);
        using Loan loan = Hold(y);
        Target.Softmax(op, outer, axis, inner, a, b, y);
        Keep(a, b, y);
    }

    public void CrossEntropy(int rows, int classes, BufferRef logits, BufferRef labels, BufferRef losses, BufferRef logSums)
    {
        Check(logits, (long)rows * classes);
        Check(labels, rows);
        Check(losses, rows);
        Check(logSums, 2L * rows);
        using Loan loan = Hold(labels, losses);
        using Loan sums = Hold(logSums);
        Target.CrossEntropy(rows, classes, logits, labels, losses, logSums);
        Keep(logits, labels, losses, logSums);
    }

    public void CrossEntropyGradient(int rows, int classes, BufferRef logits, BufferRef labels, BufferRef logSums, BufferRef gradient, BufferRef y)
    {
        Check(logits, (long)rows * classes);
        Check(labels, rows);
        Check(logSums, 2L * rows);
        Check(gradient, rows);
        Check(y, (long)rows * classes);
        using Loan loan = Hold(labels, y);
        Target.CrossEntropyGradient(rows, classes, logits, labels, logSums, gradient, y);
        Keep(logits, labels, logSums, gradient, y);
    }
}
