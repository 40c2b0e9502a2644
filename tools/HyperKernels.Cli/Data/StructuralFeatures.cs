namespace HyperKernels.Cli.Data;

/// <summary>
/// Features of nodes from the structure alone, where a data set has no others: the logarithm of the degree, and random projections of which hyperedges a node is in
/// and of which ones its neighbours are in.
/// </summary>
internal static class StructuralFeatures
{
    private const int Projections = 64;

    /// <summary>Features of a node: its degree, and both projections.</summary>
    public const int Count = 1 + (2 * Projections);

    /// <summary>Computes them.</summary>
    /// <param name="nodes">The number of nodes.</param>
    /// <param name="edges">The number of hyperedges.</param>
    /// <param name="nodeIds">The node of each membership.</param>
    /// <param name="edgeIds">The hyperedge of each membership.</param>
    /// <returns><c>[nodes, Count]</c>, row-major.</returns>
    public static float[] Of(int nodes, int edges, ReadOnlySpan<int> nodeIds, ReadOnlySpan<int> edgeIds)
    {
        float[] signs = new float[edges * Projections];
        SplitMix random = new(0, 0);
        for (int i = 0; i < signs.Length; i++)
        {
            signs[i] = random.Unit() < 0.5f ? -1 : 1;
        }
        float[] own = Mean(signs, nodes, edgeIds, nodeIds);
        float[] near = Mean(Mean(own, edges, nodeIds, edgeIds), nodes, edgeIds, nodeIds);
        int[] degrees = new int[nodes];
        foreach (int node in nodeIds)
        {
            degrees[node]++;
        }
        float[] features = new float[nodes * Count];
        for (int node = 0; node < nodes; node++)
        {
            Span<float> row = features.AsSpan(node * Count, Count);
            row[0] = MathF.Log(1 + degrees[node]);
            own.AsSpan(node * Projections, Projections).CopyTo(row[1..]);
            near.AsSpan(node * Projections, Projections).CopyTo(row[(1 + Projections)..]);
        }
        return features;
    }

    // What each target is the mean of; zeros where it has no source.
    private static float[] Mean(float[] rows, int targets, ReadOnlySpan<int> from, ReadOnlySpan<int> to)
    {
        float[] means = new float[targets * Projections];
        int[] counts = new int[targets];
        for (int i = 0; i < from.Length; i++)
        {
            counts[to[i]]++;
            for (int j = 0; j < Projections; j++)
            {
                means[(to[i] * Projections) + j] += rows[(from[i] * Projections) + j];
            }
        }
        for (int i = 0; i < means.Length; i++)
        {
            means[i] /= Math.Max(1, counts[i / Projections]);
        }
        return means;
    }
}
