using HyperKernels.Layers;

namespace HyperKernels.Tests.Models;

/// <summary>Hypergraph products as plain loops over the pairs, in double precision, for tests to hold layers against.</summary>
internal static class GraphLoops
{
    /// <summary>Six nodes: one twice in a hyperedge, one in a hyperedge of its own, the last in none; one hyperedge without members.</summary>
    public static Hypergraph Awkward() => Hypergraph.FromEdges(6, [[0, 1, 2], [2, 2, 3], [], [3, 4], [4]]);

    public static double[][] Rows(Tensor x)
    {
        float[] values = x.ToArray();
        int width = values.Length / Math.Max(1, x.Shape[0]);
        return [.. values.Chunk(width).Select(row => row.Select(value => (double)value).ToArray())];
    }

    /// <summary><c>x W^T + b</c>.</summary>
    public static double[][] Linear(double[][] x, Layer layer, string weight, string? bias = null)
    {
        double[][] matrix = Rows(Value(layer, weight));
        double[]? shift = bias is null ? null : [.. Value(layer, bias).ToArray().Select(value => (double)value)];
        return [.. x.Select(row => matrix.Select((w, o) => w.Zip(row, (a, b) => a * b).Sum() + (shift?[o] ?? 0)).ToArray())];
    }

    /// <summary>Adds the rows of nodes to their hyperedges, pair by pair, times a weight.</summary>
    public static double[][] ToEdges(double[][] x, Incidence incidence, Func<int, double> weight) =>
        Gather(x, incidence.Nodes, incidence.Edges, incidence.EdgeCount, weight);

    /// <summary>Adds the rows of hyperedges to their nodes, pair by pair, times a weight.</summary>
    public static double[][] ToNodes(double[][] z, Incidence incidence, Func<int, double> weight) =>
        Gather(z, incidence.Edges, incidence.Nodes, incidence.NodeCount, weight);

    /// <summary>Zero where the divisor is.</summary>
    public static double Over(double x, double divisor) => divisor == 0 ? 0 : x / divisor;

    public static double[][] Map(double[][] rows, Func<double, int, double> map) => [.. rows.Select((row, r) => row.Select(value => map(value, r)).ToArray())];

    public static Tensor Value(Layer layer, string name) => layer.NamedParameters().Single(named => named.Name == name).Parameter.Value;

    public static void AssertEqual(Tensor actual, double[][] expected, double tolerance = 1e-5) =>
        Assert.That(actual.ToArray().Select(value => (double)value), Is.EqualTo(expected.SelectMany(row => row)).Within(tolerance));

    private static double[][] Gather(double[][] x, ReadOnlySpan<int> from, ReadOnlySpan<int> to, int count, Func<int, double> weight)
    {
        double[][] y = [.. Enumerable.Range(0, count).Select(_ => new double[x[0].Length])];
        for (int pair = 0; pair < from.Length; pair++)
        {
            for (int k = 0; k < x[0].Length; k++)
            {
                y[to[pair]][k] += weight(pair) * x[from[pair]][k];
            }
        }
        return y;
    }
}
