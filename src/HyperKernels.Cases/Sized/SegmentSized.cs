namespace HyperKernels.Cases.Sized;

/// <summary>Products with the incidence of a random hypergraph, at any size.</summary>
internal static class SegmentSized
{
    private static readonly (string Letter, string Meaning)[] s_letters = [("N", "nodes"), ("E", "hyperedges"), ("M", "memberships"), ("F", "features")];

    /// <summary>Rows of nodes gathered into their hyperedges: one hop.</summary>
    public static SizedOp NodesToEdges { get; } = new("nodes_to_edges", s_letters, (sizes, device) =>
    {
        (int nodes, int edges, int memberships, int features) = (sizes["N"], sizes["E"], sizes["M"], sizes["F"]);
        Hypergraph graph = RandomGraph(nodes, edges, memberships, device);
        Tensor x = BenchSubject.Normal([nodes, features], device, 1);
        double bytes = 4.0 * ((((double)memberships + edges) * features) + memberships);
        return BenchSubject.Of(
            "nodes_to_edges", sizes.Text, 2.0 * memberships * features, bytes, [x], [true], t => Ops.NodesToEdges(t[0], graph), owned: graph);
    });

    /// <summary>The two hops of a hypergraph convolution, scaled by degrees, without its dense layer.</summary>
    public static SizedOp Convolution { get; } = new("hypergraph_conv", s_letters, (sizes, device) =>
    {
        (int nodes, int edges, int memberships, int features) = (sizes["N"], sizes["E"], sizes["M"], sizes["F"]);
        Hypergraph graph = RandomGraph(nodes, edges, memberships, device);
        Tensor nodeScale = graph.SymmetricNodeScale;
        Tensor edgeScale = graph.EdgeScale;
        Tensor x = BenchSubject.Normal([nodes, features], device, 1);
        double bytes = 4.0 * ((((2.0 * memberships) + edges + nodes) * features) + (2.0 * memberships));
        return BenchSubject.Of(
            "hypergraph_conv",
            sizes.Text,
            4.0 * memberships * features,
            bytes,
            [x],
            [true],
            t => Ops.EdgesToNodes(Ops.NodesToEdges(t[0], graph, nodeScale), graph, edgeScale, nodeScale),
            owned: graph);
    });

    // Every pair joins any node to any hyperedge: sizes and degrees vary about their means, and a pair may come twice.
    private static Hypergraph RandomGraph(int nodes, int edges, int memberships, Device device)
    {
        Random random = new(7);
        int[] nodeIds = new int[memberships];
        int[] edgeIds = new int[memberships];
        for (int i = 0; i < memberships; i++)
        {
            nodeIds[i] = random.Next(nodes);
            edgeIds[i] = random.Next(edges);
        }
        return Hypergraph.FromPairs(nodes, edges, nodeIds, edgeIds, device);
    }
}
