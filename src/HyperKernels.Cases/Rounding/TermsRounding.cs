namespace HyperKernels.Cases;

/// <summary>
/// Sums and products: where terms cancel, units in the last place of the result say nothing. The error is told in 2^-23 of the sum of the terms' magnitudes.
/// Every row of an op is run with values as the catalogue draws them, of many magnitudes, far from zero, and such that they nearly cancel.
/// </summary>
public static class TermsRounding
{
    private const double Unit = 1.0 / (1 << 23);

    /// <summary>The rows of every op whose terms are known, by name.</summary>
    public static IReadOnlyList<IGrouping<string, OpCase>> All { get; } =
        [.. Catalogue.Ops.Where(row => row.Terms is not null && row.Scalar is null).GroupBy(row => row.Op).OrderBy(rows => rows.Key, StringComparer.Ordinal)];

    /// <summary>Runs an op's rows on every device.</summary>
    /// <param name="rows">One of <see cref="All"/>.</param>
    /// <param name="devices">Where to run them.</param>
    /// <param name="draws">How often each row's values are drawn.</param>
    /// <param name="done">Is told the share that is done.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>A result for each device.</returns>
    public static IReadOnlyList<RoundingResult> Measure(
        IGrouping<string, OpCase> rows, IReadOnlyList<Device> devices, int draws, Action<double>? done = null, CancellationToken cancel = default)
    {
        RoundingHistogram<(OpCase Row, int Draw)>[] histograms = [.. devices.Select(_ => new RoundingHistogram<(OpCase Row, int Draw)>())];
        for (int draw = 0; draw < draws; draw++)
        {
            foreach (OpCase row in rows)
            {
                cancel.ThrowIfCancellationRequested();
                (Plain[] arguments, Plain expected, Plain terms) = Drawn(row, draw);
                for (int device = 0; device < devices.Count; device++)
                {
                    float[] actual = Run(row, arguments, devices[device]);
                    for (int i = 0; i < actual.Length; i++)
                    {
                        if (Ulps.Counts(devices[device], (float)expected[i]))
                        {
                            histograms[device].Add(Error(expected[i], actual[i], terms[i]), (row, draw));
                        }
                    }
                }
            }
            done?.Invoke((draw + 1.0) / draws);
        }
        return
        [
            .. devices.Zip(histograms, (device, histogram) => new RoundingResult(
                rows.Key, device.Name, RoundingResult.OfTerms, histogram.Count, histogram.Shares, histogram.Largest, RoundingBounds.Of(rows.Key),
                histogram.Largest > 0 ? new WorstInput(histogram.Worst.Row.Name, null, null, histogram.Worst.Draw).ToString() : "")),
        ];
    }

    /// <summary>The largest error of one draw on every device.</summary>
    internal static IReadOnlyList<double> Errors(OpCase row, IReadOnlyList<Device> devices, int draw)
    {
        (Plain[] arguments, Plain expected, Plain terms) = Drawn(row, draw);
        return
        [
            .. devices.Select(device => Run(row, arguments, device)
                .Select((value, i) => Ulps.Counts(device, (float)expected[i]) ? Error(expected[i], value, terms[i]) : 0).DefaultIfEmpty(0).Max()),
        ];
    }

    /// <summary>The error of a result in 2^-23 of its terms; NaN counts as exact where it is expected.</summary>
    internal static double Error(double expected, float actual, double terms) =>
        actual.Equals((float)expected) ? 0
        : double.IsNaN(actual) ? Ulps.NotComparable
        : Math.Abs(actual - expected) / (Unit * Math.Max(terms, Ulps.SmallestNormal));

    private static (Plain[] Arguments, Plain Expected, Plain Terms) Drawn(OpCase row, int draw)
    {
        Random random = new((draw * 7919) + row.Seed);
        Plain[] arguments = [.. row.Inputs.Select(input => input.Make(random))];
        for (int k = 0; k < arguments.Length; k++)
        {
            double[] values = arguments[k].Values;
            for (int i = 0; i < values.Length && row.Inputs[k].ElementType == ElementType.Float32; i++)
            {
                values[i] = (float)((draw % 4) switch
                {
                    1 => values[i] * Math.Pow(2, (20 * random.NextDouble()) - 10),
                    // Inputs besides the first may have to be positive, and gains and weights are near zero in use.
                    2 => k == 0 ? values[i] + 1000 : values[i],
                    3 => row.SumsProducts && i % 2 == 1 ? -values[i - 1] * (1 + (random.NextDouble() * 1e-6)) : values[i],
                    _ => values[i],
                });
            }
        }
        return (arguments, row.Oracle(arguments), row.Terms!(arguments));
    }

    private static float[] Run(OpCase row, Plain[] arguments, Device device)
    {
        using MemoryScope scope = device.Scope();
        return row.Run(row.Upload(arguments, device)).ToArray();
    }
}
