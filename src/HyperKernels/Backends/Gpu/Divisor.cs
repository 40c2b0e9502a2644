using System.Numerics;

namespace HyperKernels.Backends.Gpu;

/// <summary>
/// A number to divide by in a kernel, as kernels/lib/divide.h does it: n / d = n (2^s / d + 1) / 2^s with s = 31 + log2 d rounded up, for
/// every n below 2^31 (T. Granlund, P. Montgomery, Division by invariant integers using multiplication, 1994, section 4).
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

    /// <summary>What a kernel computes for n / d.</summary>
    public int Divide(int n) => (int)(((ulong)n * _factor) >> _shift);
}
