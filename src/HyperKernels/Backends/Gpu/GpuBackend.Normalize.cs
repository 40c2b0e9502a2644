namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    public void Normalize(in NormalizeSizes sizes, BufferRef x, BufferRef gain, BufferRef bias, BufferRef y, BufferRef means, BufferRef variances) =>
        throw new NotSupportedException();

    public void NormalizeGradient(
        in NormalizeSizes sizes, BufferRef x, BufferRef gain, BufferRef means, BufferRef variances, BufferRef gradient, BufferRef y) =>
        throw new NotSupportedException();

    public void NormalizeParameterGradient(
        in NormalizeSizes sizes, BufferRef x, BufferRef means, BufferRef variances, BufferRef gradient, BufferRef gain, BufferRef bias) =>
        throw new NotSupportedException();
}
