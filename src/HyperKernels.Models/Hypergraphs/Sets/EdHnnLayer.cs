using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>A convolution that ED-HNN can be made of: it reads what nodes are and what they were at first.</summary>
public abstract class EdHnnLayer : Layer
{
    private protected EdHnnLayer(int inFeatures, int outFeatures)
    {
        if (inFeatures < 1 || outFeatures < 1)
        {
            throw new ArgumentException($"{GetType().Name}: inFeatures and outFeatures must be at least 1; got {inFeatures} and {outFeatures}.");
        }
        (InFeatures, OutFeatures) = (inFeatures, outFeatures);
    }

    /// <summary>Features of a node.</summary>
    public int InFeatures { get; }

    /// <summary>Features of a node afterwards.</summary>
    public int OutFeatures { get; }

    /// <summary>Computes the convolution.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes. Its structure alone counts, not its weights.</param>
    /// <param name="initial">X0: what the nodes were before the first convolution, <c>[N, outFeatures]</c>; null means X.</param>
    /// <returns><c>[N, outFeatures]</c></returns>
    /// <exception cref="ArgumentException">A tensor has not one row per node or not the layer's features.</exception>
    public Tensor Forward(Tensor nodes, Hypergraph graph, Tensor? initial = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Check("nodes", nodes, graph, InFeatures);
        Tensor first = initial ?? nodes;
        Check("initial", first, graph, OutFeatures);
        return Convolve(nodes, first, graph.Incidence);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"{GetType().Name}({InFeatures}, {OutFeatures})";

    private protected abstract Tensor Convolve(Tensor nodes, Tensor initial, Incidence incidence);

    /// <summary><c>(1 - alpha) x + alpha x0</c></summary>
    private protected static Tensor Restart(Tensor x, Tensor initial, float alpha) => alpha switch
    {
        0 => x,
        1 => initial,
        _ => Ops.Add(Ops.MultiplyScalar(x, 1 - alpha), Ops.MultiplyScalar(initial, alpha)),
    };

    private protected void CheckAlpha(float alpha)
    {
        if (!(alpha >= 0 && alpha <= 1))
        {
            throw new ArgumentException($"{GetType().Name}: alpha, the share of the first features, must be in [0, 1]; got {alpha}.");
        }
    }

    /// <summary>From nodes to hyperedges, and back.</summary>
    private protected static Tensor Average(Tensor rows, Incidence incidence, Toward toward, SetAggregation aggregation)
    {
        Tensor? scale = SegmentCounts.Scale(incidence, toward, aggregation);
        return toward == Toward.Edges
            ? Ops.NodesToEdges(rows, incidence, edgeScale: scale)
            : Ops.EdgesToNodes(rows, incidence, nodeScale: scale);
    }

    private void Check(string what, Tensor rows, Hypergraph graph, int features)
    {
        if (rows.Rank != 2 || rows.Shape[0] != graph.NodeCount || rows.Shape[1] != features)
        {
            throw new ArgumentException($"{GetType().Name}: {what} must be [{graph.NodeCount}, {features}], a row per node; got {rows.Shape}.");
        }
    }
}
