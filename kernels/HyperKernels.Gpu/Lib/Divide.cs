using System.Numerics;
using System.Runtime.CompilerServices;

namespace HyperKernels.Gpu;

/// <summary>Division of whole numbers that are not negative.</summary>
internal static class Divide
{
    /// <summary>i / by; a 64-bit division costs several times a 32-bit one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Quotient(long i, int by) => (i >> 32) == 0 ? (uint)i / (uint)by : i / Guarded(by);

    /// <summary>The same for any divisor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Quotient(long i, long by) => ((i | by) >> 32) == 0 ? (uint)i / (uint)by : i / Guarded(by);

    /// <summary>
    /// The same number. ILGPU works out both sides of a short condition and chooses one, unless there is a call in it; the driver's compiler knows that this
    /// one gives 0.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Guarded(long by) => by + Intrinsics.MulHi((uint)by, 1);
}

/// <summary>
/// A number to divide by that the host knows: a product and a shift instead of some twenty instructions. n / d = n (2^s / d + 1) / 2^s with s = 31 + log2 d
/// rounded up, for every n below 2^31 (T. Granlund, P. Montgomery, Division by invariant integers using multiplication, 1994, section 4).
/// </summary>
internal readonly struct Divisor
{
    private readonly uint _factor;
    private readonly int _shift;

    private Divisor(uint factor, int shift)
    {
        _factor = factor;
        _shift = shift;
    }

    /// <summary>Division by a number from 1 on; what a kernel with nothing to do might divide by counts as 1.</summary>
    public static implicit operator Divisor(int value)
    {
        uint divisor = (uint)Math.Max(1, value);
        int shift = 31 + BitOperations.Log2((2 * divisor) - 1);
        return new Divisor((uint)((1UL << shift) / divisor) + 1, shift);
    }

    /// <summary>n / d for 0 &lt;= n &lt; 2^31.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Quotient(int n) => (int)(((ulong)(uint)n * _factor) >> _shift);

    /// <summary>n / d for any n from 0 on; d is the number that this divides by.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Quotient(long n, int d) => (n >> 31) == 0 ? Quotient((int)n) : n / Divide.Guarded(d);
}
