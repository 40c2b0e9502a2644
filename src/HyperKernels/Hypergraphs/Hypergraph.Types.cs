namespace HyperKernels;

public sealed partial class Hypergraph
{
    /// <summary>The type of each node, N rows; null where all are of one.</summary>
    public RowGroups? NodeTypes => _rows.NodeTypes;

    /// <summary>The type of each hyperedge, E rows; null where all are of one.</summary>
    public RowGroups? EdgeTypes => _rows.EdgeTypes;

    /// <summary>The part that each membership plays in its hyperedge, such as tail or head, M rows in the order of the pairs; null where all play the same.</summary>
    public RowGroups? Roles => _rows.Roles;

    /// <summary>The same structure with types of nodes. Shares the incidence: dispose it with the first graph.</summary>
    /// <param name="types">N rows: <c>RowGroups.Of([0, 0, 1], 2)</c>; null for none.</param>
    /// <exception cref="ArgumentException">types has not one row per node, or is on another device.</exception>
    /// <remarks><c>Ops.LinearTyped(nodes, weight, graph.NodeTypes)</c> gives each type of node a matrix of its own.</remarks>
    public Hypergraph WithNodeTypes(RowGroups? types) => new(Incidence, _rows with { NodeTypes = types }, ownsIncidence: false);

    /// <summary>The same structure with types of hyperedges. Shares the incidence: dispose it with the first graph.</summary>
    /// <param name="types">E rows; null for none.</param>
    /// <exception cref="ArgumentException">types has not one row per hyperedge, or is on another device.</exception>
    public Hypergraph WithEdgeTypes(RowGroups? types) => new(Incidence, _rows with { EdgeTypes = types }, ownsIncidence: false);

    /// <summary>The same structure with roles of memberships. Shares the incidence: dispose it with the first graph.</summary>
    /// <param name="roles">M rows, in the order of the pairs; null for none.</param>
    /// <exception cref="ArgumentException">roles has not one row per membership, or is on another device.</exception>
    public Hypergraph WithRoles(RowGroups? roles) => new(Incidence, _rows with { Roles = roles }, ownsIncidence: false);
}
