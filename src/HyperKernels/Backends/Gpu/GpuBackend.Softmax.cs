namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    public void Softmax(SoftmaxOp op, int outer, int length, int inner, BufferRef a, BufferRef b, BufferRef y) =>
        throw new NotSupportedException();

    public void CrossEntropy(int rows, int classes, BufferRef logits, BufferRef labels, BufferRef losses, BufferRef logSums) =>
        throw new NotSupportedException();

    public void CrossEntropyGradient(int rows, int classes, BufferRef logits, BufferRef labels, BufferRef logSums, BufferRef gradient, BufferRef y) =>
        throw new NotSupportedException();
}
