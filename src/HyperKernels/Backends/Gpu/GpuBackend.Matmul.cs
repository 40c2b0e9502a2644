namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    public void Matmul(in MatmulSizes sizes, BufferRef a, BufferRef b, BufferRef bias, BufferRef y) =>
        throw new NotSupportedException();
}
