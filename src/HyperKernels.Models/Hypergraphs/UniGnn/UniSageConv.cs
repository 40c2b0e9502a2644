using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>UniSAGE: <c>x'[v] = x[v] W^T + sum or mean over the hyperedges e of v of h[e]</c>.</summary>
/// <remarks><see cref="UniConv"/> says what h is and where it is from.</remarks>
public sealed class UniSageConv : UniConv, IStoredLayer<UniSageConv>
{
    static UniSageConv() => LayerTypes.Register<UniSageConv>();

    /// <summary>Makes the layer with PyTorch's first values of a linear layer.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="outFeatures">Features of a node in each head afterwards.</param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="first">How hyperedges gather their members.</param>
    /// <param name="second">How nodes gather their hyperedges.</param>
    /// <param name="rowNorm">Whether rows of nodes are divided by their length.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is below 1.</exception>
    public UniSageConv(
        int inFeatures, int outFeatures, int heads = 1, SetAggregation first = SetAggregation.Mean, SetAggregation second = SetAggregation.Sum, bool rowNorm = false,
        RandomStream? random = null)
        : base(inFeatures, outFeatures, heads, first, rowNorm, random)
    {
        Second = second;
    }

    /// <summary>How nodes gather their hyperedges.</summary>
    public SetAggregation Second { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor nodes, Hypergraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Tensor rows = Transform(nodes);
        Tensor edges = UniMessages.ToEdges(rows, graph, First);
        return Normalise(Ops.Add(rows, Ops.EdgesToNodes(edges, graph, nodeScale: Second == SetAggregation.Mean ? graph.NodeScale : null)));
    }

    static string IStoredLayer<UniSageConv>.TypeName => "UniSageConv";

    static UniSageConv IStoredLayer<UniSageConv>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"), settings.Int("outFeatures"), settings.Int("heads"), settings.Choice<SetAggregation>("first"),
        settings.Choice<SetAggregation>("second"), settings.Flag("rowNorm"));

    void IStoredLayer<UniSageConv>.WriteSettings(LayerSettings settings) => WriteCommon(settings).Set("second", Second);
}
