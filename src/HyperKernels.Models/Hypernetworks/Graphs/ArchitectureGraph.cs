using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A network's architecture as data: operations and which feeds which, a directed graph without cycles, in an order in which they can be computed.
/// </summary>
/// <remarks>
/// <see cref="Of"/> reads it from a tree of layers, <see cref="ArchitectureBuilder"/> builds one by hand. Source: Zhang, Ren, Urtasun, Graph
/// HyperNetworks, ICLR 2019 (arXiv 1810.05749), section 3.1; what is a node follows the code of GHN-2, facebookresearch/ppuda.
/// </remarks>
public sealed class ArchitectureGraph
{
    private readonly int[][] _successors;
    private readonly int[][] _predecessors;
    private int[]? _distances;

    /// <summary>Makes a graph. Nodes that stand before what feeds them are moved behind it; the order of the others stays.</summary>
    /// <param name="nodes">The operations.</param>
    /// <param name="edges">Which feeds which, by the numbers of <paramref name="nodes"/>; saying it twice changes nothing.</param>
    /// <exception cref="ArgumentException">There is no node, an edge has no such node, or edges form a cycle.</exception>
    public ArchitectureGraph(IReadOnlyList<ArchitectureNode> nodes, IEnumerable<(int From, int To)> edges)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentNullException.ThrowIfNull(edges);
        if (nodes.Count == 0)
        {
            throw new ArgumentException("ArchitectureGraph: a graph needs at least one node; got none.", nameof(nodes));
        }
        HashSet<(int From, int To)> distinct = [];
        foreach ((int from, int to) in edges)
        {
            if ((uint)from >= (uint)nodes.Count || (uint)to >= (uint)nodes.Count || from == to)
            {
                throw new ArgumentException(
                    $"ArchitectureGraph: an edge must lead from one of the {nodes.Count} nodes to another; got {from} to {to}.", nameof(edges));
            }
            distinct.Add((from, to));
        }
        int[] order = Order(nodes.Count, distinct);
        int[] place = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
        {
            place[order[i]] = i;
        }
        Nodes = [.. order.Select(i => nodes[i])];
        Edges = [.. distinct.Select(edge => (From: place[edge.From], To: place[edge.To])).Order()];
        _successors = Neighbours(nodes.Count, Edges);
        _predecessors = Neighbours(nodes.Count, Edges.Select(static edge => (edge.To, edge.From)));
    }

    /// <summary>The operations, each behind all that feed it.</summary>
    public IReadOnlyList<ArchitectureNode> Nodes { get; }

    /// <summary>Which feeds which, sorted.</summary>
    public IReadOnlyList<(int From, int To)> Edges { get; }

    /// <summary>The graph of a tree of layers, whose parameters its nodes name.</summary>
    /// <param name="layer">
    /// The library's layers are known; a class of your own says what it is with <see cref="IArchitectureLayer"/>, and is otherwise taken as its own
    /// parameters and its inner layers one behind another.
    /// </param>
    public static ArchitectureGraph Of(Layer layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArchitectureBuilder builder = new(layer);
        builder.Add(layer, builder.Add(GraphOperation.Input));
        return builder.Build();
    }

    /// <summary>The nodes that a node feeds.</summary>
    public ReadOnlySpan<int> Successors(int node) => _successors[Throw.IfNoPlace("ArchitectureGraph", node, Nodes.Count)];

    /// <summary>The nodes that feed a node.</summary>
    public ReadOnlySpan<int> Predecessors(int node) => _predecessors[Throw.IfNoPlace("ArchitectureGraph", node, Nodes.Count)];

    /// <summary>The number of edges on the shortest way along edges; 0 where there is none, and from a node to itself.</summary>
    /// <param name="from">Where the way begins.</param>
    /// <param name="to">Where it ends.</param>
    public int Distance(int from, int to) =>
        Distances[(Throw.IfNoPlace("ArchitectureGraph", from, Nodes.Count) * Nodes.Count) + Throw.IfNoPlace("ArchitectureGraph", to, Nodes.Count)];

    /// <summary>All shortest ways, a row per node where they begin: <c>[N, N]</c>.</summary>
    public ReadOnlySpan<int> Distances => _distances ??= ShortestWays();

    /// <summary>
    /// How deep each node stands: nodes that nothing feeds have depth 0, any other one more than the deepest that feeds it. Nodes of one depth do not
    /// depend on each other.
    /// </summary>
    /// <param name="reversed">Counts from the end instead, against the edges.</param>
    public int[] Depths(bool reversed = false)
    {
        int[] depths = new int[Nodes.Count];
        for (int i = 0; i < depths.Length; i++)
        {
            int node = reversed ? depths.Length - 1 - i : i;
            foreach (int source in reversed ? _successors[node] : _predecessors[node])
            {
                depths[node] = Math.Max(depths[node], depths[source] + 1);
            }
        }
        return depths;
    }

    /// <summary>The nodes and what feeds them, a line each.</summary>
    public override string ToString() =>
        string.Join('\n', Nodes.Select((node, i) => _predecessors[i].Length == 0 ? $"{i}: {node}" : $"{i}: {node} <- {string.Join(", ", _predecessors[i])}"));

    // The lowest number whose sources are all placed goes next, so that an order that is right already stays.
    private static int[] Order(int count, HashSet<(int From, int To)> edges)
    {
        int[] waitsFor = new int[count];
        ILookup<int, int> successors = edges.ToLookup(static edge => edge.From, static edge => edge.To);
        foreach ((_, int to) in edges)
        {
            waitsFor[to]++;
        }
        PriorityQueue<int, int> ready = new();
        for (int node = 0; node < count; node++)
        {
            if (waitsFor[node] == 0)
            {
                ready.Enqueue(node, node);
            }
        }
        List<int> order = [];
        while (ready.TryDequeue(out int node, out _))
        {
            order.Add(node);
            foreach (int next in successors[node])
            {
                if (--waitsFor[next] == 0)
                {
                    ready.Enqueue(next, next);
                }
            }
        }
        if (order.Count < count)
        {
            int stuck = Array.FindIndex(waitsFor, static waits => waits > 0);
            throw new ArgumentException($"ArchitectureGraph: edges must not form a cycle; node {stuck} waits for itself.", nameof(edges));
        }
        return [.. order];
    }

    private static int[][] Neighbours(int count, IEnumerable<(int From, int To)> edges)
    {
        ILookup<int, int> ends = edges.ToLookup(static edge => edge.From, static edge => edge.To);
        return [.. Enumerable.Range(0, count).Select(node => ends[node].ToArray())];
    }

    private int[] ShortestWays()
    {
        int count = Nodes.Count;
        int[] distances = new int[count * count];
        Queue<int> queue = new();
        for (int from = 0; from < count; from++)
        {
            Span<int> row = distances.AsSpan(from * count, count);
            queue.Enqueue(from);
            while (queue.TryDequeue(out int node))
            {
                foreach (int next in _successors[node])
                {
                    if (row[next] == 0)
                    {
                        row[next] = row[node] + 1;
                        queue.Enqueue(next);
                    }
                }
            }
        }
        return distances;
    }
}
