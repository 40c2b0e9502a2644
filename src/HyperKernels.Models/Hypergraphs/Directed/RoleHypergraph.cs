namespace HyperKernels.Models;

/// <summary>
/// A hypergraph whose memberships have roles, such as tail and head of a directed hyperedge, prepared for layers with a map for each role. Immutable.
/// </summary>
/// <remarks>Made once for a graph or a batch; layers read it in every pass.</remarks>
public sealed class RoleHypergraph : IDisposable
{
    /// <summary>The role of a node that a directed hyperedge comes from.</summary>
    public const int Tail = 0;

    /// <summary>The role of a node that a directed hyperedge leads to.</summary>
    public const int Head = 1;

    private readonly bool _ownsGraphs;

    /// <summary>Prepares a hypergraph.</summary>
    /// <param name="graph">With roles, see <see cref="Hypergraph.WithRoles"/>; stays the caller's to dispose. Its weights are not read.</param>
    /// <param name="nodesByGraph">
    /// The graph of each node, <see cref="HypergraphBatch.NodesByGraph"/>, which stays the caller's; null means that all nodes are of one graph.
    /// </param>
    /// <exception cref="ArgumentException">The memberships have no roles, or nodesByGraph is not one graph for each node in their order.</exception>
    public RoleHypergraph(Hypergraph graph, Incidence? nodesByGraph = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        RowGroups roles = graph.Roles ?? throw new ArgumentException(
            $"RoleHypergraph: memberships must have roles; those of {graph} have none. graph.WithRoles(RowGroups.Of(roles, 2)) gives them some.", nameof(graph));
        Incidence incidence = graph.Incidence;
        Graph = graph;
        RoleCount = roles.Groups;
        int[] all = [.. Enumerable.Range(0, graph.NodeCount)];
        _ownsGraphs = nodesByGraph is null;
        NodesByGraph = nodesByGraph ?? Incidence.FromPairs(graph.NodeCount, 1, all, new int[all.Length], incidence.Device);
        if (NodesByGraph.NodeCount != graph.NodeCount || !NodesByGraph.Nodes.SequenceEqual(all))
        {
            throw new ArgumentException(
                $"RoleHypergraph: nodesByGraph must have node i as its membership i, for {graph.NodeCount} nodes; got {NodesByGraph}. A HypergraphBatch makes it.",
                nameof(nodesByGraph));
        }
        OfNodes = new RoleRows(incidence.Nodes, graph.NodeCount, roles, incidence.Device);
        OfEdges = new RoleRows(incidence.Edges, graph.EdgeCount, roles, incidence.Device);
        ToEdges = Incidence.FromPairs(OfNodes.Count, graph.EdgeCount, OfNodes.RowOfMembership, incidence.Edges, incidence.Device);
        ToNodes = Incidence.FromPairs(graph.NodeCount, OfEdges.Count, incidence.Nodes, OfEdges.RowOfMembership, incidence.Device);
    }

    /// <summary>The hypergraph.</summary>
    public Hypergraph Graph { get; }

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

    /// <summary>Disposes of what was built; the hypergraph stays the caller's.</summary>
    public void Dispose()
    {
        OfNodes.Dispose();
        OfEdges.Dispose();
        ToEdges.Dispose();
        ToNodes.Dispose();
        if (_ownsGraphs)
        {
            NodesByGraph.Dispose();
        }
    }

    /// <summary>The counts: <c>6 nodes, 3 hyperedges, 8 memberships, 2 roles, 1 graphs</c>.</summary>
    public override string ToString() => $"{Graph}, {RoleCount} roles, {NodesByGraph.EdgeCount} graphs";
}
