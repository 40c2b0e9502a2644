namespace HyperKernels;

// The forms that take a graph: ops stand below hypergraphs and know incidences only.
public static partial class Ops
{
    /// <summary>As <see cref="NodesToEdges(Tensor, Incidence, Tensor?, Tensor?, Tensor?)"/>, with the graph's membership weights.</summary>
    /// <remarks>In a part of a larger hypergraph the sums are completed between processes first (<see cref="Hypergraph.WithExchange"/>).</remarks>
    public static Tensor NodesToEdges(Tensor x, Hypergraph graph, Tensor? nodeScale = null, Tensor? edgeScale = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Tensor? weights = graph.MembershipWeightsToward(Toward.Edges);
        if (graph.Rows.Exchange is not { } exchange)
        {
            return NodesToEdges(x, graph.Incidence, weights, nodeScale, edgeScale);
        }
        Tensor sums = SumOverProcesses(NodesToEdges(x, graph.Incidence, weights, nodeScale), exchange);
        return edgeScale is { } scale ? Multiply(sums, Reshape(scale, [scale.Shape[0], .. Enumerable.Repeat(1, sums.Rank - 1)])) : sums;
    }

    /// <summary>As <see cref="EdgesToNodes(Tensor, Incidence, Tensor?, Tensor?, Tensor?)"/>, with the graph's membership weights.</summary>
    public static Tensor EdgesToNodes(Tensor z, Hypergraph graph, Tensor? edgeScale = null, Tensor? nodeScale = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return EdgesToNodes(z, graph.Incidence, graph.MembershipWeightsToward(Toward.Nodes), edgeScale, nodeScale);
    }

    /// <summary>Rows of hyperedges, each process's own sums, become the sums of all processes. The gradient goes the same way: every process's use of a sum counts.</summary>
    internal static Tensor SumOverProcesses(Tensor rows, IEdgeExchange exchange)
    {
        float[] values = rows.ToArray();
        exchange.Sum(values, Size.Of(rows.Shape.RowCount));
        return Record(Tensor.From(values, rows.Shape, rows.Device), [rows], exchange, static (g, exchange) => g[0] = SumOverProcesses(g.Output, exchange));
    }
}
