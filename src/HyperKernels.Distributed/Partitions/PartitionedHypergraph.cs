namespace HyperKernels.Distributed;

/// <summary>
/// The part of a hypergraph that one process holds: its nodes, and the hyperedges that they are in. Layers that gather through <see cref="Ops"/>'s forms for a
/// <see cref="Hypergraph"/> (HGNN, UniGNN's mean and sum) run on <see cref="Graph"/> as on the whole: sums of hyperedges are completed between processes, forward and
/// backward.
/// </summary>
/// <remarks>
/// Rows of nodes stay where they are. Gradients of parameters are those of this process's nodes: their sum over the processes is the whole's. Layers that look at members
/// themselves (attention, maxima, means by <c>Incidence</c>) would see those of this process alone.
/// </remarks>
public sealed class PartitionedHypergraph : IDisposable
{
    private readonly int[] _nodes;
    private readonly int[] _edges;

    private PartitionedHypergraph(int[] nodes, int[] edges, Hypergraph graph, EdgeHalo halo)
    {
        (_nodes, _edges, Graph, Halo) = (nodes, edges, graph.WithExchange(halo), halo);
        Owner = graph;
    }

    /// <summary>Gives the members of a hyperedge: <c>incidence.MembersOf</c> or <c>store.MembersOf</c>.</summary>
    /// <param name="edge">Its number.</param>
    public delegate ReadOnlySpan<int> Members(int edge);

    /// <summary>The nodes of this process by their numbers in the whole, ascending: row i here is theirs.</summary>
    public ReadOnlySpan<int> Nodes => _nodes;

    /// <summary>The hyperedges that they are in, by their numbers in the whole, ascending.</summary>
    public ReadOnlySpan<int> Edges => _edges;

    /// <summary>Nodes and hyperedges of this process; sums of hyperedges are those of all processes.</summary>
    public Hypergraph Graph { get; }

    /// <summary>What is sent.</summary>
    public EdgeHalo Halo { get; }

    private Hypergraph Owner { get; }

    /// <summary>Takes the part of this process out of a hypergraph; reads all hyperedges once, and keeps its own.</summary>
    /// <param name="members">The members of each hyperedge.</param>
    /// <param name="edges">How many hyperedges there are.</param>
    /// <param name="partOfNode">The part of each node: its process.</param>
    /// <param name="communicator">As many processes as there are parts.</param>
    /// <param name="device">Where it goes; null means <see cref="Device.Default"/>.</param>
    /// <exception cref="ArgumentException">A part is no rank.</exception>
    public static PartitionedHypergraph Of(Members members, int edges, ReadOnlySpan<int> partOfNode, ICommunicator communicator, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(members);
        ArgumentNullException.ThrowIfNull(communicator);
        int bad = partOfNode.IndexOfAnyExceptInRange(0, communicator.Size - 1);
        if (bad >= 0)
        {
            throw new ArgumentException(
                $"PartitionedHypergraph: parts must be ranks of the {communicator.Size} processes; node {bad} is in part {partOfNode[bad]}. "
                + "Start as many processes as there are parts.",
                nameof(partOfNode));
        }
        (int[] nodes, int[] places) = Own(partOfNode, communicator.Rank);
        List<int>[] toOwner = Lists(communicator.Size), fromSharer = Lists(communicator.Size);
        List<int> touched = [], nodeIds = [], edgeIds = [];
        List<int> parts = [];
        for (int edge = 0; edge < edges; edge++)
        {
            parts.Clear();
            foreach (int node in members(edge))
            {
                int part = partOfNode[node];
                if (part == communicator.Rank)
                {
                    nodeIds.Add(places[node]);
                    edgeIds.Add(touched.Count);
                }
                if (!parts.Contains(part))
                {
                    parts.Add(part);
                }
            }
            if (!parts.Contains(communicator.Rank))
            {
                continue;
            }
            if (parts.Count > 1)
            {
                // Every process finds the same owner; owners take turns.
                parts.Sort();
                int owner = parts[edge % parts.Count];
                foreach (int part in parts)
                {
                    if (part != communicator.Rank && (owner == communicator.Rank || part == owner))
                    {
                        (owner == communicator.Rank ? fromSharer : toOwner)[part].Add(touched.Count);
                    }
                }
            }
            touched.Add(edge);
        }
        EdgeHalo halo = new(communicator, [.. toOwner.Select(static list => list.ToArray())], [.. fromSharer.Select(static list => list.ToArray())]);
        return new PartitionedHypergraph(nodes, [.. touched], Hypergraph.FromPairs(nodes.Length, touched.Count, [.. nodeIds], [.. edgeIds], device), halo);
    }

    /// <summary>Disposes of the graph; the communicator stays.</summary>
    public void Dispose()
    {
        Graph.Dispose();
        Owner.Dispose();
    }

    private static (int[] Nodes, int[] Places) Own(ReadOnlySpan<int> partOfNode, int rank)
    {
        List<int> nodes = [];
        int[] places = new int[partOfNode.Length];
        for (int node = 0; node < places.Length; node++)
        {
            if (partOfNode[node] == rank)
            {
                places[node] = nodes.Count;
                nodes.Add(node);
            }
        }
        return ([.. nodes], places);
    }

    private static List<int>[] Lists(int count) => [.. Enumerable.Range(0, count).Select(static _ => new List<int>())];
}
