namespace HyperKernels.Models;

/// <summary>The steps that the convolutions of UniGNN share.</summary>
internal static class UniMessages
{
    /// <summary>Rows of hyperedges: mean or sum over the members, times the edge's weight.</summary>
    public static Tensor ToEdges(Tensor nodes, Hypergraph graph, SetAggregation aggregate) =>
        Ops.NodesToEdges(nodes, graph, edgeScale: aggregate == SetAggregation.Mean ? graph.EdgeScale : graph.EdgeWeights);

    /// <summary><c>dbar[e]^-1/2</c>, <c>[E]</c>, with the mean degree dbar of the members of e.</summary>
    public static Tensor EdgeScale(Hypergraph graph)
    {
        Tensor degrees = Ops.NodesToMemberships(graph.NodeDegrees, graph.Incidence);
        Tensor mean = Ops.SegmentMean(degrees, graph.Incidence, Toward.Edges);
        return Ops.Rsqrt(OrOne(mean));
    }

    /// <summary>Rows divided by their length, which is a constant in the gradient; rows of zeros stay.</summary>
    public static Tensor UnitRows(Tensor rows) =>
        Ops.Multiply(rows, Ops.Rsqrt(OrOne(Ops.Sum(Ops.Square(Ops.Detach(rows)), [1], keepAxes: true))));

    // What is divided by zero is zero itself: an edge without members, a row of zeros.
    private static Tensor OrOne(Tensor x) => Ops.Where(x, x, Tensor.Ones([], x.Device));
}
