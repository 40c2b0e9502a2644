namespace HyperKernels;

public sealed partial class Hypergraph
{
    /// <summary>One hypergraph with the hyperedges of several over the same nodes, one graph's after the other's: the modalities of HGNN.</summary>
    /// <param name="graphs">Graphs of as many nodes; they stay the caller's.</param>
    /// <returns>A new graph. Where some have weights, the others get ones. Types and roles must be in all or in none.</returns>
    /// <exception cref="ArgumentException">There is no graph, numbers of nodes, of types or of roles differ, or devices do.</exception>
    /// <remarks>Differentiable in the weights; they belong to the current scope.</remarks>
    public static Hypergraph Union(params ReadOnlySpan<Hypergraph> graphs)
    {
        foreach (Hypergraph graph in Throw.IfAnyNull("Union", graphs.ToArray(), nameof(graphs)))
        {
            if (graph.NodeCount != graphs[0].NodeCount)
            {
                Throw.Argument($"Union: the graphs must be over the same nodes; got {graphs[0]} and {graph}. HypergraphBatch puts different nodes beside each other.");
            }
        }
        return Concatenate("Union", graphs, shiftNodes: false);
    }

    /// <summary>Hyperedges one graph's after the other's; nodes too if they are to be shifted.</summary>
    internal static Hypergraph Concatenate(string name, ReadOnlySpan<Hypergraph> graphs, bool shiftNodes)
    {
        if (graphs.IsEmpty)
        {
            Throw.Argument($"{name}: at least one graph is needed.");
        }
        _ = Throw.IfAnyNull(name, graphs.ToArray(), nameof(graphs));
        Device device = graphs[0].Incidence.Device;
        (long nodes, long edges, long memberships) = (0, 0, 0);
        foreach (Hypergraph graph in graphs)
        {
            if (!ReferenceEquals(graph.Incidence.Device, device))
            {
                Throw.Argument($"{name}: the graphs must be on one device; got {device} and {graph.Incidence.Device}.");
            }
            nodes = shiftNodes ? nodes + graph.NodeCount : graph.NodeCount;
            edges += graph.EdgeCount;
            memberships += graph.MembershipCount;
        }
        Incidence.CheckMemberships(Math.Max(memberships, Math.Max(nodes, edges)));
        int[] nodeIds = new int[memberships];
        int[] edgeIds = new int[memberships];
        (int node, int edge, int pair) = (0, 0, 0);
        foreach (Hypergraph graph in graphs)
        {
            for (int i = 0; i < graph.MembershipCount; i++, pair++)
            {
                (nodeIds[pair], edgeIds[pair]) = (node + graph.Incidence.Nodes[i], edge + graph.Incidence.Edges[i]);
            }
            node += shiftNodes ? graph.NodeCount : 0;
            edge += graph.EdgeCount;
        }
        HypergraphRows rows = HypergraphRows.Concatenate(name, graphs.ToArray());
        // Over the same nodes their types are the first graph's.
        rows = shiftNodes ? rows with { NodeTypes = HypergraphRows.Concatenate($"{name}: types of nodes", graphs.ToArray(), graph => graph.NodeTypes) } : rows;
        return new Hypergraph(Incidence.FromPairs((int)nodes, (int)edges, nodeIds, edgeIds, device), rows, ownsIncidence: true);
    }
}
