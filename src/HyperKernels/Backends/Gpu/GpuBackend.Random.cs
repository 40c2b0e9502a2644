namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    private const string DrawOutside = "every run would draw the same; draw into a tensor between runs";

    public void Random(RandomKind kind, ulong seed, ulong position, long count, float a, float b, BufferRef y)
    {
        RefuseInCapture("random numbers", DrawOutside);
        ForEach("random/draw", (count + 3) / 4, [kind == RandomKind.Normal, seed, position, count, a, b, InFours(y), y]);
    }

    public void Dropout(ulong seed, ulong position, uint threshold, float scale, long count, BufferRef x, BufferRef y)
    {
        RefuseInCapture("random numbers", DrawOutside);
        ForEach("random/dropout", (count + 3) / 4, [seed, position, threshold, scale, count, InFours(x) && InFours(y), x, y]);
    }
}
