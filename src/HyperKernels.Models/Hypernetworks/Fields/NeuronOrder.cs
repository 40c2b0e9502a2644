using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Orders of neurons in which neighbours are alike, so that weights change smoothly from one to the next: a short path through all neurons of a
/// <see cref="NeuronGroup"/>, with the sum of absolute differences of their weights as distance.
/// </summary>
/// <remarks>
/// The shortest Hamiltonian path is looked for by nearest neighbours from every start, then by turning parts of the path around (2-opt) while that
/// shortens it. Source: Yang, Wang, ECCV 2024 (arXiv 2410.11878), section 3.3; the authors call a solver for round trips with a city that is near to all.
/// </remarks>
public static class NeuronOrder
{
    // Further starts hardly shorten the path.
    private const int MostStarts = 16;

    /// <summary>A short path through points.</summary>
    /// <param name="points">Of one length.</param>
    /// <returns>The numbers of the points in the order of the path.</returns>
    /// <exception cref="ArgumentException">A point is null, or has another length than the first.</exception>
    public static int[] ShortPath(IReadOnlyList<float[]> points)
    {
        ArgumentNullException.ThrowIfNull(points);
        for (int i = 0; i < points.Count; i++)
        {
            if (points[i] is null || points[i].Length != points[0].Length)
            {
                string came = points[i] is null ? "is null" : $"has {points[i].Length} numbers, the first {points[0].Length}";
                throw new ArgumentException($"NeuronOrder.ShortPath: points must be of one length; point {i} {came}.", nameof(points));
            }
        }
        double[,] distances = Distances(points);
        int[] best = [];
        double least = double.PositiveInfinity;
        for (int start = 0; start < Math.Min(points.Count, MostStarts); start++)
        {
            int[] path = Nearest(distances, start * points.Count / Math.Min(points.Count, MostStarts));
            Shorten(distances, path);
            double length = Enumerable.Range(1, path.Length - 1).Sum(i => distances[path[i - 1], path[i]]);
            if (length < least)
            {
                (least, best) = (length, path);
            }
        }
        return best;
    }

    /// <summary>Puts all neurons of a chain of layers in an order in which weights are smooth. What it computes stays the same, to rounding.</summary>
    /// <param name="network">As for <see cref="NeuronGroup.Of"/>; its parameters are overwritten.</param>
    public static void Smooth(Sequential network)
    {
        ArgumentNullException.ThrowIfNull(network);
        Dictionary<string, HostArray> state = new(network.GetState());
        foreach (NeuronGroup group in NeuronGroup.Of(network))
        {
            group.Permute(state, ShortPath(group.Describe(state)));
        }
        network.LoadState(state);
    }

    /// <summary>How much weights change from neuron to neuron: the sum of absolute differences along the first two axes, averaged over tensors.</summary>
    /// <param name="network">Any layer.</param>
    public static double TotalVariation(Layer network)
    {
        ArgumentNullException.ThrowIfNull(network);
        double sum = 0;
        IReadOnlyList<Parameter> parameters = network.Parameters;
        foreach (Parameter parameter in parameters)
        {
            Shape shape = parameter.Shape;
            float[] values = parameter.OwnValue.ToArray();
            int row = (int)shape.RowCount;
            int block = shape.Rank < 2 ? 1 : row / shape[1];
            for (int i = 0; i < values.Length; i++)
            {
                sum += i >= row ? Math.Abs(values[i] - values[i - row]) : 0;
                sum += shape.Rank > 1 && i % row >= block ? Math.Abs(values[i] - values[i - block]) : 0;
            }
        }
        return sum / Math.Max(parameters.Count, 1);
    }

    private static double[,] Distances(IReadOnlyList<float[]> points)
    {
        double[,] distances = new double[points.Count, points.Count];
        for (int i = 0; i < points.Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                double sum = 0;
                for (int k = 0; k < points[i].Length; k++)
                {
                    sum += Math.Abs(points[i][k] - points[j][k]);
                }
                (distances[i, j], distances[j, i]) = (sum, sum);
            }
        }
        return distances;
    }

    private static int[] Nearest(double[,] distances, int start)
    {
        int count = distances.GetLength(0);
        List<int> left = [.. Enumerable.Range(0, count).Where(i => i != start)];
        List<int> path = [start];
        while (left.Count > 0)
        {
            int last = path[^1];
            int next = left.MinBy(i => distances[last, i]);
            left.Remove(next);
            path.Add(next);
        }
        return [.. path];
    }

    // Turning the part from i to j replaces the steps before and behind it; a part at an end has one of them only.
    private static void Shorten(double[,] distances, int[] path)
    {
        double Step(int from, int to) => from < 0 || to >= path.Length ? 0 : distances[path[from], path[to]];
        bool changed = true;
        while (changed)
        {
            changed = false;
            for (int i = 0; i < path.Length - 1; i++)
            {
                for (int j = i + 1; j < path.Length; j++)
                {
                    double now = Step(i - 1, i) + Step(j, j + 1);
                    double turned = (i == 0 ? 0 : distances[path[i - 1], path[j]]) + (j == path.Length - 1 ? 0 : distances[path[i], path[j + 1]]);
                    if (turned < now - 1e-9)
                    {
                        Array.Reverse(path, i, j - i + 1);
                        changed = true;
                    }
                }
            }
        }
    }
}
