namespace HyperKernels.Cases.Sized;

/// <summary>The hops of a hypergraph convolution over a graph that has neighbours, but lists them in no order: a shuffled grid.</summary>
internal static class SegmentOrderSized
{
    private static readonly (string Letter, string Meaning)[] s_letters = [("S", "side of the grid in nodes"), ("F", "features")];

    /// <summary>As the graph came.</summary>
    public static SizedOp Shuffled { get; } = new("hypergraph_conv_shuffled", s_letters, (sizes, device) =>
    {
        Hypergraph graph = ShuffledGrid(sizes["S"], device);
        return SegmentSized.Convolve("hypergraph_conv_shuffled", sizes, graph, device, graph);
    });

    /// <summary>Renumbered; features stay in the new order, so that bringing them there is not timed.</summary>
    public static SizedOp Reordered { get; } = new("hypergraph_conv_reordered", s_letters, (sizes, device) =>
    {
        using Hypergraph graph = ShuffledGrid(sizes["S"], device);
        ReorderedHypergraph order = graph.Reordered();
        return SegmentSized.Convolve("hypergraph_conv_reordered", sizes, order.Graph, device, order);
    });

    // Nodes on a grid, a hyperedge around each square of four; ids and pairs in random order.
    private static Hypergraph ShuffledGrid(int side, Device device)
    {
        Random random = new(7);
        int squares = (side - 1) * (side - 1);
        int[] nodes = ShuffledIds(side * side, random);
        int[] edges = ShuffledIds(squares, random);
        int[] pairs = ShuffledIds(4 * squares, random);
        int[] nodeIds = new int[pairs.Length];
        int[] edgeIds = new int[pairs.Length];
        for (int i = 0; i < pairs.Length; i++)
        {
            (int square, int corner) = Math.DivRem(pairs[i], 4);
            (int y, int x) = Math.DivRem(square, side - 1);
            nodeIds[i] = nodes[((y + (corner / 2)) * side) + x + (corner % 2)];
            edgeIds[i] = edges[square];
        }
        return Hypergraph.FromPairs(side * side, squares, nodeIds, edgeIds, device);
    }

    private static int[] ShuffledIds(int count, Random random)
    {
        int[] ids = [.. Enumerable.Range(0, count)];
        random.Shuffle(ids);
        return ids;
    }
}
