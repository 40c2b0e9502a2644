using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>What a device can do at most, for benchmarks.</summary>
internal static class LimitsKernels
{
    /// <summary>
    /// y[i] = the end of eight chains of multiply-adds, steps long: arithmetic alone.   y [threads]   Any launch size. Operations: 16 steps a thread.
    /// </summary>
    [Kernel]
    public static void MultiplyAdd(MultiplyAddArguments p)
    {
        float a = p.Factor, b = p.Factor + 1, c = p.Factor + 2, d = p.Factor + 3;
        float e = p.Factor + 4, f = p.Factor + 5, g = p.Factor + 6, h = p.Factor + 7;
        for (int step = 0; step < p.Steps; step++)
        {
            a = Intrinsics.Fma(a, p.Factor, p.Addend);
            b = Intrinsics.Fma(b, p.Factor, p.Addend);
            c = Intrinsics.Fma(c, p.Factor, p.Addend);
            d = Intrinsics.Fma(d, p.Factor, p.Addend);
            e = Intrinsics.Fma(e, p.Factor, p.Addend);
            f = Intrinsics.Fma(f, p.Factor, p.Addend);
            g = Intrinsics.Fma(g, p.Factor, p.Addend);
            h = Intrinsics.Fma(h, p.Factor, p.Addend);
        }
        p.Y[Threads.Global] = a + b + c + d + e + f + g + h;
    }
}

/// <summary>Arguments of <see cref="LimitsKernels.MultiplyAdd"/>.</summary>
internal struct MultiplyAddArguments
{
    public int Steps;
    public float Factor;
    public float Addend;
    public ArrayView<float> Y;
}
