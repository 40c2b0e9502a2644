using System.Runtime.CompilerServices;

namespace HyperKernels.Gpu;

/// <summary>Which of two values comes first in the order of ArgReduce, TopK and SegmentExtreme.</summary>
internal static class First
{
    /// <summary>
    /// Whether value b at position q comes before value a at position p: the larger (or smaller), NaN before all, the lower position among equals. A position
    /// of -1 is none.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Comes(bool largest, float b, int q, float a, int p)
    {
        if (p < 0 || q < 0)
        {
            return p < 0 && q >= 0;
        }
        bool isNaNA = MathK.IsNaN(a);
        bool isNaNB = MathK.IsNaN(b);
        if (isNaNA || isNaNB)
        {
            return isNaNA && isNaNB ? q < p : isNaNB;
        }
        return a == b ? q < p : largest ? b > a : b < a;
    }
}
