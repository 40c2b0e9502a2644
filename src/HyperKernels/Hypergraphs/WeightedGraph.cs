namespace HyperKernels;

/// <summary>
/// An undirected graph with weights, in the memory of the program: what a hypergraph is projected to. The neighbours of each node ascend; no node is its
/// own. Immutable.
/// </summary>
public sealed class WeightedGraph
{
    private readonly int[] _offsets;
    private readonly int[] _neighbours;
    private readonly float[] _weights;
    private readonly Device _device;

    internal WeightedGraph(int[] offsets, int[] neighbours, float[] weights, Device device)
    {
        _offsets = offsets;
        _neighbours = neighbours;
        _weights = weights;
        _device = device;
    }

    /// <summary>The number of nodes, those without neighbours included.</summary>
    public int NodeCount => _offsets.Length - 1;

    /// <summary>The number of pairs of neighbours.</summary>
    public int EdgeCount => _neighbours.Length / 2;

    /// <summary>The neighbours of a node, ascending.</summary>
    public ReadOnlySpan<int> NeighboursOf(int node) => _neighbours.AsSpan(_offsets[Throw.IfNoPlace("WeightedGraph", node, NodeCount)].._offsets[node + 1]);

    /// <summary>The weights of a node's edges, in the order of its neighbours.</summary>
    public ReadOnlySpan<float> WeightsOf(int node) => _weights.AsSpan(_offsets[Throw.IfNoPlace("WeightedGraph", node, NodeCount)].._offsets[node + 1]);

    /// <summary>The graph as a hypergraph whose hyperedges are its edges, of two members each.</summary>
    /// <returns>N nodes, E hyperedges by their smaller member, then the larger; the weights are those of hyperedges and belong to the current scope.</returns>
    public Hypergraph ToHypergraph()
    {
        int[] nodes = new int[_neighbours.Length];
        int[] edges = new int[_neighbours.Length];
        float[] weights = new float[EdgeCount];
        int edge = 0;
        for (int node = 0; node < NodeCount; node++)
        {
            for (int slot = _offsets[node]; slot < _offsets[node + 1]; slot++)
            {
                if (_neighbours[slot] < node)
                {
                    continue;
                }
                (nodes[2 * edge], nodes[(2 * edge) + 1]) = (node, _neighbours[slot]);
                (edges[2 * edge], edges[(2 * edge) + 1]) = (edge, edge);
                weights[edge++] = _weights[slot];
            }
        }
        return new Hypergraph(
            Incidence.FromPairs(NodeCount, EdgeCount, nodes, edges, _device),
            new HypergraphRows { EdgeWeights = Tensor.From(weights, [weights.Length], _device) },
            ownsIncidence: true);
    }

    /// <summary>The adjacency matrix A as a hypergraph, for products: <c>Ops.NodesToEdges(x, graph.ToAdjacency())</c> is <c>A x</c>.</summary>
    /// <param name="loops">The weight of a loop at every node, A's diagonal; 0 leaves it out.</param>
    /// <returns>N nodes and N hyperedges, hyperedge v holding the neighbours of node v; the weights are those of memberships and belong to the current scope.</returns>
    public Hypergraph ToAdjacency(float loops = 0)
    {
        int each = loops == 0 ? 0 : 1;
        int count = checked(_neighbours.Length + (each * NodeCount));
        int[] nodes = new int[count];
        int[] edges = new int[count];
        float[] weights = new float[count];
        for (int node = 0; node < NodeCount; node++)
        {
            int start = _offsets[node] + (each * node);
            ReadOnlySpan<int> neighbours = NeighboursOf(node);
            neighbours.CopyTo(nodes.AsSpan(start));
            WeightsOf(node).CopyTo(weights.AsSpan(start));
            edges.AsSpan(start, neighbours.Length + each).Fill(node);
            if (each == 1)
            {
                (nodes[start + neighbours.Length], weights[start + neighbours.Length]) = (node, loops);
            }
        }
        return new Hypergraph(
            Incidence.FromPairs(NodeCount, NodeCount, nodes, edges, _device),
            new HypergraphRows { MembershipWeights = Tensor.From(weights, [count], _device) },
            ownsIncidence: true);
    }

    /// <summary>The counts: <c>6 nodes, 7 edges</c>.</summary>
    public override string ToString() => $"{NodeCount} nodes, {EdgeCount} edges";
}
