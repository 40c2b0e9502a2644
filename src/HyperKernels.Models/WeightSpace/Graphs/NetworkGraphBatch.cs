namespace HyperKernels.Models;

/// <summary>Graphs of several networks side by side: what metanetworks compute on.</summary>
public sealed class NetworkGraphBatch : IDisposable
{
    private readonly NetworkNode[] _nodes;
    private readonly NetworkEdge[] _edges;

    /// <summary>Puts graphs side by side.</summary>
    /// <param name="graphs">One or more.</param>
    /// <param name="device">Where; null means <see cref="Device.Default"/>.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    public NetworkGraphBatch(IReadOnlyList<NetworkGraph> graphs, Device? device = null)
    {
        graphs = Throw.IfAnyNull("NetworkGraphBatch", graphs);
        if (graphs.Count == 0)
        {
            throw new ArgumentException("NetworkGraphBatch: at least one graph is needed; got none.", nameof(graphs));
        }
        Graphs = graphs;
        int nodes = graphs.Sum(static graph => graph.Nodes.Count);
        int[] graphOfEdge = [.. graphs.SelectMany(static (graph, place) => Enumerable.Repeat(place, graph.Edges.Count))];
        (int[] from, int[] to) = (new int[graphOfEdge.Length], new int[graphOfEdge.Length]);
        (int node, int edge) = (0, 0);
        foreach (NetworkGraph graph in graphs)
        {
            foreach (NetworkEdge link in graph.Edges)
            {
                (from[edge], to[edge++]) = (node + link.From, node + link.To);
            }
            node += graph.Nodes.Count;
        }
        Links = Incidence.FromPairs(nodes, nodes, from, to, device);
        EdgesByGraph = Incidence.FromPairs(graphOfEdge.Length, graphs.Count, [.. Enumerable.Range(0, graphOfEdge.Length)], graphOfEdge, device);
        _nodes = [.. graphs.SelectMany(static graph => graph.Nodes)];
        _edges = [.. graphs.SelectMany(static graph => graph.Edges)];
    }

    /// <summary>The graphs.</summary>
    public IReadOnlyList<NetworkGraph> Graphs { get; }

    /// <summary>
    /// The edges as an incidence from nodes to nodes: membership i is edge i, its node is what is read, its hyperedge what is computed.
    /// <c>Ops.SegmentSum(edges, batch.Links, Toward.Edges)</c> adds up what enters a node.
    /// </summary>
    public Incidence Links { get; }

    /// <summary>The graph of each edge as an incidence, in which every graph is a hyperedge of its edges and membership i is edge i.</summary>
    public Incidence EdgesByGraph { get; }

    /// <summary>One graph for several networks of that make.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="count">The number of networks.</param>
    /// <param name="device">Where; null means <see cref="Device.Default"/>.</param>
    /// <exception cref="ArgumentException">The count is less than 1.</exception>
    public static NetworkGraphBatch Of(NetworkGraph graph, int count = 1, Device? device = null) =>
        new([.. Enumerable.Repeat(graph, Math.Max(0, count))], device);

    /// <summary>What nodes and edges stand for, as numbers: tensors of the current scope.</summary>
    public NetworkCodes Codes()
    {
        Device device = Links.Device;
        return new NetworkCodes(
            Tensor.From([.. _nodes.Select(static node => (float)node.Layer)], [_nodes.Length, 1], device),
            Tensor.From([.. _nodes.Select(static node => (float)node.Index)], [_nodes.Length, 1], device),
            Tensor.From([.. _nodes.Select(static node => (int)node.Kind)], [_nodes.Length], device),
            Tensor.From([.. _edges.Select(static edge => (float)edge.Layer)], [_edges.Length, 1], device),
            Tensor.From([.. _edges.Select(static edge => (int)edge.Kind)], [_edges.Length], device),
            Tensor.From([.. _edges.SelectMany(static edge => new float[] { edge.X, edge.Y, 0 })], [_edges.Length, 3], device));
    }

    /// <summary>Ends what is held; the graphs stay.</summary>
    public void Dispose()
    {
        Links.Dispose();
        EdgesByGraph.Dispose();
    }
}
