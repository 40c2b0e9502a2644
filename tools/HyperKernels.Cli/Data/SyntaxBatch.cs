using HyperKernels.Models;

namespace HyperKernels.Cli.Data;

/// <summary>Several syntax trees, block by block, as an <see cref="Hdhgn"/> reads them. Tensors belong to the current scope.</summary>
internal sealed class SyntaxBatch : IDisposable
{
    private readonly Incidence _incidence;

    /// <summary>Puts trees one after another.</summary>
    public SyntaxBatch(IReadOnlyList<SyntaxTree> trees, int nodeTypes)
    {
        List<int> tokens = [];
        List<int> types = [];
        List<int> fields = [];
        List<int> nodes = [];
        List<int> edges = [];
        List<int> roles = [];
        List<int> graphs = [];
        for (int graph = 0; graph < trees.Count; graph++)
        {
            SyntaxTree tree = trees[graph];
            (int firstNode, int firstEdge) = (tokens.Count, fields.Count);
            tokens.AddRange(tree.Tokens);
            types.AddRange(tree.Types);
            fields.AddRange(tree.Fields);
            nodes.AddRange(tree.Nodes.Select(node => node + firstNode));
            edges.AddRange(tree.Edges.Select(edge => edge + firstEdge));
            roles.AddRange(tree.Roles);
            graphs.AddRange(Enumerable.Repeat(graph, tree.Tokens.Count));
        }
        _incidence = Incidence.FromPairs(tokens.Count, fields.Count, [.. nodes], [.. edges]);
        Graph = new RoleHypergraph(_incidence, [.. roles], graphOfNode: [.. graphs], graphCount: trees.Count);
        Tokens = Tensor.From([.. tokens], [tokens.Count]);
        NodeTypes = RowGroups.Of([.. types], nodeTypes);
        EdgeTypes = Tensor.From([.. fields], [fields.Count]);
    }

    /// <summary>The token of each node, <c>[N]</c>.</summary>
    public Tensor Tokens { get; }

    /// <summary>The nodes by type.</summary>
    public RowGroups NodeTypes { get; }

    /// <summary>The field of each hyperedge, <c>[E]</c>.</summary>
    public Tensor EdgeTypes { get; }

    /// <summary>The structure, with a graph for each tree.</summary>
    public RoleHypergraph Graph { get; }

    public void Dispose()
    {
        Graph.Dispose();
        _incidence.Dispose();
    }
}
