namespace HyperKernels;

public sealed partial class Hypergraph
{
    /// <summary>The dual: nodes become hyperedges and hyperedges become nodes; memberships keep their order, weights and roles, types change sides.</summary>
    /// <returns>A new graph; weights of hyperedges stay behind, because nodes have none.</returns>
    public Hypergraph Dual()
    {
        HypergraphRows rows = new()
        {
            MembershipWeights = _rows.NodewardWeights ?? _rows.MembershipWeights,
            NodewardWeights = _rows.NodewardWeights is null ? null : _rows.MembershipWeights,
            NodeTypes = _rows.EdgeTypes,
            EdgeTypes = _rows.NodeTypes,
            Roles = _rows.Roles,
        };
        return new Hypergraph(Incidence.Transpose(), rows, ownsIncidence: true);
    }
}
