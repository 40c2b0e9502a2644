namespace HyperKernels.Models;

/// <summary>Hyperedges as sets: members ascending, each once.</summary>
internal static class MemberSets
{
    /// <summary>The set of each hyperedge, in their order.</summary>
    public static int[][] Of(Incidence incidence)
    {
        int[][] sets = new int[incidence.EdgeCount][];
        for (int edge = 0; edge < sets.Length; edge++)
        {
            sets[edge] = Of(incidence.MembersOf(edge));
        }
        return sets;
    }

    /// <summary>The different sets of at least <paramref name="smallest"/> and at most <paramref name="largest"/> members, each once, in their order.</summary>
    public static int[][] Distinct(IEnumerable<int[]> sets, int smallest, int largest = int.MaxValue)
    {
        HashSet<int[]> seen = new(SameMembers.Instance);
        return [.. sets.Where(set => set.Length >= smallest && set.Length <= largest && seen.Add(set))];
    }

    /// <summary>The hyperedges of each node, ascending.</summary>
    public static int[][] EdgesOfNodes(int nodes, int[][] sets)
    {
        List<int>[] lists = new List<int>[nodes];
        for (int edge = 0; edge < sets.Length; edge++)
        {
            foreach (int node in sets[edge])
            {
                (lists[node] ??= []).Add(edge);
            }
        }
        return Array.ConvertAll(lists, static list => list is null ? [] : list.ToArray());
    }

    /// <summary>What two ascending rows share.</summary>
    public static int[] Intersect(ReadOnlySpan<int> a, ReadOnlySpan<int> b)
    {
        List<int> shared = [];
        for ((int i, int j) = (0, 0); i < a.Length && j < b.Length;)
        {
            int order = a[i].CompareTo(b[j]);
            if (order == 0)
            {
                shared.Add(a[i]);
            }
            i += order <= 0 ? 1 : 0;
            j += order >= 0 ? 1 : 0;
        }
        return [.. shared];
    }

    private static int[] Of(ReadOnlySpan<int> members)
    {
        int[] sorted = members.ToArray();
        Array.Sort(sorted);
        int count = 0;
        for (int i = 0; i < sorted.Length; i++)
        {
            if (i == 0 || sorted[i] != sorted[i - 1])
            {
                sorted[count++] = sorted[i];
            }
        }
        return count == sorted.Length ? sorted : sorted[..count];
    }

    /// <summary>Compares ascending sets by their members.</summary>
    internal sealed class SameMembers : IEqualityComparer<int[]>
    {
        public static SameMembers Instance { get; } = new();

        public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(int[] set)
        {
            HashCode hash = default;
            foreach (int member in set)
            {
                hash.Add(member);
            }
            return hash.ToHashCode();
        }
    }
}
