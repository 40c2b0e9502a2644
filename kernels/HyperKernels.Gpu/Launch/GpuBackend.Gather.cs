using HyperKernels.Backends;

namespace HyperKernels.Gpu;

internal sealed partial class GpuBackend
{
    public void GatherRows(BufferRef x, long rowStride, BufferRef indices, int count, int length, BufferRef y) => throw new NotImplementedException();

    public void ScatterAddRows(BufferRef x, BufferRef indices, int count, int length, int rows, BufferRef y) => throw new NotImplementedException();

    public void TakeAlong(bool adjoint, int outer, int axis, int count, int inner, BufferRef x, BufferRef indices, BufferRef y) => throw new NotImplementedException();

    public void TopK(int rows, int length, int count, BufferRef x, BufferRef y) => throw new NotImplementedException();
}
