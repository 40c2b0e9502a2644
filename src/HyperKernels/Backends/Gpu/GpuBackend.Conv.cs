namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    public void Convolve(ConvProduct product, in ConvSizes sizes, BufferRef x, BufferRef w, BufferRef bias, BufferRef y) =>
        throw new NotSupportedException();
}
