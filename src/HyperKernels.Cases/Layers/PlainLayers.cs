namespace HyperKernels.Cases;

/// <summary>Equations that several layers' oracles share, in plain loops and doubles.</summary>
internal static class PlainLayers
{
    /// <summary><c>x W^T + b</c> on the last axis.</summary>
    public static Plain Linear(Plain x, Plain weight, Plain? bias)
    {
        (int outputs, int inputs) = (weight.Shape[0], weight.Shape[1]);
        Plain y = new(x.Shape.With(-1, outputs));
        for (int i = 0; i < y.Values.Length; i++)
        {
            (int row, int output) = (i / outputs, i % outputs);
            y[i] = bias?[output] ?? 0;
            for (int input = 0; input < inputs; input++)
            {
                y[i] += x[(row * inputs) + input] * weight[output, input];
            }
        }
        return y;
    }

    /// <summary>Row <c>indices[i]</c> of the table for every i.</summary>
    public static Plain Embedding(Plain indices, Plain table)
    {
        int size = table.Shape[1];
        return Indexing.Map(indices.Shape.Insert(indices.Shape.Rank, size), i => table[indices.Int(i / size), i % size]);
    }

    /// <summary>Linear layers <c>0.weight, 0.bias, 2.weight, ...</c> with a function between them.</summary>
    public static Plain Mlp(LayerArguments p, Plain x, int layers, Func<double, double> activation)
    {
        for (int i = 0; i < layers; i++)
        {
            x = Linear(x, p[$"{2 * i}.weight"], p.Find($"{2 * i}.bias"));
            x = i == layers - 1 ? x : x.Map(activation);
        }
        return x;
    }

    /// <summary><c>a + b</c>, elementwise.</summary>
    public static Plain Add(Plain a, Plain b) => Indexing.Map(a.Shape, i => a[i] + b[i]);

    /// <summary>
    /// <c>(x - mean) / sqrt(variance + epsilon)</c>, or without the mean <c>x / sqrt(mean of squares + epsilon)</c>.
    /// </summary>
    /// <param name="x">The values.</param>
    /// <param name="group">Which of the groups, each with statistics of its own, an element belongs to.</param>
    /// <param name="epsilon">Keeps the root away from zero.</param>
    /// <param name="centred">Whether the mean is taken away.</param>
    public static Plain Normalize(Plain x, Func<int, int> group, double epsilon, bool centred = true)
    {
        Plain y = new(x.Shape);
        foreach (IGrouping<int, int> places in Enumerable.Range(0, y.Values.Length).GroupBy(group))
        {
            double mean = centred ? places.Average(i => x[i]) : 0;
            double square = places.Average(i => (x[i] - mean) * (x[i] - mean));
            foreach (int i in places)
            {
                y[i] = (x[i] - mean) / Math.Sqrt(square + epsilon);
            }
        }
        return y;
    }

    /// <summary><c>x gain + bias</c>, one of each for every channel.</summary>
    /// <param name="x">The values.</param>
    /// <param name="gain">One number per channel, or null for ones.</param>
    /// <param name="bias">One number per channel, or null for zeros.</param>
    /// <param name="positions">Consecutive elements of one channel.</param>
    public static Plain Scale(Plain x, Plain? gain, Plain? bias, int positions = 1) =>
        Indexing.Map(x.Shape, i => (x[i] * At(gain, i / positions, 1)) + At(bias, i / positions, 0));

    private static double At(Plain? channels, int i, double absent) => channels is null ? absent : channels[i % channels.Values.Length];
}
