namespace HyperKernels;

/// <summary>The memberships of each hyperedge in an order that its members alone decide: by node, then by role. Equal hyperedges have equal lists.</summary>
internal sealed class CanonicalMembers
{
    private readonly Hypergraph _graph;
    private readonly int[] _offsets;
    private readonly int[] _pairs;

    public CanonicalMembers(Hypergraph graph)
    {
        _graph = graph;
        Incidence incidence = graph.Incidence;
        // Stable sorts, the least important key first.
        int[] pairs = new int[incidence.MembershipCount];
        for (int pair = 0; pair < pairs.Length; pair++)
        {
            pairs[pair] = pair;
        }
        if (graph.Roles is { } roles)
        {
            pairs = Sorted(pairs, roles.GroupOfRow, roles.Groups).Pairs;
        }
        pairs = Sorted(pairs, incidence.Nodes, incidence.NodeCount).Pairs;
        (_pairs, _offsets) = Sorted(pairs, incidence.Edges, incidence.EdgeCount);
    }

    /// <summary>The memberships of a hyperedge.</summary>
    public ReadOnlySpan<int> Of(int edge) => _pairs.AsSpan(_offsets[edge]..(_offsets[edge + 1]));

    /// <summary>A number that equal hyperedges share.</summary>
    public ulong Hash(int edge)
    {
        // FNV-1a over words (G. Fowler, L. C. Noll, K.-P. Vo): what shares it by chance, AreEqual tells apart.
        const ulong Offset = 14695981039346656037, Prime = 1099511628211;
        ulong hash = Offset ^ (uint)TypeOf(edge);
        foreach (int pair in Of(edge))
        {
            hash = (hash ^ (uint)_graph.Incidence.Nodes[pair]) * Prime;
            hash = (hash ^ (uint)RoleOf(pair)) * Prime;
        }
        return hash;
    }

    /// <summary>Whether two hyperedges have the same members in the same roles, and one type.</summary>
    public bool AreEqual(int a, int b)
    {
        ReadOnlySpan<int> first = Of(a), second = Of(b);
        if (first.Length != second.Length || TypeOf(a) != TypeOf(b))
        {
            return false;
        }
        for (int i = 0; i < first.Length; i++)
        {
            if (!AreSame(first[i], second[i]))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Whether two memberships are of the same node in the same role.</summary>
    public bool AreSame(int first, int second) =>
        _graph.Incidence.Nodes[first] == _graph.Incidence.Nodes[second] && RoleOf(first) == RoleOf(second);

    private static (int[] Pairs, int[] Offsets) Sorted(int[] pairs, ReadOnlySpan<int> keyOfPair, int keys)
    {
        int[] own = new int[pairs.Length];
        for (int i = 0; i < own.Length; i++)
        {
            own[i] = keyOfPair[pairs[i]];
        }
        CountingSort sort = new(own, keys);
        return (sort.Sort(pairs).Others, sort.Offsets);
    }

    private int RoleOf(int pair) => _graph.Roles is { } roles ? roles.GroupOfRow[pair] : 0;

    private int TypeOf(int edge) => _graph.EdgeTypes is { } types ? types.GroupOfRow[edge] : 0;
}
