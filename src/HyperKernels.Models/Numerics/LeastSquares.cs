using System.Numerics.Tensors;

namespace HyperKernels.Models;

/// <summary>Small least-squares problems on the host, in double precision and without gradients.</summary>
public static class LeastSquares
{
    private const int Sweeps = 60;

    // One in the last place of a number between 1 and 2.
    private const double Precision = 2.220446049250313e-16;

    /// <summary>The matrix W of the smallest norm among those that minimise <c>|X W - Y|</c>.</summary>
    /// <param name="x">X, n rows of p numbers.</param>
    /// <param name="y">Y, n rows of q numbers.</param>
    /// <returns>W, p rows of q numbers.</returns>
    /// <exception cref="ArgumentException">There are no rows, or X and Y have not equally many.</exception>
    /// <remarks>
    /// By a singular value decomposition (one-sided Jacobi rotations, exact for small problems); singular values below n or p times the precision of a double, relative to
    /// the largest, count as zero, so that columns may depend on each other.
    /// </remarks>
    public static double[][] Solve(double[][] x, double[][] y)
    {
        x = Rows.OfOneLength("LeastSquares", x);
        y = Rows.OfOneLength("LeastSquares", y);
        if (x.Length == 0 || x.Length != y.Length)
        {
            throw new ArgumentException($"LeastSquares: X and Y must have equally many rows and at least one; got {x.Length} and {y.Length}.");
        }
        (int rows, int columns, int answers) = (x.Length, x[0].Length, y[0].Length);
        double[][] u = [.. Enumerable.Range(0, columns).Select(k => Array.ConvertAll(x, row => row[k]))];
        double[][] v = [.. Enumerable.Range(0, columns).Select(k => Enumerable.Range(0, columns).Select(i => i == k ? 1.0 : 0).ToArray())];
        for (int sweep = 0; sweep < Sweeps && Rotate(u, v); sweep++)
        {
        }
        double[] squares = Array.ConvertAll(u, static column => TensorPrimitives.SumOfSquares<double>(column));
        double least = squares.Max() * Math.Pow(Precision * Math.Max(rows, columns), 2);
        double[][] w = [.. Enumerable.Range(0, columns).Select(_ => new double[answers])];
        for (int k = 0; k < columns; k++)
        {
            for (int q = 0; q < answers && squares[k] > least; q++)
            {
                double share = Enumerable.Range(0, rows).Sum(row => u[k][row] * y[row][q]) / squares[k];
                for (int p = 0; p < columns; p++)
                {
                    w[p][q] += v[k][p] * share;
                }
            }
        }
        return w;
    }

    // Makes the columns u orthogonal, two at a time, and turns v with them.
    private static bool Rotate(double[][] u, double[][] v)
    {
        bool turned = false;
        for (int i = 0; i < u.Length; i++)
        {
            for (int j = i + 1; j < u.Length; j++)
            {
                (double a, double b) = (TensorPrimitives.SumOfSquares<double>(u[i]), TensorPrimitives.SumOfSquares<double>(u[j]));
                double c = TensorPrimitives.Dot<double>(u[i], u[j]);
                if (Math.Abs(c) <= 1e-15 * Math.Sqrt(a * b) || c == 0)
                {
                    continue;
                }
                turned = true;
                double zeta = (b - a) / (2 * c);
                double tangent = (zeta < 0 ? -1 : 1) / (Math.Abs(zeta) + Math.Sqrt(1 + (zeta * zeta)));
                double cosine = 1 / Math.Sqrt(1 + (tangent * tangent));
                Turn(u[i], u[j], cosine, cosine * tangent);
                Turn(v[i], v[j], cosine, cosine * tangent);
            }
        }
        return turned;
    }

    private static void Turn(double[] a, double[] b, double cosine, double sine)
    {
        for (int k = 0; k < a.Length; k++)
        {
            (a[k], b[k]) = ((cosine * a[k]) - (sine * b[k]), (sine * a[k]) + (cosine * b[k]));
        }
    }
}
