using System.Runtime.CompilerServices;

namespace HyperKernels.Gpu;

/// <summary>Two numbers.</summary>
internal struct Pair
{
    public float First;
    public float Second;
}

/// <summary>The sum of each.</summary>
internal struct SumPair : IJoin<Pair>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair Join(Pair a, Pair b)
    {
        a.First += b.First;
        a.Second += b.Second;
        return a;
    }
}
