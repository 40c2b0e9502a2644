namespace HyperKernels.Cases;

/// <summary>
/// Functions of one and two numbers: units in the last place between what an op gives and the double oracle's answer rounded to float, or, where a function is a sum
/// of terms that cancel, the error in 2^-23 of their magnitudes.
/// </summary>
public static class FunctionRounding
{
    /// <summary>How many bit patterns there are.</summary>
    public const long Everything = FunctionInputs.Everything;

    private const int Chunk = 1 << 20;

    /// <summary>One row of every op that is such a function, by name.</summary>
    public static IReadOnlyList<OpCase> All { get; } =
        [.. Catalogue.Ops.Where(row => row.Scalar is not null).DistinctBy(row => row.Op).OrderBy(row => row.Op, StringComparer.Ordinal)];

    /// <summary>Runs an op on every device.</summary>
    /// <param name="row">One of <see cref="All"/>.</param>
    /// <param name="devices">Where to run it.</param>
    /// <param name="count">How many bit patterns, evenly spread; 2^32 are all.</param>
    /// <param name="around">How many floats on either side of places that are hard.</param>
    /// <param name="done">Is told the share that is done.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>A result for each device.</returns>
    public static IReadOnlyList<RoundingResult> Measure(
        OpCase row, IReadOnlyList<Device> devices, long count, int around, Action<double>? done = null, CancellationToken cancel = default)
    {
        FunctionInputs inputs = new(row.Inputs.Count, count, around);
        RoundingHistogram<(float A, float B)>[] histograms = [.. devices.Select(_ => new RoundingHistogram<(float A, float B)>())];
        int size = (int)Math.Min(Chunk, inputs.Count);
        (float[] a, float[] b, double[] expected) = (new float[size], new float[size], new double[size]);
        for (long start = 0; start < inputs.Count; start += size)
        {
            cancel.ThrowIfCancellationRequested();
            int length = (int)Math.Min(size, inputs.Count - start);
            Parallel.For(0, length, i =>
            {
                (a[i], b[i]) = inputs.At(start + i);
                expected[i] = row.Scalar!(a[i], b[i]);
            });
            double[]? terms = Terms(row, a.AsSpan(0, length));
            for (int device = 0; device < devices.Count; device++)
            {
                float[] actual = Run(row, devices[device], a.AsSpan(0, length), b.AsSpan(0, length));
                for (int i = 0; i < length; i++)
                {
                    if (Ulps.Counts(devices[device], a[i], b[i], (float)expected[i]))
                    {
                        histograms[device].Add(Error(expected[i], actual[i], terms?[i]), (a[i], b[i]));
                    }
                }
            }
            done?.Invoke((double)(start + length) / inputs.Count);
        }
        return
        [
            .. devices.Zip(histograms, (device, histogram) => new RoundingResult(
                row.Op, device.Name, row.Terms is null ? RoundingResult.Ulp : RoundingResult.OfTerms, histogram.Count, histogram.Shares, histogram.Largest,
                RoundingBounds.Of(row.Op),
                histogram.Largest > 0 ? new WorstInput(row.Op, histogram.Worst.A, row.Inputs.Count > 1 ? histogram.Worst.B : null, null).ToString() : "")),
        ];
    }

    /// <summary>The error of one result; zero where a device may take denormals as zeros.</summary>
    internal static double Error(OpCase row, Device device, float a, float b)
    {
        double expected = row.Scalar!(a, b);
        return Ulps.Counts(device, a, b, (float)expected) ? Error(expected, Run(row, device, [a], [b])[0], Terms(row, [a])?[0]) : 0;
    }

    private static double Error(double expected, float actual, double? terms) =>
        terms is { } known ? TermsRounding.Error(expected, actual, known) : Ulps.Between((float)expected, actual);

    private static double[]? Terms(OpCase row, ReadOnlySpan<float> a) =>
        row.Terms?.Invoke([new Plain([a.Length], Array.ConvertAll(a.ToArray(), static value => (double)value))]).Values;

    private static float[] Run(OpCase row, Device device, ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        using MemoryScope scope = device.Scope();
        Tensor first = Tensor.From(a, [a.Length], device);
        return row.Run(row.Inputs.Count == 1 ? [first] : [first, Tensor.From(b, [b.Length], device)]).ToArray();
    }
}
