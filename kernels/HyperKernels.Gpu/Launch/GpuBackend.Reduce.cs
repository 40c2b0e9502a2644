using HyperKernels.Backends;

namespace HyperKernels.Gpu;

internal sealed partial class GpuBackend
{
    public void Reduce(ReduceOp op, int outer, int axis, int inner, BufferRef x, BufferRef? center, float scale, BufferRef y) => throw new NotImplementedException();

    public void ArgReduce(bool largest, int outer, int axis, int inner, BufferRef x, BufferRef y) => throw new NotImplementedException();
}
