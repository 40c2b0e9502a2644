namespace HyperKernels;

/// <summary>A hypergraph in which repeated hyperedges or members became one, and where each of the old ones went.</summary>
public sealed class MergedHypergraph : IDisposable
{
    private readonly int[] _edgeOf;
    private readonly int[] _membershipOf;

    internal MergedHypergraph(Hypergraph graph, int[] edgeOf, int[] membershipOf)
    {
        Graph = graph;
        _edgeOf = edgeOf;
        _membershipOf = membershipOf;
    }

    /// <summary>The merged hypergraph; its nodes are those of the one that it was made of.</summary>
    public Hypergraph Graph { get; }

    /// <summary>
    /// For each hyperedge before its number in <see cref="Graph"/>: <c>Ops.ScatterAddRows(z, Tensor.From(merged.EdgeOf), merged.Graph.EdgeCount)</c> adds their rows up.
    /// </summary>
    public ReadOnlySpan<int> EdgeOf => _edgeOf;

    /// <summary>For each membership before its number in <see cref="Graph"/>; that of a dropped hyperedge is the one in its place in the first that is equal.</summary>
    public ReadOnlySpan<int> MembershipOf => _membershipOf;

    /// <summary>Disposes of the merged graph; the one that it was made of stays.</summary>
    public void Dispose() => Graph.Dispose();
}
