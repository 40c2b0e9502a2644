using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using HyperKernels.Backends.Cpu;
using HyperKernels.Backends.Gpu;

namespace HyperKernels.Cases.Sized;

/// <summary>What a device can do at most, measured in the same run as what is compared with it.</summary>
/// <param name="PeakGflops">Multiply-adds on registers alone, on a processor at the device's vector width on its threads; 10^9 operations a second.</param>
/// <param name="CopyGbps">Bytes read plus bytes written by a plain copy of memory far larger than the caches; 10^9 bytes a second.</param>
public sealed record MachineLimits(double PeakGflops, double CopyGbps)
{
    private const int Rounds = 12;
    private const int TilesPerThread = 4;

    // 128 MiB from and as much to: several times the largest caches in use.
    private const long CopyBytes = 128L << 20;

    /// <summary>Measures a device; takes about half a second. The best of several rounds counts.</summary>
    public static MachineLimits Measure(Device device) =>
        device.Backend is GpuBackend gpu ? GpuLimits.Measure(device, gpu) : MeasureProcessor(device);

    private static unsafe MachineLimits MeasureProcessor(Device device)
    {
        using ForkJoin threads = new(device.Threads);
        int tiles = device.Threads * TilesPerThread;
        FmaTiles fma = default;
        byte* source = (byte*)NativeMemory.AlignedAlloc((nuint)CopyBytes, 4096);
        byte* target = (byte*)NativeMemory.AlignedAlloc((nuint)CopyBytes, 4096);
        try
        {
            NativeMemory.Fill(source, (nuint)CopyBytes, 1);
            NativeMemory.Fill(target, (nuint)CopyBytes, 2);
            CopyTiles copy = new() { Source = source, Target = target, TileBytes = CopyBytes / tiles };
            double fmaSeconds = double.PositiveInfinity;
            double copySeconds = double.PositiveInfinity;
            for (int round = 0; round < Rounds; round++)
            {
                fmaSeconds = Math.Min(fmaSeconds, Time(threads, device.VectorWidth, tiles, ref fma));
                copySeconds = Math.Min(copySeconds, Time(threads, device.VectorWidth, tiles, ref copy));
            }
            double operations = 2.0 * device.VectorWidth / 32 * FmaTiles.Chains * FmaTiles.Steps * tiles;
            return new MachineLimits(operations / fmaSeconds / 1e9, 2.0 * copy.TileBytes * tiles / copySeconds / 1e9);
        }
        finally
        {
            NativeMemory.AlignedFree(source);
            NativeMemory.AlignedFree(target);
        }
    }

    private static double Time<TKernel>(ForkJoin threads, int width, int tiles, ref TKernel kernel)
        where TKernel : struct, ITiles
    {
        long start = Stopwatch.GetTimestamp();
        threads.For(width, tiles, ref kernel);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private struct FmaTiles : ITiles
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

    private unsafe struct CopyTiles : ITiles
    {
        public byte* Source;
        public byte* Target;
        public long TileBytes;

        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec> =>
            Buffer.MemoryCopy(Source + (tile * TileBytes), Target + (tile * TileBytes), TileBytes, TileBytes);
    }
}
