using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

// What the threads can do at most.
internal sealed unsafe partial class CpuBackend
{
    private const int LimitTilesPerThread = 4;

    public double RunMultiplyAdds(BufferRef scratch)
    {
        int tiles = Threads * LimitTilesPerThread;
        MultiplyAddTiles work = default;
        _threads.For(VectorWidth, tiles, ref work);
        return 2.0 * VectorWidth / 32 * MultiplyAddTiles.Chains * MultiplyAddTiles.Steps * tiles;
    }

    public void RunCopy(BufferRef source, BufferRef destination, long bytes)
    {
        int tiles = Threads * LimitTilesPerThread;
        LimitCopyTiles work = new() { Source = (byte*)Floats(source), Destination = (byte*)Floats(destination), Bytes = bytes, Tiles = tiles };
        _threads.For(VectorWidth, tiles, ref work);
    }

    private struct MultiplyAddTiles : ITiles
    {
        // Twelve chains hide a latency of four cycles at two a cycle, and leave registers free at 256 bits too.
        public const int Chains = 12;
        public const int Steps = 200_000;

        // Read by nobody; the compiler must believe that the loop has a result.
        private float _sink;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            TVec factor = TVec.Create(0.999f + (tile * 1e-6f));
            TVec a = factor, b = factor, c = factor, d = factor, e = factor, f = factor;
            TVec g = factor, h = factor, i = factor, j = factor, k = factor, l = factor;
            TVec addend = TVec.Create(0.001f);
            for (int step = 0; step < Steps; step++)
            {
                a = TVec.MultiplyAdd(a, factor, addend);
                b = TVec.MultiplyAdd(b, factor, addend);
                c = TVec.MultiplyAdd(c, factor, addend);
                d = TVec.MultiplyAdd(d, factor, addend);
                e = TVec.MultiplyAdd(e, factor, addend);
                f = TVec.MultiplyAdd(f, factor, addend);
                g = TVec.MultiplyAdd(g, factor, addend);
                h = TVec.MultiplyAdd(h, factor, addend);
                i = TVec.MultiplyAdd(i, factor, addend);
                j = TVec.MultiplyAdd(j, factor, addend);
                k = TVec.MultiplyAdd(k, factor, addend);
                l = TVec.MultiplyAdd(l, factor, addend);
            }
            float sum = TVec.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
            Volatile.Write(ref _sink, sum);
        }
    }

    private struct LimitCopyTiles : ITiles
    {
        private const int PageBytes = 4096;

        public byte* Source;
        public byte* Destination;
        public long Bytes;
        public int Tiles;

        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            long first = Bytes / PageBytes * tile / Tiles * PageBytes;
            long end = Bytes / PageBytes * (tile + 1) / Tiles * PageBytes;
            Buffer.MemoryCopy(Source + first, Destination + first, end - first, end - first);
        }
    }
}
