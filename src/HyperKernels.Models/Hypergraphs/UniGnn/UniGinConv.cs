using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>UniGIN: <c>x'[v] = (1 + eps) x[v] W^T + sum over the hyperedges e of v of h[e]</c>, with a learned number eps.</summary>
/// <remarks><see cref="UniConv"/> says what h is and where it is from.</remarks>
public sealed class UniGinConv : UniConv, IStoredLayer<UniGinConv>
{
    private readonly Parameter _eps;

    static UniGinConv() => LayerTypes.Register<UniGinConv>();

    /// <summary>Makes the layer with PyTorch's first values of a linear layer, and eps zero.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="outFeatures">Features of a node in each head afterwards.</param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="first">How hyperedges gather their members.</param>
    /// <param name="rowNorm">Whether rows of nodes are divided by their length.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is below 1.</exception>
    public UniGinConv(
        int inFeatures, int outFeatures, int heads = 1, SetAggregation first = SetAggregation.Mean, bool rowNorm = false, RandomStream? random = null)
        : base(inFeatures, outFeatures, heads, first, rowNorm, random)
    {
        _eps = AddParameter("eps", [1], Initializer.Zeros);
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor nodes, Hypergraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Tensor rows = Transform(nodes);
        Tensor gathered = Ops.EdgesToNodes(UniMessages.ToEdges(rows, graph, First), graph);
        return Normalise(Ops.Add(Ops.Multiply(rows, Ops.AddScalar(_eps.Value, 1)), gathered));
    }

    static string IStoredLayer<UniGinConv>.TypeName => "UniGinConv";

    static UniGinConv IStoredLayer<UniGinConv>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"), settings.Int("outFeatures"), settings.Int("heads"), settings.Choice<SetAggregation>("first"), settings.Flag("rowNorm"));

    void IStoredLayer<UniGinConv>.WriteSettings(LayerSettings settings) => WriteCommon(settings);
}
