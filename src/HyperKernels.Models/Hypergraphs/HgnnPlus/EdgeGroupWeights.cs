using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// One learned weight for each group of hyperedges, those of one origin or modality: <c>w[e] = sigmoid(omega[group of e])</c>, times the weight
/// that the hyperedge had.
/// </summary>
/// <remarks>Source: Gao, Feng, Ji, Ji, HGNN+: General Hypergraph Neural Networks, TPAMI 2022, adaptive fusion of hyperedge groups.</remarks>
public sealed class EdgeGroupWeights : Layer, IStoredLayer<EdgeGroupWeights>
{
    private readonly Parameter _omega;

    static EdgeGroupWeights() => LayerTypes.Register<EdgeGroupWeights>();

    /// <summary>Makes the weights: all groups weigh one half at first.</summary>
    /// <param name="groups">The number of groups.</param>
    /// <exception cref="ArgumentException">groups is below 1.</exception>
    public EdgeGroupWeights(int groups)
    {
        if (groups < 1)
        {
            throw new ArgumentException($"EdgeGroupWeights: groups must be at least 1; got {groups}.", nameof(groups));
        }
        Groups = groups;
        _omega = AddParameter("omega", [groups], Initializer.Zeros);
    }

    /// <summary>The number of groups.</summary>
    public int Groups { get; }

    /// <summary>Gives a hypergraph the weights of its groups.</summary>
    /// <param name="graph">A hypergraph whose types of hyperedges are the groups (<see cref="Hypergraph.WithEdgeTypes"/>).</param>
    /// <returns>A graph that shares the incidence of <paramref name="graph"/>.</returns>
    /// <exception cref="ArgumentException">The graph has another number of types, or none.</exception>
    public Hypergraph Forward(Hypergraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        if (graph.EdgeTypes is not { } types || types.Groups != Groups)
        {
            throw new ArgumentException(
                $"EdgeGroupWeights: the hyperedges must be of {Groups} types; the graph has {graph.EdgeTypes?.Groups ?? 0}. Hypergraph.WithEdgeTypes gives them.",
                nameof(graph));
        }
        // Type by type, then in the order of the hyperedges.
        Tensor factors = Ops.Reshape(Ops.Sigmoid(_omega.Value), Groups, 1, 1);
        Tensor sorted = Ops.LinearGrouped(Tensor.Ones([graph.EdgeCount, 1], graph.Incidence.Device), factors, types);
        Tensor weights = Ops.GatherRows(Ops.Reshape(sorted, graph.EdgeCount), types.Places);
        return graph.WithEdgeWeights(graph.EdgeWeights is { } given ? Ops.Multiply(given, weights) : weights);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"EdgeGroupWeights({Groups})";

    static string IStoredLayer<EdgeGroupWeights>.TypeName => "EdgeGroupWeights";

    static EdgeGroupWeights IStoredLayer<EdgeGroupWeights>.Read(LayerSettings settings) => new(settings.Int("groups"));

    void IStoredLayer<EdgeGroupWeights>.WriteSettings(LayerSettings settings) => settings.Set("groups", Groups);
}
