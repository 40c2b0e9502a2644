namespace HyperKernels;

/// <summary>What a <see cref="NeighbourSampler"/> drew: a hypergraph for each hop, from the seeds outward.</summary>
public sealed class SampledHypergraph : IDisposable
{
    private readonly SubHypergraph[] _hops;

    internal SampledHypergraph(SubHypergraph[] hops) => _hops = hops;

    /// <summary>The hops from the seeds outward: the seeds of one are all nodes of the hop before it.</summary>
    public IReadOnlyList<SubHypergraph> Hops => _hops;

    /// <summary>The nodes whose features the outermost hop begins with: <c>batch.Nodes.Apply(features)</c>.</summary>
    public RowSelection Nodes => _hops[^1].Nodes;

    /// <summary>Runs one convolution after the other, from the outermost hop to the seeds.</summary>
    /// <param name="features">Of all nodes of the whole, <c>[N, F]</c>.</param>
    /// <param name="convolve">
    /// The convolution of a layer: <c>(layer, x, graph) => convolutions[layer].Forward(x, graph)</c>. Layers count from 0, as many as hops; activations belong
    /// here too.
    /// </param>
    /// <returns>The rows of the seeds, <c>[seeds, ...]</c>.</returns>
    /// <exception cref="ArgumentException">features has not one row per node, or a convolution gives another number of rows.</exception>
    public Tensor Forward(Tensor features, Func<int, Tensor, Hypergraph, Tensor> convolve) => ForwardRows(Nodes.Apply(features), convolve);

    /// <summary>As <see cref="Forward"/>, for features that are read row by row: only those of <see cref="Nodes"/>.</summary>
    /// <param name="rows">Of the outermost hop's nodes, in the order of <c>Nodes.Ids</c>, <c>[Nodes.Count, F]</c>.</param>
    /// <param name="convolve">As there.</param>
    /// <returns>The rows of the seeds, <c>[seeds, ...]</c>.</returns>
    /// <exception cref="ArgumentException">rows has not one row per node of the outermost hop, or a convolution gives another number of rows.</exception>
    public Tensor ForwardRows(Tensor rows, Func<int, Tensor, Hypergraph, Tensor> convolve)
    {
        ArgumentNullException.ThrowIfNull(convolve);
        if (rows.Rank == 0 || rows.Shape[0] != Nodes.Count)
        {
            Throw.Argument($"SampledHypergraph: there must be {Nodes.Count} rows, one for each node of the outermost hop; the tensor is {rows.Shape}.");
        }
        Tensor x = rows;
        for (int layer = 0; layer < _hops.Length; layer++)
        {
            SubHypergraph hop = _hops[_hops.Length - 1 - layer];
            x = hop.SeedRows(convolve(layer, x, hop.Graph));
        }
        return x;
    }

    /// <summary>Disposes of all hops; the whole stays.</summary>
    public void Dispose()
    {
        foreach (SubHypergraph hop in _hops)
        {
            hop.Dispose();
        }
    }
}
