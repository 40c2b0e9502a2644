namespace HyperKernels.Models;

/// <summary>
/// Edges of graphs of different sizes as blocks of one size, so that one batched product serves all graphs. Places that no edge fills are zero and add nothing.
/// </summary>
internal readonly struct EdgeBlocks
{
    private readonly int _graphs;
    private readonly int _edges;
    private readonly int _size;
    private readonly Tensor _places;

    public EdgeBlocks(EdgeGraph graph)
    {
        int[] filled = new int[graph.GraphCount];
        int[] positions = new int[graph.EdgeCount];
        for (int edge = 0; edge < positions.Length; edge++)
        {
            positions[edge] = filled[graph.GraphOfEdge[edge]]++;
        }
        (_graphs, _edges, _size) = (graph.GraphCount, graph.EdgeCount, filled.Append(1).Max());
        for (int edge = 0; edge < positions.Length; edge++)
        {
            positions[edge] += graph.GraphOfEdge[edge] * _size;
        }
        _places = Tensor.From(positions, [positions.Length], graph.EdgesByGraph.Device);
    }

    /// <summary>Takes rows <c>[E, heads, F]</c> of edges; gives <c>[G, heads, size, F]</c>.</summary>
    public Tensor Spread(Tensor edges, int heads)
    {
        Tensor rows = Ops.ScatterAddRows(edges, _places, _graphs * _size);
        return Ops.Permute(Ops.Reshape(rows, _graphs, _size, heads, edges.Shape[2]), 0, 2, 1, 3);
    }

    /// <summary>The way back: <c>[G, heads, size, F]</c> to rows <c>[E, heads * F]</c>.</summary>
    public Tensor Collect(Tensor blocks)
    {
        int width = blocks.Shape[1] * blocks.Shape[3];
        Tensor rows = Ops.Reshape(Ops.Permute(blocks, 0, 2, 1, 3), _graphs * _size, width);
        return Ops.Reshape(Ops.GatherRows(rows, _places), _edges, width);
    }
}
