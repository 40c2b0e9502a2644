using System.Numerics.Tensors;

namespace HyperKernels.Cli.Data;

/// <summary>
/// Features of nodes from the structure alone, where a data set has no others: the logarithm of the degree, and random projections of the hyperedges where walks of
/// 0, 1, 2, 4 and 8 steps from a node end.
/// </summary>
/// <remarks>
/// A step goes to a member of a hyperedge of the node, all alike. Means of random signs shrink with what they are of, so each projection is centred over the nodes, which
/// takes off what long walks have in common, and each node's is brought to length <c>sqrt(Projections)</c>: far neighbourhoods count as much as near ones (Chen and others, Fast
/// and Accurate Network Embeddings via Very Sparse Random Projection, CIKM 2019).
/// </remarks>
internal static class StructuralFeatures
{
    private const int Projections = 64;

    private static readonly int[] s_lengths = [0, 1, 2, 4, 8];

    /// <summary>Features of a node: its degree, and the projections.</summary>
    public static int Count { get; } = 1 + (s_lengths.Length * Projections);

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
        int[] degrees = new int[nodes];
        foreach (int node in nodeIds)
        {
            degrees[node]++;
        }
        float[] features = new float[nodes * Count];
        for (int node = 0; node < nodes; node++)
        {
            features[node * Count] = MathF.Log(1 + degrees[node]);
        }
        float[] walk = Mean(signs, nodes, edgeIds, nodeIds);
        for (int length = 0; length <= s_lengths[^1]; length++)
        {
            if (length > 0)
            {
                walk = Mean(Mean(walk, edges, nodeIds, edgeIds), nodes, edgeIds, nodeIds);
            }
            if (Array.IndexOf(s_lengths, length) is >= 0 and int block)
            {
                Write(walk, degrees, features, 1 + (block * Projections));
            }
        }
        return features;
    }

    /// <summary>One projection of every node that is in a hyperedge, centred and brought to one length; others keep zeros.</summary>
    private static void Write(float[] walk, int[] degrees, float[] features, int at)
    {
        double[] sums = new double[Projections];
        for (int i = 0; i < walk.Length; i++)
        {
            sums[i % Projections] += walk[i];
        }
        int connected = Math.Max(1, degrees.Count(static degree => degree > 0));
        float[] means = Array.ConvertAll(sums, sum => (float)(sum / connected));
        for (int node = 0; node < degrees.Length; node++)
        {
            if (degrees[node] > 0)
            {
                Span<float> row = features.AsSpan((node * Count) + at, Projections);
                TensorPrimitives.Subtract(walk.AsSpan(node * Projections, Projections), means, row);
                TensorPrimitives.Multiply(row, MathF.Sqrt(Projections) / Math.Max(1e-20f, TensorPrimitives.Norm<float>(row)), row);
            }
        }
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
