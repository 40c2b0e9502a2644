namespace HyperKernels.Models;

/// <summary>Counts that tell hyperedges from other cliques of a projection.</summary>
/// <remarks>
/// A selection in the spirit of the paper's count features, of unweighted structure alone. Source: Wang, Kleinberg, ICLR 2024 (arXiv 2401.08519), section 5.3.
/// </remarks>
public static class CliqueFeatures
{
    /// <summary>Names of the columns.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "size", "is a maximal clique", "maximal cliques that hold it", "size of the largest of them",
        "mean maximal cliques of its pairs", "least maximal cliques of its pairs", "mean degree", "common neighbours",
    ];

    /// <summary>The number of columns.</summary>
    public static int Count => Names.Count;

    /// <summary>Counts for candidates.</summary>
    /// <param name="graph">The projection.</param>
    /// <param name="candidates">Cliques of it, two nodes or more each, ascending.</param>
    /// <returns>One row of <see cref="Count"/> numbers for each candidate.</returns>
    public static float[] Of(WeightedGraph graph, IReadOnlyList<int[]> candidates)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(candidates);
        foreach (int[] candidate in Throw.IfAnyNull("CliqueFeatures", candidates))
        {
            if (candidate.Length < 2 || candidate.Any(node => (uint)node >= (uint)graph.NodeCount))
            {
                throw new ArgumentException(
                    $"CliqueFeatures: a candidate has two nodes or more, from 0 to {graph.NodeCount - 1}; got [{string.Join(", ", candidate.Take(20))}].", nameof(candidates));
            }
        }
        int[][] cliques = [.. MaximalCliques.Of(graph)];
        int[][] cliquesOf = MemberSets.EdgesOfNodes(graph.NodeCount, cliques);
        float[] rows = new float[candidates.Count * Count];
        for (int i = 0; i < candidates.Count; i++)
        {
            Fill(rows.AsSpan(i * Count, Count), candidates[i], graph, cliques, cliquesOf);
        }
        return rows;
    }

    private static void Fill(Span<float> row, int[] candidate, WeightedGraph graph, int[][] cliques, int[][] cliquesOf)
    {
        int[] holding = cliquesOf[candidate[0]];
        int[] neighbours = graph.NeighboursOf(candidate[0]).ToArray();
        double degrees = graph.NeighboursOf(candidate[0]).Length;
        foreach (int node in candidate.AsSpan(1))
        {
            holding = MemberSets.Intersect(holding, cliquesOf[node]);
            neighbours = MemberSets.Intersect(neighbours, graph.NeighboursOf(node));
            degrees += graph.NeighboursOf(node).Length;
        }
        long sum = 0;
        int least = int.MaxValue;
        for (int a = 0; a < candidate.Length; a++)
        {
            for (int b = a + 1; b < candidate.Length; b++)
            {
                int both = MemberSets.Intersect(cliquesOf[candidate[a]], cliquesOf[candidate[b]]).Length;
                sum += both;
                least = Math.Min(least, both);
            }
        }
        int largest = holding.Length == 0 ? 0 : holding.Max(clique => cliques[clique].Length);
        row[0] = candidate.Length;
        row[1] = largest == candidate.Length ? 1 : 0;
        row[2] = holding.Length;
        row[3] = largest;
        row[4] = (float)(2.0 * sum / ((double)candidate.Length * (candidate.Length - 1)));
        row[5] = least;
        row[6] = (float)(degrees / candidate.Length);
        row[7] = neighbours.Length;
    }
}
