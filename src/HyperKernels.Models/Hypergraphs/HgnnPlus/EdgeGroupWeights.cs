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
    /// <param name="graph">E hyperedges.</param>
    /// <param name="groupOfEdge">The group of each hyperedge, integers from 0 to below <see cref="Groups"/>, <c>[E]</c>.</param>
    /// <returns>A graph that shares the incidence of <paramref name="graph"/>.</returns>
    /// <exception cref="ArgumentException">groupOfEdge has not one group per hyperedge, or one is out of range.</exception>
    public Hypergraph Forward(Hypergraph graph, Tensor groupOfEdge)
    {
        ArgumentNullException.ThrowIfNull(graph);
        if (groupOfEdge.Rank != 1 || groupOfEdge.Shape[0] != graph.EdgeCount)
        {
            throw new ArgumentException(
                $"EdgeGroupWeights: there must be a group for each of the {graph.EdgeCount} hyperedges; got {groupOfEdge.Shape}.", nameof(groupOfEdge));
        }
        Tensor weights = Ops.GatherRows(Ops.Sigmoid(_omega.Value), groupOfEdge);
        return graph.WithEdgeWeights(graph.EdgeWeights is { } given ? Ops.Multiply(given, weights) : weights);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"EdgeGroupWeights({Groups})";

    static string IStoredLayer<EdgeGroupWeights>.TypeName => "EdgeGroupWeights";

    static EdgeGroupWeights IStoredLayer<EdgeGroupWeights>.Read(LayerSettings settings) => new(settings.Int("groups"));

    void IStoredLayer<EdgeGroupWeights>.WriteSettings(LayerSettings settings) => settings.Set("groups", Groups);
}
