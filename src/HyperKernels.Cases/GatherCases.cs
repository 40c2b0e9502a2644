namespace HyperKernels.Cases;

/// <summary>Ops that move rows and elements by index.</summary>
public static class GatherCases
{
    /// <summary>The rows.</summary>
    public static IEnumerable<OpCase> All => [.. Gathers(), .. Scatters(), .. OneHots(), .. Tops()];

    private static IEnumerable<OpCase> Gathers()
    {
        (Shape X, Shape R)[] sizes = [([1], [1]), ([7], [5]), ([7, 3], [0]), ([7, 3], [11]), ([7, 3], [2, 4]), ([7, 3], []), ([5, 2, 3], [9]), ([31, 257], [67])];
        foreach ((Shape x, Shape rows) in sizes)
        {
            int length = (int)x.RowCount;
            Shape y = new([.. rows.AsSpan(), .. x.AsSpan()[1..]]);
            yield return new OpCase
            {
                Op = "gather_rows",
                Sizes = $"X={x} R={rows}",
                Inputs = [CaseInput.Normal("x", x), CaseInput.Ints("rows", rows, x[0])],
                Run = t => Ops.GatherRows(t[0], t[1]),
                Oracle = p => Indexing.Map(y, i => p[0].Values[(p[1].Int(i / length) * length) + (i % length)]),
                Bytes = 8.0 * y.Count,
                TwiceDifferentiable = y.Count is > 0 and < 100,
                Benchmark = y.Count > 10_000,
            };
        }
        yield return new OpCase
        {
            Op = "gather_rows",
            Sizes = "columns of X=[7, 9], R=[5]",
            Inputs = [CaseInput.Normal("x", [7, 9]), CaseInput.Ints("rows", [5], 7)],
            Run = t => Ops.GatherRows(Ops.Slice(t[0], 1, 2, 4), t[1]),
            Oracle = p => Indexing.Map([5, 4], i => p[0][p[1].Int(i / 4), 2 + (i % 4)]),
            TwiceDifferentiable = true,
        };
    }

    private static IEnumerable<OpCase> Scatters()
    {
        // Rows without any value, rows with many, widths on both sides of the cut between columns and rows; more values than are sorted in one go.
        (Shape V, Shape R, int N)[] sizes =
        [
            ([1], [1], 1), ([5], [5], 3), ([0, 3], [0], 4), ([11, 3], [11], 7), ([2, 4, 3], [2, 4], 5), ([3], [], 2), ([67, 257], [67], 31), ([3503, 5], [3503], 97),
            ([300, 129], [300], 2),
            ([9001, 2], [9001], 1009),
        ];
        foreach ((Shape values, Shape rows, int count) in sizes)
        {
            int length = rows.Count == 0 ? values[-1] : (int)(values.Count / rows.Count);
            Shape y = new([count, .. values.AsSpan()[rows.Rank..]]);
            CaseInput indices = CaseInput.Ints("rows", rows, count);
            if (rows.Count > 2 * count && count > 1000)
            {
                // Half of all go to one row.
                indices = indices with { Draw = (random, _) => random.Next(2) * random.Next(count) };
            }
            yield return new OpCase
            {
                Op = "scatter_add_rows",
                Sizes = $"V={values} R={rows} N={count}",
                Inputs = [CaseInput.Normal("values", values), indices],
                Run = t => Ops.ScatterAddRows(t[0], t[1], count),
                Oracle = p =>
                {
                    Plain sum = new(y);
                    for (int i = 0; i < p[0].Values.Length; i++)
                    {
                        sum.Values[(p[1].Int(i / length) * length) + (i % length)] += p[0].Values[i];
                    }
                    return sum;
                },
                Flops = values.Count,
                Bytes = (4.0 * values.Count) + (4.0 * y.Count),
                TwiceDifferentiable = values.Count is > 0 and < 100,
                Benchmark = values.Count > 10_000,
            };
        }
    }

    private static IEnumerable<OpCase> OneHots()
    {
        (Shape X, int Classes)[] sizes = [([], 3), ([0], 4), ([7], 1), ([7], 5), ([2, 3], 4), ([1031], 17)];
        foreach ((Shape x, int classes) in sizes)
        {
            yield return new OpCase
            {
                Op = "one_hot",
                Sizes = $"X={x} C={classes}",
                Inputs = [CaseInput.Ints("indices", x, classes)],
                Run = t => Ops.OneHot(t[0], classes),
                Oracle = p => Indexing.Map(new Shape([.. x.AsSpan(), classes]), i => p[0].Int(i / classes) == i % classes ? 1 : 0),
                Bytes = 4.0 * x.Count * (classes + 1),
            };
        }
    }

    private static IEnumerable<OpCase> Tops()
    {
        (Shape X, int K)[] sizes = [([1], 1), ([7], 7), ([5, 7], 3), ([2, 3, 11], 4), ([0, 5], 2), ([3, 1031], 40), ([3, 1031], 1), ([2, 257], 100)];
        foreach ((Shape x, int k) in sizes)
        {
            Shape y = x.With(-1, k);
            foreach (bool values in (bool[])[true, false])
            {
                yield return new OpCase
                {
                    Op = values ? "top_k_values" : "top_k_indices",
                    Sizes = $"X={x} K={k}",
                    // Positions are asked of few different values: the lowest among equals must come first.
                    Inputs = [values ? CaseInput.Normal("x", x) : CaseInput.Normal("x", x, differentiable: false) with { Draw = static (random, _) => random.Next(6) }],
                    Run = t => values ? Ops.TopK(t[0], k).Values : Ops.TopK(t[0], k).Indices,
                    Oracle = p => Top(p[0], y, k, values),
                    Bytes = 4.0 * x.Count,
                    TwiceDifferentiable = values && x.Count is > 0 and < 100,
                };
            }
        }
    }

    private static Plain Top(Plain x, Shape y, int k, bool values)
    {
        int length = x.Shape[-1];
        return Indexing.Map(y, i =>
        {
            int row = i / k;
            int at = Enumerable.Range(0, length).OrderByDescending(j => x.Values[(row * length) + j]).ThenBy(j => j).ElementAt(i % k);
            return values ? x.Values[(row * length) + at] : at;
        });
    }
}
