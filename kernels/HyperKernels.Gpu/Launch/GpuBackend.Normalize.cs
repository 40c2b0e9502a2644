using HyperKernels.Backends;

namespace HyperKernels.Gpu;

internal sealed partial class GpuBackend
{
    public void Normalize(in NormalizeSizes sizes, BufferRef x, BufferRef? gain, BufferRef? bias, BufferRef y, BufferRef? means, BufferRef variances) => throw new NotImplementedException();

    public void NormalizeGradient(
        in NormalizeSizes sizes, BufferRef x, BufferRef? gain, BufferRef? means, BufferRef variances, BufferRef gradient, BufferRef y) => throw new NotImplementedException();

    public void NormalizeParameterGradient(
        in NormalizeSizes sizes, BufferRef x, BufferRef? means, BufferRef variances, BufferRef gradient, BufferRef? gain, BufferRef? bias) => throw new NotImplementedException();
}
