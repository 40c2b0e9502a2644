using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// UniGCN: <c>x'[v] = d[v]^-1/2 sum over the hyperedges e of v of dbar[e]^-1/2 h[e]</c>, with the degree d of a node and the mean degree dbar of the
/// members of a hyperedge.
/// </summary>
/// <remarks>
/// A node without hyperedges gets zeros (<see cref="UniGnn.WithSelfLoops"/> helps). <see cref="UniConv"/> says what h is and where it is from.
/// With <see cref="SetAggregation.Sum"/> dbar stays a mean.
/// </remarks>
public sealed class UniGcnConv : UniConv, IStoredLayer<UniGcnConv>
{
    static UniGcnConv() => LayerTypes.Register<UniGcnConv>();

    /// <summary>Makes the layer with PyTorch's first values of a linear layer.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="outFeatures">Features of a node in each head afterwards.</param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="first">How hyperedges gather their members.</param>
    /// <param name="rowNorm">Whether rows of nodes are divided by their length.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is below 1.</exception>
    public UniGcnConv(
        int inFeatures, int outFeatures, int heads = 1, SetAggregation first = SetAggregation.Mean, bool rowNorm = false, RandomStream? random = null)
        : base(inFeatures, outFeatures, heads, first, rowNorm, random)
    {
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor nodes, Hypergraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Tensor edges = UniMessages.ToEdges(Transform(nodes), graph, First);
        return Normalise(Ops.EdgesToNodes(edges, graph, UniMessages.EdgeScale(graph), graph.SymmetricNodeScale));
    }

    static string IStoredLayer<UniGcnConv>.TypeName => "UniGcnConv";

    static UniGcnConv IStoredLayer<UniGcnConv>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"), settings.Int("outFeatures"), settings.Int("heads"), settings.Choice<SetAggregation>("first"), settings.Flag("rowNorm"));

    void IStoredLayer<UniGcnConv>.WriteSettings(LayerSettings settings) => WriteCommon(settings);
}
