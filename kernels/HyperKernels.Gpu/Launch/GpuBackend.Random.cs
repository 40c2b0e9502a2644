using HyperKernels.Backends;

namespace HyperKernels.Gpu;

internal sealed partial class GpuBackend
{
    public void Random(RandomKind kind, ulong seed, ulong position, long count, float a, float b, BufferRef y) => throw new NotImplementedException();

    public void Dropout(ulong seed, ulong position, uint threshold, float scale, long count, BufferRef x, BufferRef y) => throw new NotImplementedException();
}
