using HyperKernels.Backends;

namespace HyperKernels.Gpu;

internal sealed partial class GpuBackend
{
    public void Convolve(ConvProduct product, in ConvSizes sizes, BufferRef x, BufferRef w, BufferRef? bias, BufferRef y) => throw new NotImplementedException();
}
