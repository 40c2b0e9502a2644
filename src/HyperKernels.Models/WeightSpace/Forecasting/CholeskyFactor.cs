namespace HyperKernels.Models;

/// <summary>
/// A small symmetric positive definite matrix, factored: solves linear equations with it and gives the logarithm of its determinant, both with gradients.
/// </summary>
/// <remarks>
/// Factor and solutions are computed in double precision by the program, whatever the device: for the matrices of a Gaussian process over some hundred points,
/// which are badly conditioned.
/// Gradients are <c>dX = A^-1 (dB - dA X)</c> and <c>d log|A| = tr(A^-1 dA)</c>, made of ordinary ops with the inverse held constant: right once, not to be
/// differentiated again.
/// </remarks>
public sealed class CholeskyFactor
{
    private readonly Tensor _matrix;
    private readonly double[,] _lower;
    private Tensor? _inverse;

    private CholeskyFactor(Tensor matrix, double[,] lower)
    {
        _matrix = matrix;
        _lower = lower;
    }

    /// <summary>Factors a matrix.</summary>
    /// <param name="matrix"><c>[n, n]</c>, symmetric: of what lies above the diagonal only the gradient is taken.</param>
    /// <exception cref="ArgumentException">It is not square, or not positive definite.</exception>
    public static CholeskyFactor Of(Tensor matrix)
    {
        if (matrix.Rank != 2 || matrix.Shape[0] != matrix.Shape[1])
        {
            throw new ArgumentException($"CholeskyFactor: the matrix must be square; got {matrix.Shape}.", nameof(matrix));
        }
        int n = matrix.Shape[0];
        float[] values = matrix.ToArray();
        double[,] lower = new double[n, n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                lower[i, j] = values[(i * n) + j];
            }
        }
        if (Cholesky.Factor(lower) is { } pivot)
        {
            throw new ArgumentException(
                $"CholeskyFactor: the matrix must be positive definite; pivot {pivot.Number} is {pivot.Value:G3}. Add noise to its diagonal.", nameof(matrix));
        }
        return new CholeskyFactor(matrix, lower);
    }

    /// <summary>Solves <c>A X = B</c>.</summary>
    /// <param name="right">B, <c>[n, m]</c>.</param>
    /// <returns>X, <c>[n, m]</c>, differentiable once in both.</returns>
    /// <exception cref="ArgumentException">B has another number of rows.</exception>
    public Tensor Solve(Tensor right)
    {
        int n = _lower.GetLength(0);
        if (right.Rank != 2 || right.Shape[0] != n)
        {
            throw new ArgumentException($"CholeskyFactor: the right side must be [{n}, m]; got {right.Shape}.", nameof(right));
        }
        Tensor solution = Tensor.From(Solve(Array.ConvertAll(right.ToArray(), static value => (double)value), right.Shape[1]), right.Shape, right.Device);
        // Zero, but with a gradient: the solution keeps the digits of double precision.
        Tensor residual = Ops.Subtract(right, Ops.Matmul(_matrix, solution));
        return Ops.Add(solution, Ops.Matmul(Inverse(), Ops.Subtract(residual, Ops.Detach(residual))));
    }

    /// <summary>The logarithm of the determinant, a scalar that is differentiable once.</summary>
    public Tensor LogDeterminant()
    {
        double sum = 0;
        for (int i = 0; i < _lower.GetLength(0); i++)
        {
            sum += 2 * Math.Log(_lower[i, i]);
        }
        Tensor change = Ops.Sum(Ops.Multiply(Inverse(), Ops.Subtract(_matrix, Ops.Detach(_matrix))));
        return Ops.Add(Tensor.Full([], (float)sum, _matrix.Device), change);
    }

    private Tensor Inverse()
    {
        if (_inverse is null)
        {
            int n = _lower.GetLength(0);
            double[] identity = new double[n * n];
            for (int i = 0; i < n; i++)
            {
                identity[(i * n) + i] = 1;
            }
            _inverse = Tensor.From(Solve(identity, n), [n, n], _matrix.Device);
        }
        return _inverse.Value;
    }

    private float[] Solve(double[] rows, int columns)
    {
        Cholesky.Solve(_lower, rows, columns);
        return Array.ConvertAll(rows, static value => (float)value);
    }
}
