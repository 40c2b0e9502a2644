namespace HyperKernels.Models;

/// <summary>
/// The dual hypergraph of a graph: edge k becomes node k, node v becomes a hyperedge of the edges that end in it. What convolves nodes convolves edges then.
/// </summary>
/// <remarks>
/// Source: Jo, Baek, Lee, Kim, Kang, Hwang, Edge Representation Learning with Hypergraphs, NeurIPS 2021 (arXiv 2106.15845), section 3.2, and the
/// authors' code, harryjo97/EHGNN.
/// </remarks>
public static class DualTransform
{
    private static readonly HypergraphAttentionOptions s_plain = new() { Attention = HypergraphAttention.None };

    /// <summary>Transforms.</summary>
    /// <param name="graph">N nodes, E edges.</param>
    /// <param name="loops">
    /// Gives each dual node a hyperedge of its own, N + k for edge k; hyperedges with one member, which would be second ones, lose it and stay empty.
    /// </param>
    /// <param name="device">Where the index tensors go; null means <see cref="Device.Default"/>.</param>
    /// <returns>E nodes and N hyperedges, or N + E with loops; pairs in the order of the edges, source before target, then loops.</returns>
    public static Incidence Of(EdgeGraph graph, bool loops, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        (int[] nodes, int[] edges) = Pairs(graph);
        int ends = 2 * graph.EdgeCount;
        if (!loops)
        {
            return Incidence.FromPairs(graph.EdgeCount, graph.NodeCount, nodes.AsSpan(0, ends), edges.AsSpan(0, ends), device);
        }
        float[] weights = Weights(graph, [.. Enumerable.Range(0, graph.EdgeCount)]);
        int[] counted = [.. Enumerable.Range(0, nodes.Length).Where(pair => weights[pair] != 0)];
        return Incidence.FromPairs(
            graph.EdgeCount, graph.NodeCount + graph.EdgeCount, Array.ConvertAll(counted, pair => nodes[pair]), Array.ConvertAll(counted, pair => edges[pair]), device);
    }

    /// <summary>Convolution of edges on the dual: <c>D^-1 H B^-1 H^T Z W + b</c>, a mean over hyperedges of the mean over their members.</summary>
    internal static HypergraphAttentionConv Conv(int inFeatures, int outFeatures, RandomStream? random) => new(inFeatures, outFeatures, s_plain, random);

    internal static Incidence WithAllLoops(EdgeGraph graph, Device device)
    {
        (int[] nodes, int[] edges) = Pairs(graph);
        return Incidence.FromPairs(graph.EdgeCount, graph.NodeCount + graph.EdgeCount, nodes, edges, device);
    }

    /// <summary>Which of the pairs of <see cref="WithAllLoops"/> are those of the graph with some of its edges alone: 1, else 0.</summary>
    internal static float[] Weights(EdgeGraph graph, ReadOnlySpan<int> kept)
    {
        int[] members = new int[graph.NodeCount];
        foreach (int edge in kept)
        {
            members[graph.Sources[edge]]++;
            members[graph.Targets[edge]]++;
        }
        float[] weights = new float[3 * graph.EdgeCount];
        foreach (int edge in kept)
        {
            weights[2 * edge] = members[graph.Sources[edge]] == 1 ? 0 : 1;
            weights[(2 * edge) + 1] = members[graph.Targets[edge]] == 1 ? 0 : 1;
            weights[(2 * graph.EdgeCount) + edge] = 1;
        }
        return weights;
    }

    private static (int[] Nodes, int[] Edges) Pairs(EdgeGraph graph)
    {
        int count = graph.EdgeCount;
        int[] nodes = new int[3 * count];
        int[] edges = new int[3 * count];
        for (int edge = 0; edge < count; edge++)
        {
            (nodes[2 * edge], edges[2 * edge]) = (edge, graph.Sources[edge]);
            (nodes[(2 * edge) + 1], edges[(2 * edge) + 1]) = (edge, graph.Targets[edge]);
            (nodes[(2 * count) + edge], edges[(2 * count) + edge]) = (edge, graph.NodeCount + edge);
        }
        return (nodes, edges);
    }
}
