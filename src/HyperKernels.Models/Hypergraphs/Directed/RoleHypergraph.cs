namespace HyperKernels.Models;

/// <summary>
/// One or more hypergraphs, block by block, whose memberships have roles: tail and head of a directed hyperedge, or any number of others. Immutable.
/// </summary>
/// <remarks>Made once for a batch; layers read it in every pass. A graph without nodes is kept.</remarks>
public sealed class RoleHypergraph : IDisposable
{
    /// <summary>The role of a node that a directed hyperedge comes from.</summary>
    public const int Tail = 0;

    /// <summary>The role of a node that a directed hyperedge leads to.</summary>
    public const int Head = 1;

    /// <summary>Makes the hypergraph.</summary>
    /// <param name="incidence">Which node is in which hyperedge; shared, stays the caller's to dispose.</param>
    /// <param name="roles">The role of each membership, in the order of the pairs, from 0.</param>
    /// <param name="roleCount">The number of roles; 2 for directed hyperedges.</param>
    /// <param name="graphOfNode">The graph of each node, from 0; empty if all belong to one.</param>
    /// <param name="graphCount">The number of graphs.</param>
    /// <exception cref="ArgumentException">There is not one role per membership or one graph per node, or one is out of range.</exception>
    public RoleHypergraph(Incidence incidence, ReadOnlySpan<int> roles, int roleCount = 2, ReadOnlySpan<int> graphOfNode = default, int graphCount = 1)
    {
        ArgumentNullException.ThrowIfNull(incidence);
        int[] graphs = graphOfNode.IsEmpty && graphCount == 1 ? new int[incidence.NodeCount] : graphOfNode.ToArray();
        Check("role", roles, incidence.MembershipCount, "membership", roleCount);
        Check("graph", graphs, incidence.NodeCount, "node", graphCount);
        Incidence = incidence;
        RoleCount = roleCount;
        int[] all = [.. Enumerable.Range(0, incidence.NodeCount)];
        NodesByGraph = Incidence.FromPairs(incidence.NodeCount, graphCount, all, graphs, incidence.Device);
        OfNodes = new RoleRows(incidence.Nodes, incidence.NodeCount, roles, roleCount, incidence.Device);
        OfEdges = new RoleRows(incidence.Edges, incidence.EdgeCount, roles, roleCount, incidence.Device);
        ToEdges = Incidence.FromPairs(OfNodes.Count, incidence.EdgeCount, OfNodes.RowOfMembership, incidence.Edges, incidence.Device);
        ToNodes = Incidence.FromPairs(incidence.NodeCount, OfEdges.Count, incidence.Nodes, OfEdges.RowOfMembership, incidence.Device);
    }

    /// <summary>The structure.</summary>
    public Incidence Incidence { get; }

    /// <summary>The number of roles.</summary>
    public int RoleCount { get; }

    /// <summary>The graph of each node: every graph is a hyperedge of its nodes, and membership i is node i.</summary>
    public Incidence NodesByGraph { get; }

    /// <summary>The nodes with the roles that they have somewhere.</summary>
    internal RoleRows OfNodes { get; }

    /// <summary>The hyperedges with the roles that members have in them.</summary>
    internal RoleRows OfEdges { get; }

    /// <summary>The memberships between the rows of <see cref="OfNodes"/> and the hyperedges.</summary>
    internal Incidence ToEdges { get; }

    /// <summary>The memberships between the nodes and the rows of <see cref="OfEdges"/>.</summary>
    internal Incidence ToNodes { get; }

    /// <summary>Disposes of what was built; the incidence stays the caller's.</summary>
    public void Dispose()
    {
        NodesByGraph.Dispose();
        OfNodes.Dispose();
        OfEdges.Dispose();
        ToEdges.Dispose();
        ToNodes.Dispose();
    }

    /// <summary>The counts: <c>6 nodes, 3 hyperedges, 8 memberships, 2 roles, 1 graphs</c>.</summary>
    public override string ToString() => $"{Incidence}, {RoleCount} roles, {NodesByGraph.EdgeCount} graphs";

    private static void Check(string what, ReadOnlySpan<int> ids, int count, string each, int bound)
    {
        if (ids.Length != count)
        {
            throw new ArgumentException($"RoleHypergraph: each {each} needs a {what}; got {ids.Length} for {count}.");
        }
        for (int i = 0; i < ids.Length; i++)
        {
            if ((uint)ids[i] >= (uint)bound)
            {
                throw new ArgumentException($"RoleHypergraph: {what}s must be from 0 to below {bound}; {each} {i} has {ids[i]}.");
            }
        }
    }
}
