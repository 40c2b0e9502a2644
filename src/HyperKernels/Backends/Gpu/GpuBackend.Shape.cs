namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    public void Copy(in Broadcast sizes, BufferRef source, BufferRef destination) =>
        throw new NotSupportedException();

    public void GatherRows(BufferRef x, long rowStride, BufferRef indices, int count, int length, BufferRef y) =>
        throw new NotSupportedException();

    public void ScatterAddRows(BufferRef x, BufferRef indices, int count, int length, int rows, BufferRef y) =>
        throw new NotSupportedException();

    public void TakeAlong(bool adjoint, int outer, int axis, int count, int inner, BufferRef x, BufferRef indices, BufferRef y) =>
        throw new NotSupportedException();

    public void TopK(int rows, int length, int count, BufferRef x, BufferRef y) =>
        throw new NotSupportedException();
}
