using System.Globalization;

namespace HyperKernels.Cases;

/// <summary>Compares computed values with expected ones: error over the largest magnitude expected.</summary>
public static class Comparison
{
    /// <summary>The largest error, relative to the largest magnitude expected (absolute if that is below <paramref name="floor"/>), and where it is.</summary>
    /// <param name="expected">In double precision.</param>
    /// <param name="actual">As computed; NaN and infinity match only themselves.</param>
    /// <param name="floor">Magnitudes below this count as this.</param>
    public static (double Error, string Where) Largest(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, double floor = 1e-6)
    {
        if (expected.Length != actual.Length)
        {
            return (double.PositiveInfinity, $"expected {expected.Length} values, got {actual.Length}");
        }
        double scale = floor;
        foreach (double value in expected)
        {
            scale = double.IsFinite(value) ? Math.Max(scale, Math.Abs(value)) : scale;
        }
        double worst = 0;
        string where = "";
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Error(expected[i], actual[i]) / scale;
            if (error > worst)
            {
                worst = error;
                where = string.Create(CultureInfo.InvariantCulture, $"index {i}: expected {expected[i]:G9}, got {actual[i]:G9}");
            }
        }
        return (worst, where);
    }

    private static double Error(double expected, double actual)
    {
        if (double.IsNaN(expected) || double.IsNaN(actual))
        {
            return double.IsNaN(expected) && double.IsNaN(actual) ? 0 : double.PositiveInfinity;
        }
        // Beyond what a float holds, the right answer is infinity.
        bool sameInfinity = double.IsInfinity(actual) && Math.Sign(actual) == Math.Sign(expected) && Math.Abs(expected) > float.MaxValue;
        return sameInfinity ? 0 : Math.Abs(expected - actual);
    }
}
