namespace HyperKernels.Interchange;

/// <summary>How many values lie where: buckets that grow by a tenth from 10^-12 on, as TensorFlow's. Source: tensorflow/core/lib/histogram/histogram.cc.</summary>
internal sealed class HistogramBuckets
{
    private const double Smallest = 1e-12;
    private const double Largest = 1e20;
    private const double Growth = 1.1;

    private static readonly double[] s_limits = Limits();

    private HistogramBuckets(List<double> limits, List<double> counts)
    {
        (UpperLimits, Counts) = (limits, counts);
    }

    public double Min { get; private init; }

    public double Max { get; private init; }

    public double Count { get; private init; }

    public double Sum { get; private init; }

    public double SumOfSquares { get; private init; }

    public IReadOnlyList<double> UpperLimits { get; }

    public IReadOnlyList<double> Counts { get; }

    /// <summary>Counts values; those that are not finite belong to no bucket and are left out.</summary>
    public static HistogramBuckets Of(ReadOnlySpan<float> values)
    {
        double[] counts = new double[s_limits.Length];
        (double min, double max, double count, double sum, double squares) = (double.PositiveInfinity, double.NegativeInfinity, 0, 0, 0);
        foreach (float value in values)
        {
            if (!float.IsFinite(value))
            {
                continue;
            }
            // The first limit above the value.
            int place = Array.BinarySearch(s_limits, value);
            counts[Math.Min(place < 0 ? ~place : place + 1, s_limits.Length - 1)]++;
            (min, max) = (Math.Min(min, value), Math.Max(max, value));
            (count, sum, squares) = (count + 1, sum + value, squares + ((double)value * value));
        }
        // A run of empty buckets is written as one.
        List<double> limits = [];
        List<double> kept = [];
        for (int i = 0; i < counts.Length; i++)
        {
            bool ends = counts[i] > 0 || (i + 1 < counts.Length && counts[i + 1] > 0);
            if (ends)
            {
                limits.Add(s_limits[i]);
                kept.Add(counts[i]);
            }
        }
        return new HistogramBuckets(limits, kept)
        {
            Min = count > 0 ? min : 0,
            Max = count > 0 ? max : 0,
            Count = count,
            Sum = sum,
            SumOfSquares = squares,
        };
    }

    private static double[] Limits()
    {
        List<double> positive = [];
        for (double limit = Smallest; limit < Largest; limit *= Growth)
        {
            positive.Add(limit);
        }
        positive.Add(double.MaxValue);
        return [.. positive.AsEnumerable().Reverse().Select(static limit => -limit), 0, .. positive];
    }
}
