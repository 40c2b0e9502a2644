namespace HyperKernels;

// The forms that take a graph: ops stand below hypergraphs and know incidences only.
public static partial class Ops
{
    /// <summary>As <see cref="NodesToEdges(Tensor, Incidence, Tensor?, Tensor?, Tensor?)"/>, with the graph's membership weights.</summary>
    public static Tensor NodesToEdges(Tensor x, Hypergraph graph, Tensor? nodeScale = null, Tensor? edgeScale = null) =>
        NodesToEdges(x, graph.Incidence, graph.MembershipWeightsToward(Toward.Edges), nodeScale, edgeScale);

    /// <summary>As <see cref="EdgesToNodes(Tensor, Incidence, Tensor?, Tensor?, Tensor?)"/>, with the graph's membership weights.</summary>
    public static Tensor EdgesToNodes(Tensor z, Hypergraph graph, Tensor? edgeScale = null, Tensor? nodeScale = null) =>
        EdgesToNodes(z, graph.Incidence, graph.MembershipWeightsToward(Toward.Nodes), edgeScale, nodeScale);
}
