namespace HyperKernels.Cases;

/// <summary>
/// Inputs for functions of one and two numbers: one of every stretch of the 2^32 bit patterns, so that all magnitudes, both signs, denormals, infinities and NaN
/// come; and all floats around the places where such functions are hard.
/// </summary>
internal sealed class FunctionInputs
{
    /// <summary>All bit patterns.</summary>
    public const long Everything = 1L << 32;

    // Zero, the smallest normal number, ones and halves, where exponentials end and begin, where tangent and error function become one, switches between polynomials.
    private static readonly float[] s_hard =
    [
        0, 1.17549435e-38f, 5.9604645e-8f, 1.1920929e-7f, 3.4526698e-4f, 0.1f, 0.25f, 0.5f, 0.625f, 0.70710678f, 0.75f, 0.84137f, 0.927734375f, 1, 1.312f, 1.41421356f,
        1.5f, 2, 2.5f, 3, 4, 5.5f, 8, 8.664f, 9.0108f, 10, 13.2f, 14.5f, 15.94f, 16.635532f, 24, 30, 64, 87.33655f, 88.02969f, 88.37626f, 88.72284f, 89, 90, 103.27893f, 103.97208f,
        104, 104.5f, 128, 1024, 65536, 1048576, 8388608, 16777216, 2147483648, 1e15f, 1.8446744e19f, 1e30f, 4.2535296e37f, 8.507059e37f, 1.7014118e38f, 3.4028235e38f,
        // The float that comes closest to a multiple of pi / 2 for its size (J.-M. Muller, Elementary Functions, table 11.1).
        7.729179e28f,
    ];

    private static readonly float[] s_special =
    [
        0, -0f, 1, -1, 2, -2, 0.5f, -0.5f, 3, -3, 1.5f, 0.1f, 1.0001f, 0.9999f, 1e-30f, 1e30f, 16777215, -16777217, 33554432, 87, -87, 254.25f, 1.41f, float.Epsilon,
        -float.Epsilon, 1.17549435e-38f, float.MaxValue, float.MinValue, float.PositiveInfinity, float.NegativeInfinity, float.NaN,
    ];

    private readonly int _operands;
    private readonly long _count;
    private readonly float[] _near;

    /// <summary>Makes inputs.</summary>
    /// <param name="operands">One or two.</param>
    /// <param name="count">How many stretches; 1 to 2^32.</param>
    /// <param name="around">How many floats on either side of a hard place.</param>
    public FunctionInputs(int operands, long count, int around)
    {
        (_operands, _count) = (operands, count);
        _near = operands == 1 ? Near(around) : [];
    }

    /// <summary>How many there are.</summary>
    public long Count => _count + (_operands == 1 ? _near.Length : s_special.Length * s_special.Length);

    /// <summary>The inputs of a place in their order; b only where there are two operands.</summary>
    public (float A, float B) At(long place)
    {
        if (place >= _count)
        {
            int extra = (int)(place - _count);
            return _operands == 1 ? (_near[extra], 0) : (s_special[extra / s_special.Length], s_special[extra % s_special.Length]);
        }
        ulong random = Mixed((ulong)place);
        // Divided so that every bit pattern comes once where there are 2^32 stretches.
        long first = (long)((UInt128)place * Everything / (ulong)_count);
        long next = (long)((UInt128)(place + 1) * Everything / (ulong)_count);
        uint bits = (uint)(first + (long)(random % (ulong)(next - first)));
        float a = BitConverter.UInt32BitsToSingle(bits);
        return _operands == 1 ? (a, 0) : Pair(a, Mixed(random), (int)(place % 3));
    }

    // Any other number; one of nearly the same magnitude, for sums that cancel and quotients near one; a base and an exponent whose power a float holds.
    private static (float A, float B) Pair(float a, ulong random, int kind)
    {
        uint low = (uint)random;
        switch (kind)
        {
            case 0:
                return (a, BitConverter.UInt32BitsToSingle(low));
            case 1:
                uint magnitude = 0x7FFFFFFFu & (BitConverter.SingleToUInt32Bits(a) + ((low & 0x1FFFFFF) >> (int)(random >> 32 & 31)));
                return (a, BitConverter.UInt32BitsToSingle(magnitude | (uint)(random >> 63 << 31)));
            default:
                float bases = MathF.Abs(a);
                double exponent = ((low / 4294967296.0) - 0.5) * 300 / Math.Log2(bases);
                return double.IsFinite(exponent) ? (bases, (float)exponent) : (a, 0.5f);
        }
    }

    private static float[] Near(int around)
    {
        HashSet<uint> near = [.. s_special.Select(BitConverter.SingleToUInt32Bits)];
        foreach (float place in s_hard)
        {
            for (int step = -around; step <= around; step++)
            {
                AddBoth(Ulps.Step(place, step));
            }
        }
        // Multiples of pi / 2, where sines and cosines are zero: their angles lose all leading digits.
        for (int quarter = 1; quarter <= 64 * around; quarter++)
        {
            for (int step = -1; step <= 1; step++)
            {
                AddBoth(Ulps.Step((float)(quarter * (Math.PI / 2)), step));
            }
        }
        return [.. near.Select(BitConverter.UInt32BitsToSingle)];

        void AddBoth(float value)
        {
            near.Add(BitConverter.SingleToUInt32Bits(value));
            near.Add(BitConverter.SingleToUInt32Bits(-value));
        }
    }

    // SplitMix64 (G. Steele, D. Lea, C. Flood, 2014).
    private static ulong Mixed(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
