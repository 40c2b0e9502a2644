namespace HyperKernels.Cases;

/// <summary>What several oracles compute, of ops and of layers, in plain loops and doubles.</summary>
internal static class PlainOps
{
    /// <summary><c>activation(x W^T + b)</c> on the last axis.</summary>
    /// <param name="x"><c>[B, ..., I]</c></param>
    /// <param name="weight"><c>[O, I]</c>, or <c>[C, O, I]</c> with a matrix for every block of samples.</param>
    /// <param name="bias"><c>[O]</c> or <c>[C, O]</c>, or null.</param>
    /// <param name="activation">Applied to every element.</param>
    public static Plain Linear(Plain x, Plain weight, Plain? bias, Activation activation = default)
    {
        (int outputs, int inputs) = (weight.Shape[-2], weight.Shape[-1]);
        Plain y = new(x.Shape.With(-1, outputs));
        int sets = weight.Shape.Rank == 3 ? weight.Shape[0] : 1;
        int rows = outputs == 0 ? 0 : y.Values.Length / outputs;
        for (int row = 0; row < rows; row++)
        {
            int set = row / (rows / sets);
            for (int o = 0; o < outputs; o++)
            {
                double sum = bias?[((bias.Shape.Rank == 2 ? set : 0) * outputs) + o] ?? 0;
                for (int i = 0; i < inputs; i++)
                {
                    sum += x[(row * inputs) + i] * weight[(((set * outputs) + o) * inputs) + i];
                }
                y[(row * outputs) + o] = PlainMath.Activate(sum, activation);
            }
        }
        return y;
    }

    /// <summary>Row <c>indices[i]</c> of a table for every i.</summary>
    /// <param name="indices">Any shape.</param>
    /// <param name="table"><c>[V, F]</c>, or <c>[C, V, F]</c> with a table for every block of samples.</param>
    public static Plain Embedding(Plain indices, Plain table)
    {
        (int rows, int size) = (table.Shape[-2], table.Shape[-1]);
        int each = indices.Values.Length / (table.Shape.Rank == 3 ? table.Shape[0] : 1);
        return Indexing.Map(indices.Shape.Insert(indices.Shape.Rank, size), i =>
            table[(((((i / size) / each) * rows) + indices.Int(i / size)) * size) + (i % size)]);
    }

    /// <summary>
    /// <c>(x - mean) / sqrt(variance + epsilon)</c>, or without the mean <c>x / sqrt(mean of squares + epsilon)</c>.
    /// </summary>
    /// <param name="x">The values.</param>
    /// <param name="groups">How many groups there are, each with statistics of its own.</param>
    /// <param name="group">Which of them an element belongs to; they are equally large.</param>
    /// <param name="epsilon">Keeps the root away from zero.</param>
    /// <param name="centred">Whether the mean is taken away.</param>
    public static Plain Normalize(Plain x, int groups, Func<int, int> group, double epsilon, bool centred = true)
    {
        double[] means = new double[groups];
        double[] squares = new double[groups];
        double size = x.Values.Length / (double)groups;
        for (int i = 0; i < x.Values.Length && centred; i++)
        {
            means[group(i)] += x[i] / size;
        }
        for (int i = 0; i < x.Values.Length; i++)
        {
            double away = x[i] - means[group(i)];
            squares[group(i)] += away * away / size;
        }
        return Indexing.Map(x.Shape, i => (x[i] - means[group(i)]) / Math.Sqrt(squares[group(i)] + epsilon));
    }
}
