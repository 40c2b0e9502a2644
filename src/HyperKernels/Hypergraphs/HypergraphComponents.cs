namespace HyperKernels;

/// <summary>Which nodes hang together: two are connected if a chain of hyperedges leads from one to the other. Made by <see cref="Hypergraph.Components"/>.</summary>
public sealed class HypergraphComponents
{
    private readonly int[] _ofNode;
    private readonly int[] _ofEdge;
    private readonly int[] _sizes;

    internal HypergraphComponents(Incidence incidence)
    {
        // Union of sets with path halving (R. Tarjan, J. van Leeuwen, 1984); the smaller node is the root, so that components are met in order.
        int[] parents = new int[incidence.NodeCount];
        for (int node = 0; node < parents.Length; node++)
        {
            parents[node] = node;
        }
        for (int edge = 0; edge < incidence.EdgeCount; edge++)
        {
            ReadOnlySpan<int> members = incidence.MembersOf(edge);
            for (int i = 1; i < members.Length; i++)
            {
                Join(parents, members[0], members[i]);
            }
        }
        List<int> sizes = [];
        _ofNode = new int[parents.Length];
        for (int node = 0; node < parents.Length; node++)
        {
            int root = Root(parents, node);
            if (root == node)
            {
                _ofNode[node] = sizes.Count;
                sizes.Add(0);
            }
            _ofNode[node] = _ofNode[root];
            sizes[_ofNode[node]]++;
        }
        _sizes = [.. sizes];
        _ofEdge = new int[incidence.EdgeCount];
        for (int edge = 0; edge < _ofEdge.Length; edge++)
        {
            ReadOnlySpan<int> members = incidence.MembersOf(edge);
            _ofEdge[edge] = members.IsEmpty ? -1 : _ofNode[members[0]];
        }
    }

    /// <summary>How many there are; a node without hyperedges is one of its own.</summary>
    public int Count => _sizes.Length;

    /// <summary>For each node its component; they are numbered by their smallest node.</summary>
    public ReadOnlySpan<int> OfNode => _ofNode;

    /// <summary>For each hyperedge its component; -1 for an empty one.</summary>
    public ReadOnlySpan<int> OfEdge => _ofEdge;

    /// <summary>For each component its number of nodes.</summary>
    public ReadOnlySpan<int> Sizes => _sizes;

    /// <summary>The component of most nodes, among equals the first; -1 if there are no nodes.</summary>
    public int Largest => Array.IndexOf(_sizes, _sizes.DefaultIfEmpty().Max());

    /// <summary>The nodes of a component, ascending: <c>graph.SubgraphOfNodes(components.NodesOf(components.Largest))</c>.</summary>
    public int[] NodesOf(int component) => [.. Enumerable.Range(0, _ofNode.Length).Where(node => _ofNode[node] == component)];

    private static int Root(int[] parents, int node)
    {
        while (parents[node] != node)
        {
            parents[node] = parents[parents[node]];
            node = parents[node];
        }
        return node;
    }

    private static void Join(int[] parents, int a, int b)
    {
        (int first, int second) = (Root(parents, a), Root(parents, b));
        parents[Math.Max(first, second)] = Math.Min(first, second);
    }
}
