using HyperKernels.Models;

namespace HyperKernels.Cli.Data;

/// <summary>Several syntax trees side by side, as an <see cref="Hdhgn"/> reads them. Tensors belong to the current scope.</summary>
internal sealed class SyntaxBatch : IDisposable
{
    private readonly HypergraphBatch _batch;

    /// <summary>Puts trees side by side.</summary>
    public SyntaxBatch(IReadOnlyList<SyntaxTree> trees)
    {
        Hypergraph[] graphs = [.. trees.Select(static tree => tree.ToHypergraph())];
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
