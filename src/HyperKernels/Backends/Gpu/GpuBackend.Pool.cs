namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    public void Pool(PoolOp op, in PoolSizes sizes, BufferRef x, BufferRef y, BufferRef places) =>
        throw new NotSupportedException();

    public void Resize(ResizeMode mode, bool adjoint, in PoolSizes sizes, BufferRef x, BufferRef y) =>
        throw new NotSupportedException();
}
