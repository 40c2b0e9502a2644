using System.Numerics.Tensors;

namespace HyperKernels.Models;

/// <summary>
/// Logistic regression that tells from <see cref="FeatureCount"/> numbers of an open triangle whether it will close: weights of its pairs, neighbours of its nodes
/// and simplices that hold them, common neighbours of two and of all three, and logarithms of them all.
/// </summary>
/// <remarks>
/// Learned on triangles whose outcome is known, for those of a later time. The loss is <c>1/2 |w|^2 + strength (sum of cross entropies)</c>, the intercept free,
/// as scikit-learn's with its defaults, which the authors use; Newton's steps on the host find its one minimum. Source: Benson and others, PNAS 2018,
/// and the authors' code (arbenson/ScHoLP-Tutorial).
/// </remarks>
public sealed class ClosureRegression
{
    /// <summary>Numbers of a triangle.</summary>
    public const int FeatureCount = 26;

    private const int Direct = 13;
    private const double LeastPivot = 1e-12;
    private const int MostSteps = 100;

    // The intercept is the last.
    private readonly double[] _weights;

    private ClosureRegression(double[] weights) => _weights = weights;

    /// <summary>Learns from the open triangles of a first part and from which of them close.</summary>
    /// <param name="first">Its triangles.</param>
    /// <param name="closes">Of each of them, as <see cref="SimplicialClosure.Split"/> tells.</param>
    /// <param name="strength">How much outcomes count beside small weights; 1 is scikit-learn's.</param>
    /// <exception cref="ArgumentException">There is not one outcome for each triangle, or strength is not positive.</exception>
    public static ClosureRegression Fit(SimplicialClosure first, ReadOnlySpan<bool> closes, double strength = 1)
    {
        ArgumentNullException.ThrowIfNull(first);
        if (closes.Length != first.Triangles.Count || !(strength > 0))
        {
            throw new ArgumentException(
                $"ClosureRegression: every triangle needs its outcome, and strength must be positive; got {closes.Length} outcomes of "
                + $"{first.Triangles.Count} triangles and {strength}.");
        }
        double[][] features = Features(first);
        int[] open = [.. Enumerable.Range(0, features.Length).Where(i => !first.Triangles[i].Closed)];
        bool[] outcomes = closes.ToArray();
        double[] weights = new double[FeatureCount + 1];
        // Outcomes of one kind alone would send the intercept to infinity; zeros tell as little.
        if (open.Select(i => outcomes[i]).Distinct().Count() == 2)
        {
            Minimise([.. open.Select(i => features[i])], [.. open.Select(i => outcomes[i] ? 1.0 : 0)], strength, weights);
        }
        return new ClosureRegression(weights);
    }

    /// <summary>How likely each triangle is to close, by what was learned.</summary>
    /// <param name="later">Of a later time, or the same.</param>
    /// <returns>One number for each of its triangles; of closed ones too, for which it means nothing.</returns>
    public double[] Scores(SimplicialClosure later)
    {
        ArgumentNullException.ThrowIfNull(later);
        return Array.ConvertAll(Features(later), row => Probability(row, _weights));
    }

    /// <summary>The numbers of each triangle.</summary>
    /// <param name="closure">Its triangles.</param>
    /// <returns>A row of <see cref="FeatureCount"/> for each.</returns>
    public static double[][] Features(SimplicialClosure closure)
    {
        ArgumentNullException.ThrowIfNull(closure);
        WeightedGraph graph = closure.Graph;
        return [.. closure.Triangles.Select(triangle => Row(triangle.U, triangle.V, triangle.W))];

        double[] Row(int u, int v, int w)
        {
            int[] uv = MemberSets.Intersect(graph.NeighboursOf(u), graph.NeighboursOf(v));
            int[] uw = MemberSets.Intersect(graph.NeighboursOf(u), graph.NeighboursOf(w));
            int[] vw = MemberSets.Intersect(graph.NeighboursOf(v), graph.NeighboursOf(w));
            double[] row = new double[FeatureCount];
            double[] direct =
            [
                graph.WeightOf(u, v), graph.WeightOf(v, w), graph.WeightOf(u, w),
                graph.NeighboursOf(u).Length, graph.NeighboursOf(v).Length, graph.NeighboursOf(w).Length,
                closure.SimplicesOf(u), closure.SimplicesOf(v), closure.SimplicesOf(w),
                uv.Length, uw.Length, vw.Length, MemberSets.Intersect(uv, graph.NeighboursOf(w)).Length,
            ];
            for (int i = 0; i < Direct; i++)
            {
                row[i] = direct[i];
                // Three nodes of a triangle have neighbours and simplices; common neighbours may be none.
                row[Direct + i] = Math.Log(i < 9 ? direct[i] : direct[i] + 1);
            }
            return row;
        }
    }

    private static void Minimise(double[][] rows, double[] targets, double strength, double[] weights)
    {
        int size = weights.Length;
        for (int step = 0; step < MostSteps; step++)
        {
            double[] gradient = new double[size];
            double[,] hessian = new double[size, size];
            for (int i = 0; i < FeatureCount; i++)
            {
                (gradient[i], hessian[i, i]) = (weights[i], 1);
            }
            for (int r = 0; r < rows.Length; r++)
            {
                double probability = Probability(rows[r], weights);
                double spread = strength * probability * (1 - probability);
                for (int i = 0; i < size; i++)
                {
                    double value = i < FeatureCount ? rows[r][i] : 1;
                    gradient[i] += strength * (probability - targets[r]) * value;
                    for (int j = 0; j <= i; j++)
                    {
                        hessian[i, j] += spread * value * (j < FeatureCount ? rows[r][j] : 1);
                    }
                }
            }
            // The intercept has no penalty: where all probabilities are certain its curvature ends.
            Cholesky.Factor(hessian, LeastPivot);
            double[] move = [.. gradient];
            Cholesky.Solve(hessian, move, columns: 1);
            double slope = TensorPrimitives.Dot<double>(gradient, move);
            if (slope < 1e-16)
            {
                return;
            }
            // Halved until the loss falls as a tangent promises: far from the minimum a whole step may overshoot.
            double before = Loss(rows, targets, strength, weights);
            double share = 1;
            double[] tried = Moved(weights, move, share);
            while (share > 1e-9 && !(Loss(rows, targets, strength, tried) <= before - (1e-4 * share * slope)))
            {
                share /= 2;
                tried = Moved(weights, move, share);
            }
            tried.CopyTo(weights, 0);
            if (share <= 1e-9)
            {
                return;
            }
        }
    }

    private static double[] Moved(double[] weights, double[] move, double share) => [.. weights.Select((weight, i) => weight - (share * move[i]))];

    private static double Loss(double[][] rows, double[] targets, double strength, double[] weights)
    {
        double sum = 0;
        for (int r = 0; r < rows.Length; r++)
        {
            double logit = Logit(rows[r], weights);
            sum += Math.Max(logit, 0) - (logit * targets[r]) + Math.Log(1 + Math.Exp(-Math.Abs(logit)));
        }
        return (strength * sum) + (0.5 * TensorPrimitives.SumOfSquares<double>(weights.AsSpan(0, FeatureCount)));
    }

    private static double Probability(double[] row, double[] weights) => 1 / (1 + Math.Exp(-Logit(row, weights)));

    private static double Logit(double[] row, double[] weights) => TensorPrimitives.Dot<double>(row, weights.AsSpan(0, FeatureCount)) + weights[FeatureCount];
}
