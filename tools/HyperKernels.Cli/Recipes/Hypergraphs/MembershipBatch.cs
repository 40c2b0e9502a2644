using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>Some hyperedges with their surroundings, and the classes of their members. Its tensors belong to the scope in which it was made.</summary>
internal sealed class MembershipBatch : IDisposable
{
    private readonly SampledHypergraph _sample;
    private readonly Hypergraph _graph;
    private readonly Tensor _asked;

    /// <param name="sample">Of the dual, with the hyperedges that are asked for as seeds; disposed with the batch.</param>
    /// <param name="encodings">Of all memberships.</param>
    /// <param name="labels">Of all memberships.</param>
    public MembershipBatch(SampledHypergraph sample, Tensor encodings, int[] labels)
    {
        _sample = sample;
        SubHypergraph dual = sample.Hops[0];
        _graph = dual.Graph.Dual();
        Graph = new MembershipGraph(_graph, dual.Memberships.Apply(encodings));
        Nodes = dual.Edges;
        List<int> asked = [];
        for (int membership = 0; membership < _graph.MembershipCount; membership++)
        {
            if (_graph.Incidence.Edges[membership] < dual.SeedCount)
            {
                asked.Add(membership);
            }
        }
        ReadOnlySpan<int> ids = dual.Memberships.Ids;
        Labels = new int[asked.Count];
        for (int i = 0; i < Labels.Length; i++)
        {
            Labels[i] = labels[ids[asked[i]]];
        }
        _asked = Tensor.From(asked.ToArray(), [asked.Count], encodings.Device);
    }

    /// <summary>The hyperedges that are asked for, and those drawn around them.</summary>
    public MembershipGraph Graph { get; }

    /// <summary>The nodes of <see cref="Graph"/> among all.</summary>
    public RowSelection Nodes { get; }

    /// <summary>The classes of the members of the hyperedges that are asked for.</summary>
    public int[] Labels { get; }

    /// <summary>Of rows for all memberships those of the hyperedges that are asked for, in the order of <see cref="Labels"/>.</summary>
    public Tensor Asked(Tensor rows) => Ops.GatherRows(rows, _asked);

    public void Dispose()
    {
        Graph.Dispose();
        _graph.Dispose();
        _sample.Dispose();
    }
}
