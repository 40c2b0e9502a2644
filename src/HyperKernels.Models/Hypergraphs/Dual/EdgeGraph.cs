namespace HyperKernels.Models;

/// <summary>One or more graphs, block by block, by the two ends of each edge; an undirected edge may be listed both ways. Immutable.</summary>
/// <remarks>Made once for a batch; layers read it in every pass. A graph without nodes or edges is kept.</remarks>
public sealed class EdgeGraph : IDisposable
{
    private readonly int[] _sources;
    private readonly int[] _targets;
    private readonly int[] _graphOfNode;
    private readonly int[] _graphOfEdge;

    /// <summary>Makes the graphs.</summary>
    /// <param name="nodes">The number of nodes.</param>
    /// <param name="sources">The node that each edge comes from.</param>
    /// <param name="targets">The node that each edge leads to.</param>
    /// <param name="graphOfNode">The graph of each node, from 0; empty if all belong to one.</param>
    /// <param name="graphCount">The number of graphs.</param>
    /// <param name="device">Where the index tensors go; null means <see cref="Device.Default"/>.</param>
    /// <exception cref="ArgumentException">Numbers of ends differ, an end or a graph is out of range, or an edge joins two graphs.</exception>
    public EdgeGraph(
        int nodes, ReadOnlySpan<int> sources, ReadOnlySpan<int> targets, ReadOnlySpan<int> graphOfNode = default, int graphCount = 1, Device? device = null)
    {
        if (sources.Length != targets.Length)
        {
            throw new ArgumentException($"EdgeGraph: every edge needs two ends; got {sources.Length} sources and {targets.Length} targets.");
        }
        _sources = sources.ToArray();
        _targets = targets.ToArray();
        _graphOfNode = graphOfNode.IsEmpty && graphCount == 1 ? new int[Throw.IfNoLength("EdgeGraph", nodes)] : graphOfNode.ToArray();
        if (_graphOfNode.Length != nodes)
        {
            throw new ArgumentException($"EdgeGraph: each node needs a graph; got {_graphOfNode.Length} for {nodes} nodes.");
        }
        int[] each = [.. Enumerable.Range(0, nodes)];
        NodesByGraph = Incidence.FromPairs(nodes, graphCount, each, _graphOfNode, device);
        // A node is there twice, as source and as target: "hyperedges" are the targets. Self-loops come last.
        Adjacency = Incidence.FromPairs(nodes, nodes, [.. _sources, .. each], [.. _targets, .. each], device);
        _graphOfEdge = Array.ConvertAll(_sources, source => _graphOfNode[source]);
        for (int edge = 0; edge < _targets.Length; edge++)
        {
            if (_graphOfNode[_targets[edge]] != _graphOfEdge[edge])
            {
                throw new ArgumentException(
                    $"EdgeGraph: an edge must not join two graphs; edge {edge} leads from graph {_graphOfEdge[edge]} to graph {_graphOfNode[_targets[edge]]}.");
            }
        }
        EdgesByGraph = Incidence.FromPairs(EdgeCount, graphCount, [.. Enumerable.Range(0, EdgeCount)], _graphOfEdge, device);
        Dual = DualTransform.WithAllLoops(this, device ?? Device.Default);
    }

    /// <summary>N: the number of nodes.</summary>
    public int NodeCount => _graphOfNode.Length;

    /// <summary>E: the number of edges.</summary>
    public int EdgeCount => _sources.Length;

    /// <summary>G: the number of graphs.</summary>
    public int GraphCount => NodesByGraph.EdgeCount;

    /// <summary>The node that each edge comes from.</summary>
    public ReadOnlySpan<int> Sources => _sources;

    /// <summary>The node that each edge leads to.</summary>
    public ReadOnlySpan<int> Targets => _targets;

    /// <summary>The graph of each edge.</summary>
    public ReadOnlySpan<int> GraphOfEdge => _graphOfEdge;

    /// <summary>The graph of each node: every graph is a hyperedge of its nodes, and membership i is node i.</summary>
    public Incidence NodesByGraph { get; }

    /// <summary>The graph of each edge: every graph is a hyperedge whose members are its edges, and membership i is edge i.</summary>
    public Incidence EdgesByGraph { get; }

    /// <summary>
    /// Who sends to whom: "nodes" are the N as sources, "hyperedges" the N as targets; membership i is edge i, and after the edges each node is joined to itself.
    /// </summary>
    public Incidence Adjacency { get; }

    /// <summary>The dual with a loop for every edge, whether or not a one-member hyperedge is one already: <see cref="KeptEdges"/> says by weights which count.</summary>
    internal Incidence Dual { get; }

    /// <summary>Disposes of what was built; disposing twice does nothing.</summary>
    public void Dispose()
    {
        NodesByGraph.Dispose();
        EdgesByGraph.Dispose();
        Adjacency.Dispose();
        Dual.Dispose();
    }

    /// <summary>The counts: <c>6 nodes, 8 edges, 2 graphs</c>.</summary>
    public override string ToString() => $"{NodeCount} nodes, {EdgeCount} edges, {GraphCount} graphs";
}
