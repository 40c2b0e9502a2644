namespace HyperKernels.Cli.Data;

/// <summary>How much of a syntax tree its hypergraph keeps.</summary>
internal enum SyntaxDetail
{
    /// <summary>Types of nodes and fields, and who is the parent.</summary>
    All,

    /// <summary>Which nodes a field joins: all are of one type and role.</summary>
    Members,

    /// <summary>Nodes without hyperedges.</summary>
    Tokens,
}
