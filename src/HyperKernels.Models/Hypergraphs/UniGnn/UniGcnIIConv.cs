using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// UniGCNII: <c>x' = (1 - beta) t + beta t W^T</c> with <c>t = (1 - alpha) UniGCN(x) + alpha x0</c>, where UniGCN has no matrix and x0 is what the first layer
/// read: many layers then do not make all rows alike.
/// </summary>
/// <remarks>
/// With <see cref="RowNorm"/> what UniGCN gives is divided by its length, before x0 is added. What <see cref="UniConv"/> says of weights and lengths holds here
/// too. Source: Huang, Yang, UniGNN, IJCAI 2021, section 3.
/// </remarks>
public sealed class UniGcnIIConv : Layer, IStoredLayer<UniGcnIIConv>
{
    private readonly Linear _weight;

    static UniGcnIIConv() => LayerTypes.Register<UniGcnIIConv>();

    /// <summary>Makes the layer with PyTorch's first values of a linear layer.</summary>
    /// <param name="features">Features of a node, before and after.</param>
    /// <param name="beta">The share of W; the l-th layer of a network takes <c>log(0.5 / l + 1)</c>.</param>
    /// <param name="alpha">The share of x0.</param>
    /// <param name="first">How hyperedges gather their members.</param>
    /// <param name="rowNorm">Whether rows are divided by their length.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">features is below 1.</exception>
    public UniGcnIIConv(
        int features, float beta, float alpha = 0.1f, SetAggregation first = SetAggregation.Mean, bool rowNorm = false, RandomStream? random = null)
    {
        (Beta, Alpha, First, RowNorm) = (beta, alpha, first, rowNorm);
        _weight = Add("W", new Linear(features, features, bias: false, random));
    }

    /// <summary>Features of a node.</summary>
    public int Features => _weight.InFeatures;

    /// <summary>The share of W.</summary>
    public float Beta { get; }

    /// <summary>The share of x0.</summary>
    public float Alpha { get; }

    /// <summary>How hyperedges gather their members.</summary>
    public SetAggregation First { get; }

    /// <summary>Whether rows are divided by their length.</summary>
    public bool RowNorm { get; }

    /// <summary>Computes the convolution.</summary>
    /// <param name="nodes">x: one row per node, <c>[N, features]</c>.</param>
    /// <param name="initial">x0, <c>[N, features]</c>.</param>
    /// <param name="graph">N nodes.</param>
    /// <returns><c>[N, features]</c></returns>
    /// <exception cref="ArgumentException">A tensor has not one row per node or not the layer's features, or is on another device than the graph.</exception>
    public Tensor Forward(Tensor nodes, Tensor initial, Hypergraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return Forward(nodes, initial, graph, UniMessages.EdgeScale(graph));
    }

    /// <summary>The same with <c>dbar^-1/2</c>, which the layers of a network share.</summary>
    internal Tensor Forward(Tensor nodes, Tensor initial, Hypergraph graph, Tensor edgeScale)
    {
        Tensor edges = UniMessages.ToEdges(nodes, graph, First);
        Tensor smooth = Ops.EdgesToNodes(edges, graph, edgeScale, graph.SymmetricNodeScale);
        smooth = RowNorm ? UniMessages.UnitRows(smooth) : smooth;
        Tensor mixed = Ops.Add(Ops.MultiplyScalar(smooth, 1 - Alpha), Ops.MultiplyScalar(initial, Alpha));
        return Ops.Add(Ops.MultiplyScalar(mixed, 1 - Beta), Ops.MultiplyScalar(_weight.Forward(mixed), Beta));
    }

    /// <inheritdoc/>
    protected override string Describe() => FormattableString.Invariant($"UniGcnIIConv({Features}, beta: {Beta}, alpha: {Alpha}, {First}{(RowNorm ? ", rowNorm: true" : "")})");

    static string IStoredLayer<UniGcnIIConv>.TypeName => "UniGcnIIConv";

    static UniGcnIIConv IStoredLayer<UniGcnIIConv>.Read(LayerSettings settings) => new(
        settings.Int("features"), settings.Number("beta"), settings.Number("alpha"), settings.Choice<SetAggregation>("first"), settings.Flag("rowNorm"));

    void IStoredLayer<UniGcnIIConv>.WriteSettings(LayerSettings settings) => settings
        .Set("features", Features).Set("beta", Beta).Set("alpha", Alpha).Set("first", First).Set("rowNorm", RowNorm);
}
