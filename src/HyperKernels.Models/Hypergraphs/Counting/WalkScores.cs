using System.Numerics.Tensors;

namespace HyperKernels.Models;

/// <summary>What walks of any length in a projected graph tell of its pairs: personalised Katz and PageRank scores, added up over both directions of a pair.</summary>
/// <remarks>
/// Katz is <c>S = (I - beta W)^-1 - I</c> with beta a quarter of one over W's largest singular value (at most 1/2), PageRank
/// <c>S = (1 - 0.85) (I - 0.85 W D^-1)^-1</c>, as in the authors' code (ScHoLP.jl). Both are columns of the inverse of a symmetric positive matrix, the second one
/// between roots of degrees; conjugate gradients solve for the column of a node, and the entries of its neighbours are kept. Memory is the graph's.
/// </remarks>
internal sealed class WalkScores
{
    private const double Damping = 0.85;
    private const double Precision = 1e-10;

    private readonly WeightedGraph _graph;
    private readonly double[][] _weights;
    private readonly double[][] _pairs;

    private WalkScores(WeightedGraph graph, bool isWeighted)
    {
        _graph = graph;
        _weights = [.. Enumerable.Range(0, graph.NodeCount).Select(node => Array.ConvertAll(graph.WeightsOf(node).ToArray(), weight => isWeighted ? weight : 1.0))];
        _pairs = new double[graph.NodeCount][];
    }

    /// <summary>Katz scores of pairs.</summary>
    public static WalkScores Katz(WeightedGraph graph, bool isWeighted)
    {
        WalkScores scores = new(graph, isWeighted);
        double largest = scores.LargestSingularValue();
        double beta = largest == 0 ? 0 : Math.Min(0.25 / largest, 0.5);
        // A neighbour is another node: the identity that is taken off has no entry there.
        scores.Solve(row => Array.ConvertAll(scores._weights[row], weight => beta * weight), static (_, _) => 2);
        return scores;
    }

    /// <summary>PageRank scores of pairs.</summary>
    public static WalkScores PageRank(WeightedGraph graph, bool isWeighted)
    {
        WalkScores scores = new(graph, isWeighted);
        double[] roots = Array.ConvertAll(scores._weights, static row => Math.Sqrt(row.Sum()));
        scores.Solve(
            row =>
            {
                int[] neighbours = graph.NeighboursOf(row).ToArray();
                return [.. scores._weights[row].Select((weight, i) => Damping * weight / (roots[row] * roots[neighbours[i]]))];
            },
            (u, v) => (1 - Damping) * ((roots[u] / roots[v]) + (roots[v] / roots[u])));
        return scores;
    }

    /// <summary>The score of a triangle: the sum over its pairs.</summary>
    public double Of(ProjectedTriangle triangle) => Pair(triangle.U, triangle.V) + Pair(triangle.U, triangle.W) + Pair(triangle.V, triangle.W);

    private double Pair(int u, int v) => _pairs[u][_graph.NeighboursOf(u).BinarySearch(v)];

    /// <summary>Fills the pairs with <c>factor(u, v) K_uv</c> for K the inverse of <c>I - A</c>, A given by rows over neighbours.</summary>
    private void Solve(Func<int, double[]> rowOf, Func<int, int, double> factor)
    {
        int count = _graph.NodeCount;
        double[][] rows = [.. Enumerable.Range(0, count).Select(rowOf)];
        double[] solution = new double[count];
        double[] residual = new double[count];
        double[] direction = new double[count];
        double[] image = new double[count];
        for (int seed = 0; seed < count; seed++)
        {
            Array.Clear(solution);
            Array.Clear(residual);
            residual[seed] = 1;
            residual.CopyTo(direction, 0);
            double length = 1;
            while (length > Precision * Precision)
            {
                Multiply(rows, direction, image);
                double step = length / TensorPrimitives.Dot<double>(direction, image);
                double before = length;
                for (int node = 0; node < count; node++)
                {
                    solution[node] += step * direction[node];
                    residual[node] -= step * image[node];
                }
                length = TensorPrimitives.SumOfSquares<double>(residual);
                for (int node = 0; node < count; node++)
                {
                    direction[node] = residual[node] + (length / before * direction[node]);
                }
            }
            _pairs[seed] = [.. _graph.NeighboursOf(seed).ToArray().Select(node => factor(seed, node) * solution[node])];
        }
    }

    /// <summary><c>y = x - A x</c></summary>
    private void Multiply(double[][] rows, double[] x, double[] y)
    {
        for (int node = 0; node < x.Length; node++)
        {
            ReadOnlySpan<int> neighbours = _graph.NeighboursOf(node);
            double sum = x[node];
            for (int i = 0; i < neighbours.Length; i++)
            {
                sum -= rows[node][i] * x[neighbours[i]];
            }
            y[node] = sum;
        }
    }

    // Powers of W squared, whose largest root is the same for graphs of two sides too.
    private double LargestSingularValue()
    {
        int count = _graph.NodeCount;
        double[] x = [.. Enumerable.Repeat(1.0, count)];
        double[] y = new double[count];
        double found = 0;
        for (int round = 0; round < 1000; round++)
        {
            Multiply(_weights, x, y);
            // x - W x, of which x is taken off again.
            for (int node = 0; node < count; node++)
            {
                y[node] = x[node] - y[node];
            }
            double length = Math.Sqrt(TensorPrimitives.SumOfSquares<double>(x));
            double next = length == 0 ? 0 : Math.Sqrt(TensorPrimitives.SumOfSquares<double>(y)) / length;
            if (next == 0 || (round % 2 == 1 && Math.Abs(next - found) <= Precision * next))
            {
                return next;
            }
            found = next;
            (x, y) = (Array.ConvertAll(y, value => value / next), x);
        }
        return found;
    }
}
