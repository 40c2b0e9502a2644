using HyperKernels.Models;

namespace HyperKernels.Cli.Data;

/// <summary>Several syntax trees side by side, as an <see cref="Hdhgn"/> reads them. Tensors belong to the current scope.</summary>
internal sealed class SyntaxBatch : IDisposable
{
    private readonly HypergraphBatch _batch;

    /// <summary>Puts trees side by side.</summary>
    /// <param name="trees">One graph each.</param>
    /// <param name="detail">How much of them is kept.</param>
    public SyntaxBatch(IReadOnlyList<SyntaxTree> trees, SyntaxDetail detail = SyntaxDetail.All)
    {
        Hypergraph[] graphs = [.. trees.Select(tree => tree.ToHypergraph(detail))];
        _batch = new HypergraphBatch(graphs);
        foreach (Hypergraph graph in graphs)
        {
            graph.Incidence.Dispose();
        }
        int[] tokens = [.. trees.SelectMany(static tree => tree.Tokens)];
        Tokens = Tensor.From(tokens, [tokens.Length]);
        Graph = new RoleHypergraph(_batch.Graph, _batch.NodesByGraph);
    }

    /// <summary>The token of each node, <c>[N]</c>.</summary>
    public Tensor Tokens { get; }

    /// <summary>The structure, with a graph for each tree.</summary>
    public RoleHypergraph Graph { get; }

    public void Dispose()
    {
        Graph.Dispose();
        _batch.Dispose();
    }
}
