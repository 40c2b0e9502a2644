namespace HyperKernels.Cli.Data;

/// <summary>
/// A program as a directed hypergraph: nodes are those of its syntax tree, and each field of a node that has children (<c>body</c>, <c>test</c>, ...)
/// is a hyperedge from the node, its tail, to the children, its heads.
/// </summary>
internal sealed class SyntaxTree
{
    private readonly List<int> _types = [];
    private readonly List<int> _tokens = [];
    private readonly List<int> _fields = [];
    private readonly List<int> _nodes = [];
    private readonly List<int> _edges = [];
    private readonly List<int> _roles = [];

    /// <summary>The type of each node.</summary>
    public IReadOnlyList<int> Types => _types;

    /// <summary>The token of each node.</summary>
    public IReadOnlyList<int> Tokens => _tokens;

    /// <summary>The field that each hyperedge stands for.</summary>
    public IReadOnlyList<int> Fields => _fields;

    /// <summary>The node of each membership.</summary>
    public IReadOnlyList<int> Nodes => _nodes;

    /// <summary>The hyperedge of each membership.</summary>
    public IReadOnlyList<int> Edges => _edges;

    /// <summary>Whether each member is the tail (0) or a head (1).</summary>
    public IReadOnlyList<int> Roles => _roles;

    /// <summary>The tree with types of nodes and hyperedges and the roles of members, as far as <see cref="ProgramTrees"/> has them.</summary>
    /// <param name="detail">How much of it; without types all are of one, without roles all members are heads.</param>
    public Hypergraph ToHypergraph(SyntaxDetail detail = SyntaxDetail.All)
    {
        bool isTyped = detail == SyntaxDetail.All;
        int edges = detail == SyntaxDetail.Tokens ? 0 : _fields.Count;
        int members = edges == 0 ? 0 : _nodes.Count;
        return Hypergraph.FromPairs(_types.Count, edges, [.. _nodes[..members]], [.. _edges[..members]])
            .WithNodeTypes(isTyped ? RowGroups.Of([.. _types], ProgramTrees.NodeTypes) : RowGroups.Of(new int[_types.Count], 1))
            .WithEdgeTypes(isTyped ? RowGroups.Of([.. _fields], ProgramTrees.EdgeTypes) : RowGroups.Of(new int[edges], 1))
            .WithRoles(RowGroups.Of(isTyped ? [.. _roles] : [.. Enumerable.Repeat(1, members)], 2));
    }

    /// <summary>Adds a node.</summary>
    /// <returns>Its number.</returns>
    public int Node(int type, int token)
    {
        _types.Add(type);
        _tokens.Add(token);
        return _types.Count - 1;
    }

    /// <summary>Gives a node children under a field; no children, no hyperedge.</summary>
    public void Field(int parent, int field, IReadOnlyCollection<int> children)
    {
        if (children.Count == 0)
        {
            return;
        }
        int edge = _fields.Count;
        _fields.Add(field);
        foreach ((int node, int role) in children.Select(static child => (child, 1)).Prepend((parent, 0)))
        {
            _nodes.Add(node);
            _edges.Add(edge);
            _roles.Add(role);
        }
    }
}
