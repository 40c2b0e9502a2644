namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    public void Random(RandomKind kind, ulong seed, ulong position, long count, float a, float b, BufferRef y) =>
        ForEach("random/draw", (count + 3) / 4, [kind == RandomKind.Normal, seed, position, count, a, b, InFours(y), y]);

    public void Dropout(ulong seed, ulong position, uint threshold, float scale, long count, BufferRef x, BufferRef y) =>
        ForEach("random/dropout", (count + 3) / 4, [seed, position, threshold, scale, count, InFours(x) && InFours(y), x, y]);
}
