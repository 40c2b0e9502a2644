using HyperKernels.Cli.Data;
using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>Draws what a network needs to see for some hyperedges: their members, and some of the hyperedges of each member.</summary>
internal sealed class MembershipSampler : IDisposable
{
    private readonly MembershipLabels _data;
    private readonly Hypergraph _dual;
    private readonly NeighbourSampler _sampler;
    private readonly Tensor _encodings;

    /// <param name="data">The whole.</param>
    /// <param name="edgesPerNode">How many hyperedges of a node are drawn at most.</param>
    /// <param name="seed">Of the start features.</param>
    /// <param name="device">Where batches go. Features and encodings belong to the current scope.</param>
    public MembershipSampler(MembershipLabels data, int edgesPerNode, int seed, Device device)
    {
        _data = data;
        using Hypergraph graph = data.Graph.ToHypergraph(device);
        Features = StartFeatures.Of(graph.Incidence, new RandomStream((ulong)seed));
        _encodings = MembershipRanks.ByCentralities(graph.Incidence);
        // Batches are of hyperedges: they are the nodes of the dual.
        _dual = graph.Dual();
        _sampler = new NeighbourSampler(_dual, edgesPerNode: int.MaxValue, nodesPerEdge: edgesPerNode);
    }

    /// <summary>What networks know of all nodes before they learn, <c>[N, StartFeatures.Count]</c>.</summary>
    public Tensor Features { get; }

    /// <summary>Draws a batch.</summary>
    /// <param name="edges">Hyperedges, each once.</param>
    /// <param name="draw">Which draw: the same number gives the same batch.</param>
    public MembershipBatch Draw(ReadOnlySpan<int> edges, ulong draw) => new(_sampler.Sample(edges, new RandomStream(draw)), _encodings, _data.Labels);

    public void Dispose() => _dual.Dispose();
}
