namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    public void GenerateLinear(in GenerateSizes sizes, BufferRef x, BufferRef z, BufferRef generator, BufferRef? baseWeight, BufferRef y) =>
        throw new NotSupportedException();

    public void GenerateLinearGradient(
        in GenerateSizes sizes, BufferRef x, BufferRef z, BufferRef generator, BufferRef? baseWeight, BufferRef gradient,
        BufferRef? dx, BufferRef? dz, BufferRef? dGenerator, BufferRef? dBase) =>
        throw new NotSupportedException();
}
