using System.Numerics.Tensors;
using HyperKernels.Cli.Training;

namespace HyperKernels.Cli.Recipes;

/// <summary>Features for nodes that have none, from the structure alone.</summary>
/// <remarks>
/// A node gets random numbers, and the means of those numbers where walks of one, two and three steps from it end, a step going to a hyperedge of the node and to a
/// member of that, all alike: random projections of the powers of the walk's matrix (as of Chen and others, Fast and Accurate Network Embeddings via Very Sparse Random
/// Projection, CIKM 2019). Each is brought to length <c>sqrt(Numbers)</c>. The logarithm of the degree is added, with mean 0 and variance 1.
/// </remarks>
internal static class StartFeatures
{
    private const int Numbers = 32;
    private const int Steps = 3;

    /// <summary>How many a node gets.</summary>
    public const int Count = (Numbers * (Steps + 1)) + 1;

    /// <summary>In the report.</summary>
    public static Setting Words { get; } = new(
        "start features", $"random projections of random walks of 0 to {Steps} steps, {Numbers} numbers each, and the logarithm of the degree: {Count} in all");

    /// <summary>Computes them.</summary>
    /// <param name="incidence">N nodes.</param>
    /// <param name="random">Draws the projection.</param>
    /// <returns><c>[N, Count]</c>, of the current scope.</returns>
    public static Tensor Of(Incidence incidence, RandomStream random)
    {
        int nodes = incidence.NodeCount;
        float[] features = new float[nodes * Count];
        float[] walk = new float[nodes * Numbers];
        for (int step = 0; step <= Steps; step++)
        {
            using MemoryScope scope = incidence.Device.Scope();
            walk = (step == 0 ? Ops.RandomNormal([nodes, Numbers], random, device: incidence.Device) : Walk(walk, incidence)).ToArray();
            for (int node = 0; node < nodes; node++)
            {
                ReadOnlySpan<float> row = walk.AsSpan(node * Numbers, Numbers);
                // Who is in no hyperedge has zeros.
                float length = Math.Max(TensorPrimitives.Norm(row), 1e-20f);
                TensorPrimitives.Multiply(row, MathF.Sqrt(Numbers) / length, features.AsSpan((node * Count) + (step * Numbers), Numbers));
            }
        }
        AddLogDegrees(incidence, features);
        return Tensor.From(features, [nodes, Count], incidence.Device);
    }

    private static Tensor Walk(float[] rows, Incidence incidence)
    {
        Tensor nodes = Tensor.From(rows, [incidence.NodeCount, Numbers], incidence.Device);
        Tensor edges = Ops.SegmentMean(Ops.NodesToMemberships(nodes, incidence), incidence, Toward.Edges);
        return Ops.SegmentMean(Ops.EdgesToMemberships(edges, incidence), incidence, Toward.Nodes);
    }

    private static void AddLogDegrees(Incidence incidence, float[] features)
    {
        double[] logs = [.. Enumerable.Range(0, incidence.NodeCount).Select(node => Math.Log(1 + incidence.EdgesOf(node).Length))];
        double mean = logs.Average();
        double deviation = Math.Max(1e-6, Math.Sqrt(logs.Average(log => (log - mean) * (log - mean))));
        for (int node = 0; node < logs.Length; node++)
        {
            features[(node * Count) + Count - 1] = (float)((logs[node] - mean) / deviation);
        }
    }
}
