namespace HyperKernels;

/// <summary>
/// Several hypergraphs as one, side by side: nodes, hyperedges and memberships of the first graph, then those of the second, and so on. What is computed on it is
/// what each graph would give alone.
/// </summary>
public sealed class HypergraphBatch : IDisposable
{
    private readonly int[] _nodeOffsets;
    private readonly int[] _edgeOffsets;

    /// <summary>Puts hypergraphs side by side.</summary>
    /// <param name="graphs">At least one; they stay the caller's. Where some have weights, the others get ones. Types and roles must be in all or in none.</param>
    /// <exception cref="ArgumentException">There is no graph, numbers of types or of roles differ, or devices do.</exception>
    /// <remarks>Differentiable in the weights; they belong to the current scope.</remarks>
    public HypergraphBatch(params ReadOnlySpan<Hypergraph> graphs)
    {
        Graph = Hypergraph.Concatenate("HypergraphBatch", graphs, shiftNodes: true);
        _nodeOffsets = new int[graphs.Length + 1];
        _edgeOffsets = new int[graphs.Length + 1];
        int[] graphOfNode = new int[Graph.NodeCount];
        int[] nodes = new int[Graph.NodeCount];
        for (int graph = 0; graph < graphs.Length; graph++)
        {
            _nodeOffsets[graph + 1] = _nodeOffsets[graph] + graphs[graph].NodeCount;
            _edgeOffsets[graph + 1] = _edgeOffsets[graph] + graphs[graph].EdgeCount;
            graphOfNode.AsSpan(_nodeOffsets[graph].._nodeOffsets[graph + 1]).Fill(graph);
        }
        for (int node = 0; node < nodes.Length; node++)
        {
            nodes[node] = node;
        }
        NodesByGraph = Incidence.FromPairs(nodes.Length, graphs.Length, nodes, graphOfNode, Graph.Incidence.Device);
    }

    /// <summary>All of them as one hypergraph.</summary>
    public Hypergraph Graph { get; }

    /// <summary>B: the number of graphs.</summary>
    public int Count => _nodeOffsets.Length - 1;

    /// <summary>B + 1 numbers: graph g has the nodes from <c>NodeOffsets[g]</c> to below <c>NodeOffsets[g + 1]</c>.</summary>
    public ReadOnlySpan<int> NodeOffsets => _nodeOffsets;

    /// <summary>B + 1 numbers: graph g has the hyperedges from <c>EdgeOffsets[g]</c> to below <c>EdgeOffsets[g + 1]</c>.</summary>
    public ReadOnlySpan<int> EdgeOffsets => _edgeOffsets;

    /// <summary>
    /// The graph of each node as an incidence, in which every graph is a hyperedge of its nodes and membership i is node i:
    /// <c>Ops.SegmentMean(nodes, batch.NodesByGraph, Toward.Edges)</c> gives a row per graph; sums, maxima and softmax likewise.
    /// </summary>
    public Incidence NodesByGraph { get; }

    /// <summary>Disposes of the joint graph; the graphs that it was made of stay.</summary>
    public void Dispose()
    {
        Graph.Dispose();
        NodesByGraph.Dispose();
    }
}
