namespace HyperKernels;

/// <summary>Hypergraphs drawn at random: for tests, baselines and benchmarks. The same place of the same stream gives the same graph.</summary>
public static partial class RandomHypergraphs
{
    /// <summary>Hyperedges of one size, each a set of nodes of which every other is as likely.</summary>
    /// <param name="nodes">N.</param>
    /// <param name="edges">E; the same set may come more than once.</param>
    /// <param name="size">Members of each, from 0 to N, all different.</param>
    /// <param name="random">Where the draws come from.</param>
    /// <param name="device">Where it goes; null means <see cref="Device.Default"/>.</param>
    /// <exception cref="ArgumentException">A number is negative, size is above N, or there are more memberships than a list holds.</exception>
    /// <remarks>Takes time linear in memberships.</remarks>
    public static Hypergraph Uniform(int nodes, int edges, int size, RandomStream random, Device? device = null)
    {
        CheckCounts("Uniform", nodes, edges);
        CheckSize("Uniform", size, nodes);
        Incidence.CheckMemberships((long)edges * size);
        Draws draws = new(random);
        int[] members = new int[edges * size];
        List<int> picks = [];
        for (int edge = 0; edge < edges; edge++)
        {
            draws.Choose(nodes, size, picks);
            picks.CopyTo(members, edge * size);
        }
        return FromMembers(nodes, edges, size, members, device);
    }

    /// <summary>Every node is in every hyperedge with one probability, on its own (P. Erdős, A. Rényi, 1959, for the incidence matrix).</summary>
    /// <param name="nodes">N.</param>
    /// <param name="edges">E.</param>
    /// <param name="probability">From 0 to 1.</param>
    /// <param name="random">Where the draws come from.</param>
    /// <param name="device">Where it goes; null means <see cref="Device.Default"/>.</param>
    /// <exception cref="ArgumentException">A number is negative, or probability is not from 0 to 1.</exception>
    /// <remarks>Takes time linear in nodes, hyperedges and memberships.</remarks>
    public static Hypergraph Independent(int nodes, int edges, double probability, RandomStream random, Device? device = null)
    {
        CheckCounts("Independent", nodes, edges);
        if (!(probability is >= 0 and <= 1))
        {
            Throw.Argument($"Independent: the probability must be from 0 to 1; got {probability}.");
        }
        double[] nodeWeights = new double[nodes], edgeWeights = new double[edges];
        nodeWeights.AsSpan().Fill(probability);
        edgeWeights.AsSpan().Fill(1);
        return Weighted(nodeWeights, edgeWeights, 1, random, device);
    }

    private static Hypergraph FromMembers(int nodes, int edges, int size, int[] members, Device? device)
    {
        int[] edgeIds = new int[members.Length];
        for (int edge = 0; edge < edges; edge++)
        {
            edgeIds.AsSpan(edge * size, size).Fill(edge);
        }
        return Hypergraph.FromPairs(nodes, edges, members, edgeIds, device);
    }

    private static void CheckCounts(string name, int first, int second)
    {
        if (first < 0 || second < 0)
        {
            Throw.Argument($"{name}: numbers of nodes and hyperedges must not be negative; got {Math.Min(first, second)}.");
        }
    }

    private static void CheckSize(string name, int size, int nodes)
    {
        if (size < 0 || size > nodes)
        {
            Throw.Argument($"{name}: a hyperedge must have from 0 to {nodes} members, all different; got {size}.");
        }
    }
}
