namespace HyperKernels.IO;

/// <summary>Pairs of a writer by hyperedge.</summary>
internal static class EdgeLists
{
    /// <summary>For each hyperedge the places of its pairs, in their order.</summary>
    public static (int[] Offsets, int[] Pairs) Of(HypergraphData data)
    {
        int[] offsets = new int[data.EdgeCount + 1];
        foreach (int edge in data.Edges)
        {
            offsets[edge + 1]++;
        }
        for (int edge = 0; edge < data.EdgeCount; edge++)
        {
            offsets[edge + 1] += offsets[edge];
        }
        int[] next = offsets[..^1];
        int[] pairs = new int[data.MembershipCount];
        for (int pair = 0; pair < pairs.Length; pair++)
        {
            pairs[next[data.Edges[pair]]++] = pair;
        }
        return (offsets, pairs);
    }
}
