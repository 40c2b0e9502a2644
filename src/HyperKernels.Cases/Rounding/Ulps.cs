namespace HyperKernels.Cases;

/// <summary>Distances between floats in units in the last place: how many floats there are from one to the other.</summary>
public static class Ulps
{
    /// <summary>The smallest number with all digits.</summary>
    public const float SmallestNormal = 1.17549435e-38f;

    /// <summary>The distance of NaN from a number.</summary>
    public const double NotComparable = double.PositiveInfinity;

    /// <summary>How many steps to the next float lead from one to the other; zeros of both signs are one, and so are all NaN.</summary>
    public static double Between(float expected, float actual) =>
        float.IsNaN(expected) || float.IsNaN(actual)
            ? float.IsNaN(expected) && float.IsNaN(actual) ? 0 : NotComparable
            : Math.Abs(Place(expected) - Place(actual));

    /// <summary>The float some steps above another.</summary>
    /// <param name="value">Finite.</param>
    /// <param name="steps">Below where negative.</param>
    public static float Step(float value, int steps)
    {
        long place = Math.Clamp(Place(value) + steps, -Place(float.PositiveInfinity), Place(float.PositiveInfinity));
        return place < 0 ? -BitConverter.Int32BitsToSingle((int)-place) : BitConverter.Int32BitsToSingle((int)place);
    }

    /// <summary>Whether a result counts: what a GPU does with numbers below the normal ones is its own affair.</summary>
    /// <param name="device">Where it was computed.</param>
    /// <param name="values">What it was computed from, and what it should be.</param>
    public static bool Counts(Device device, params ReadOnlySpan<float> values)
    {
        if (device.Name.StartsWith(Device.Cpu.Name, StringComparison.Ordinal))
        {
            return true;
        }
        foreach (float value in values)
        {
            if (value != 0 && MathF.Abs(value) <= SmallestNormal)
            {
                return false;
            }
        }
        return true;
    }

    // Where a float stands in the order of all, zero being in the middle.
    private static long Place(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value);
        return bits < 0 ? -(long)(bits & int.MaxValue) : bits;
    }
}
