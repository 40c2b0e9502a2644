using HyperKernels.Backends;

namespace HyperKernels.Gpu;

internal sealed partial class GpuBackend
{
    private const string DrawOutside = "every run would draw the same; draw into a tensor between runs";

    public void Random(RandomKind kind, ulong seed, ulong position, long count, float a, float b, BufferRef y)
    {
        RefuseInCapture("random numbers", DrawOutside);
        ForEach(
            kind == RandomKind.Normal ? RandomKernels.Normal : RandomKernels.Uniform, Pieces(count, 4),
            new DrawArguments { Seed = seed, Position = position, Count = count, A = a, B = b, Fours = InFours(y) ? 1 : 0, Y = Floats(y) });
    }

    public void Dropout(ulong seed, ulong position, uint threshold, float scale, long count, BufferRef x, BufferRef y)
    {
        RefuseInCapture("random numbers", DrawOutside);
        ForEach(
            RandomKernels.Dropout, Pieces(count, 4),
            new DropoutArguments
            {
                Seed = seed,
                Position = position,
                Threshold = threshold,
                Scale = scale,
                Count = count,
                Fours = InFours(x) && InFours(y) ? 1 : 0,
                X = Floats(x),
                Y = Floats(y),
            });
    }
}
