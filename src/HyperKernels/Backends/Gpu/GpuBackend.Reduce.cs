namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    public void Reduce(ReduceOp op, int outer, int axis, int inner, BufferRef x, BufferRef center, float scale, BufferRef y) =>
        throw new NotSupportedException();

    public void ArgReduce(bool largest, int outer, int axis, int inner, BufferRef x, BufferRef y) =>
        throw new NotSupportedException();
}
