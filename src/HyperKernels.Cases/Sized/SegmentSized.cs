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
        Hypergraph graph = RandomGraph(sizes["N"], sizes["E"], sizes["M"], device);
        return Convolve("hypergraph_conv", sizes, graph, device, graph);
    });

    /// <summary>Softmax of scores in each hyperedge, every head by itself.</summary>
    public static SizedOp Softmax { get; } = new(
        "segment_softmax", [("N", "nodes"), ("E", "hyperedges"), ("M", "memberships"), ("H", "heads")], (sizes, device) =>
        {
            Hypergraph graph = RandomGraph(sizes["N"], sizes["E"], sizes["M"], device);
            Tensor scores = BenchSubject.Normal([sizes["M"], sizes["H"]], device, 2);
            return BenchSubject.Of(
                "segment_softmax", sizes.Text, 5.0 * scores.Count, 4.0 * ((2.0 * scores.Count) + sizes["M"]), [scores], [true],
                t => Ops.SegmentSoftmax(t[0], graph.Incidence, Toward.Edges), owned: graph);
        });

    /// <summary>Attention of hyperedges over their members: softmax of the scores in each hyperedge, then the weighted sums of the nodes' rows.</summary>
    public static SizedOp Attention { get; } = new("segment_attention", [.. s_letters, ("H", "heads, divides F")], (sizes, device) =>
    {
        (int nodes, int edges, int memberships, int features, int heads) = (sizes["N"], sizes["E"], sizes["M"], sizes["F"], sizes["H"]);
        if (features % heads != 0)
        {
            throw new ArgumentException($"H must divide F; {features} features cannot be shared by {heads} heads evenly.");
        }
        Hypergraph graph = RandomGraph(nodes, edges, memberships, device);
        Tensor x = BenchSubject.Normal([nodes, heads, features / heads], device, 1);
        Tensor scores = BenchSubject.Normal([memberships, heads], device, 2);
        // Scores are read, their softmax written and read again; of the structure two numbers per membership are read in each op.
        double bytes = 4.0 * ((((double)memberships + edges) * features) + (3.0 * memberships * heads) + (4.0 * memberships));
        return BenchSubject.Of(
            "segment_attention",
            sizes.Text,
            memberships * ((2.0 * features) + (5.0 * heads)),
            bytes,
            [x, scores],
            [true, true],
            t => Ops.NodesToEdges(t[0], graph.Incidence, Ops.SegmentSoftmax(t[1], graph.Incidence, Toward.Edges)),
            owned: graph);
    });

    /// <summary>The hops of a convolution over a graph, with as many features as the sizes' F.</summary>
    /// <param name="op">The op's name.</param>
    /// <param name="sizes">In letters.</param>
    /// <param name="graph">What is convolved over.</param>
    /// <param name="device">Where the graph is.</param>
    /// <param name="owned">What ends with the subject.</param>
    public static BenchSubject Convolve(string op, Sizes sizes, Hypergraph graph, Device device, IDisposable owned)
    {
        (int nodes, int edges, int memberships, int features) = (graph.NodeCount, graph.EdgeCount, graph.MembershipCount, sizes["F"]);
        Tensor nodeScale = graph.SymmetricNodeScale;
        Tensor edgeScale = graph.EdgeScale;
        Tensor x = BenchSubject.Normal([nodes, features], device, 1);
        double bytes = 4.0 * ((((2.0 * memberships) + edges + nodes) * features) + (2.0 * memberships));
        return BenchSubject.Of(
            op,
            sizes.Text,
            4.0 * memberships * features,
            bytes,
            [x],
            [true],
            t => Ops.EdgesToNodes(Ops.NodesToEdges(t[0], graph, nodeScale), graph, edgeScale, nodeScale),
            owned: owned);
    }

    // Every pair joins any node to any hyperedge: sizes and degrees vary about their means, and a pair may come twice. Hyperedge after hyperedge, as files list them.
    internal static Hypergraph RandomGraph(int nodes, int edges, int memberships, Device device)
    {
        Random random = new(7);
        int[] nodeIds = new int[memberships];
        int[] edgeIds = new int[memberships];
        for (int i = 0; i < memberships; i++)
        {
            nodeIds[i] = random.Next(nodes);
            edgeIds[i] = random.Next(edges);
        }
        Array.Sort(edgeIds);
        return Hypergraph.FromPairs(nodes, edges, nodeIds, edgeIds, device);
    }
}
