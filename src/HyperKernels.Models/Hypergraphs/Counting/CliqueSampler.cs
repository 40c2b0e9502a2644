namespace HyperKernels.Models;

/// <summary>
/// Proposes hyperedges for a projection of which only pairs are known: learns from another hypergraph of the same kind which share <c>rho(n, k)</c> of the k-subsets
/// of maximal cliques of size n are hyperedges, and draws candidates where that share is highest.
/// </summary>
/// <remarks>
/// <para>What comes next is a classifier of candidates by <see cref="CliqueFeatures"/>, an ordinary network:</para>
/// <code>
/// CliqueSampler sampler = CliqueSampler.Fit(known.Incidence);
/// IReadOnlyList&lt;int[]&gt; candidates = sampler.Sample(known.CliqueProjection(), budget: 10_000, random);    // to train; then the same of the other projection
/// float[] rows = CliqueFeatures.Of(known.CliqueProjection(), candidates);
/// using Mlp judge = new([CliqueFeatures.Count, 64, 1]);                                                      // BinaryCrossEntropyWithLogits: hyperedge or not
/// </code>
/// <para>
/// The paper optimises which places to draw from so that each hyperedge is found once; here places are taken by falling share, and what is found twice is
/// kept once. Source: Wang, Kleinberg, ICLR 2024 (arXiv 2401.08519), section 5.
/// </para>
/// </remarks>
public sealed class CliqueSampler
{
    private CliqueSampler(IReadOnlyList<CliqueShare> shares) => Shares = shares;

    /// <summary>The table, by falling share; places without hyperedges are left out.</summary>
    public IReadOnlyList<CliqueShare> Shares { get; }

    /// <summary>Learns the table.</summary>
    /// <param name="known">A hypergraph whose hyperedges are known.</param>
    public static CliqueSampler Fit(Incidence known)
    {
        ArgumentNullException.ThrowIfNull(known);
        int[][] sets = MemberSets.Distinct(MemberSets.Of(known), 2);
        int[][] cliques = [.. MaximalCliques.Of(ProjectedGraph.Of(known.NodeCount, sets))];
        int[][] cliquesOf = MemberSets.EdgesOfNodes(known.NodeCount, cliques);
        Dictionary<(int Clique, int Subset), long> found = [];
        foreach (int[] set in sets)
        {
            int[] holding = cliquesOf[set[0]];
            foreach (int member in set.AsSpan(1))
            {
                holding = MemberSets.Intersect(holding, cliquesOf[member]);
            }
            foreach (int clique in holding)
            {
                (int, int) place = (cliques[clique].Length, set.Length);
                found[place] = found.GetValueOrDefault(place) + 1;
            }
        }
        Dictionary<int, int> sizes = cliques.GroupBy(static clique => clique.Length).ToDictionary(static group => group.Key, static group => group.Count());
        IEnumerable<CliqueShare> shares = found.Select(pair =>
            new CliqueShare(pair.Key.Clique, pair.Key.Subset, pair.Value, Times(Subsets(pair.Key.Clique, pair.Key.Subset), sizes[pair.Key.Clique])));
        return new CliqueSampler([.. shares.OrderByDescending(static share => share.Rho).ThenBy(static share => share.Clique).ThenBy(static share => share.Subset)]);
    }

    /// <summary>Draws candidates from a projection: all subsets of a place where that many are left to draw, else random ones.</summary>
    /// <param name="graph">The projection.</param>
    /// <param name="budget">How many to draw, those that come twice included.</param>
    /// <param name="random">Draws cliques and subsets.</param>
    /// <returns>Different sets, each ascending.</returns>
    /// <exception cref="ArgumentException">budget is negative.</exception>
    public IReadOnlyList<int[]> Sample(WeightedGraph graph, long budget, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (budget < 0)
        {
            throw new ArgumentException($"CliqueSampler: the budget must not be negative; got {budget}.");
        }
        ILookup<int, int[]> cliques = MaximalCliques.Of(graph).ToLookup(static clique => clique.Length);
        HashSet<int[]> seen = new(MemberSets.SameMembers.Instance);
        List<int[]> candidates = [];
        foreach (CliqueShare share in Shares)
        {
            int[][] from = [.. cliques[share.Clique]];
            long all = Times(Subsets(share.Clique, share.Subset), from.Length);
            IEnumerable<int[]> drawn = all <= budget
                ? from.SelectMany(clique => AllSubsets(clique, share.Subset))
                : Draws(from, share.Subset, budget, random);
            foreach (int[] candidate in drawn.Where(seen.Add))
            {
                candidates.Add(candidate);
            }
            budget -= Math.Min(all, budget);
        }
        return candidates;
    }

    /// <summary>How alike two sets of hyperedges are: what they share, by what either holds.</summary>
    /// <param name="recovered">Ascending members each.</param>
    /// <param name="truth">The hypergraph; hyperedges of fewer than two members cannot be recovered and are left out.</param>
    /// <returns>From 0 to 1; 1 if both are empty.</returns>
    public static double Jaccard(IEnumerable<int[]> recovered, Incidence truth)
    {
        ArgumentNullException.ThrowIfNull(truth);
        HashSet<int[]> found = new(recovered, MemberSets.SameMembers.Instance);
        HashSet<int[]> edges = new(MemberSets.Distinct(MemberSets.Of(truth), 2), MemberSets.SameMembers.Instance);
        int shared = found.Count(edges.Contains);
        int all = found.Count + edges.Count - shared;
        return all == 0 ? 1 : (double)shared / all;
    }

    private static IEnumerable<int[]> Draws(int[][] cliques, int size, long count, RandomStream random)
    {
        float[] draw = new float[1];
        for (long i = 0; i < count; i++)
        {
            random.FillUniform(draw);
            int[] clique = cliques[Math.Min((int)(draw[0] * cliques.Length), cliques.Length - 1)];
            int[] order = new int[clique.Length];
            random.FillPermutation(order);
            yield return [.. order.Take(size).Select(place => clique[place]).Order()];
        }
    }

    private static IEnumerable<int[]> AllSubsets(int[] clique, int size)
    {
        int[] places = [.. Enumerable.Range(0, size)];
        while (true)
        {
            yield return Array.ConvertAll(places, place => clique[place]);
            int last = size - 1;
            while (last >= 0 && places[last] == clique.Length - size + last)
            {
                last--;
            }
            if (last < 0)
            {
                yield break;
            }
            places[last]++;
            for (int i = last + 1; i < size; i++)
            {
                places[i] = places[i - 1] + 1;
            }
        }
    }

    // Saturates: no budget reaches that many.
    private static long Subsets(int n, int k)
    {
        double count = 1;
        for (int i = 1; i <= k; i++)
        {
            count = count * (n - k + i) / i;
        }
        return count < 1e15 ? (long)Math.Round(count) : long.MaxValue;
    }

    private static long Times(long a, long b) => b == 0 ? 0 : a > long.MaxValue / b ? long.MaxValue : a * b;
}
