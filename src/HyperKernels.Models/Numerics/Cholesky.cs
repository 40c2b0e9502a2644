namespace HyperKernels.Models;

/// <summary>Small symmetric positive matrices on the host, in double precision: <c>A = L L'</c> and what it solves.</summary>
internal static class Cholesky
{
    /// <summary>Overwrites the lower half of A with L.</summary>
    /// <param name="matrix">Of A the lower half alone is read.</param>
    /// <param name="leastPivot">What pivots are raised to; zero leaves them.</param>
    /// <returns>The number and value of the first pivot that is not positive, where the factors end; null if all are.</returns>
    public static (int Number, double Value)? Factor(double[,] matrix, double leastPivot = 0)
    {
        for (int i = 0; i < matrix.GetLength(0); i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double rest = matrix[i, j];
                for (int k = 0; k < j; k++)
                {
                    rest -= matrix[i, k] * matrix[j, k];
                }
                if (i == j)
                {
                    rest = Math.Max(rest, leastPivot);
                    if (!(rest > 0))
                    {
                        return (i, rest);
                    }
                }
                matrix[i, j] = i == j ? Math.Sqrt(rest) : rest / matrix[j, j];
            }
        }
        return null;
    }

    /// <summary>Overwrites B with the X of <c>L L' X = B</c>.</summary>
    /// <param name="lower">What <see cref="Factor"/> left.</param>
    /// <param name="rows">B, row after row of so many columns.</param>
    /// <param name="columns">How many.</param>
    public static void Solve(double[,] lower, double[] rows, int columns)
    {
        // Forward, then backward substitution, row by row for all columns at once.
        int size = lower.GetLength(0);
        for (int i = 0; i < size; i++)
        {
            Eliminate(lower, rows, columns, i, 0, i, transposed: false);
        }
        for (int i = size - 1; i >= 0; i--)
        {
            Eliminate(lower, rows, columns, i, i + 1, size, transposed: true);
        }
    }

    private static void Eliminate(double[,] lower, double[] rows, int columns, int row, int from, int to, bool transposed)
    {
        Span<double> target = rows.AsSpan(row * columns, columns);
        for (int k = from; k < to; k++)
        {
            double factor = transposed ? lower[k, row] : lower[row, k];
            ReadOnlySpan<double> other = rows.AsSpan(k * columns, columns);
            for (int c = 0; c < target.Length; c++)
            {
                target[c] -= factor * other[c];
            }
        }
        foreach (ref double value in target)
        {
            value /= lower[row, row];
        }
    }
}
