namespace HyperKernels;

public static partial class RandomHypergraphs
{
    /// <summary>The configuration model: exactly these degrees and sizes, and the ends of memberships joined at random.</summary>
    /// <param name="degrees">Memberships of each node.</param>
    /// <param name="sizes">Memberships of each hyperedge; they add up to as many.</param>
    /// <param name="random">Where the draws come from.</param>
    /// <param name="device">Where it goes; null means <see cref="Device.Default"/>.</param>
    /// <exception cref="ArgumentException">A number is negative, or the sums differ.</exception>
    /// <remarks>
    /// A node may come twice in a hyperedge; <see cref="Hypergraph.WithoutRepeatedMembers"/> takes that out, and with it a little of the degrees.
    /// Source: P. Chodrow, Configuration models of random hypergraphs, 2020.
    /// </remarks>
    public static Hypergraph Configuration(ReadOnlySpan<int> degrees, ReadOnlySpan<int> sizes, RandomStream random, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(random);
        int[] ends = Repeat("degrees", degrees);
        int[] edgeIds = Repeat("sizes", sizes);
        if (ends.Length != edgeIds.Length)
        {
            Throw.Argument($"Configuration: degrees and sizes must add up to the same number; got {ends.Length} and {edgeIds.Length}.");
        }
        int[] order = new int[ends.Length];
        random.FillPermutation(order);
        return Hypergraph.FromPairs(degrees.Length, sizes.Length, Array.ConvertAll(order, end => ends[end]), edgeIds, device);
    }

    /// <summary>Chung and Lu's model: node v is in hyperedge e with probability <c>min(1, k_v s_e / sum of k)</c>, each pair on its own.</summary>
    /// <param name="degrees">k: the expected memberships of each node.</param>
    /// <param name="sizes">s: the expected members of each hyperedge; should add up to as much as k.</param>
    /// <param name="random">Where the draws come from.</param>
    /// <param name="device">Where it goes; null means <see cref="Device.Default"/>.</param>
    /// <exception cref="ArgumentException">A number is negative or not finite.</exception>
    /// <remarks>
    /// Takes time linear in nodes, hyperedges and memberships, but for sorting the degrees.
    /// Source: F. Chung, L. Lu, Connected components in random graphs with given expected degree sequences, 2002; drawn as in J. Miller, A. Hagberg, Efficient
    /// generation of networks with given expected degrees, 2011.
    /// </remarks>
    public static Hypergraph ChungLu(ReadOnlySpan<double> degrees, ReadOnlySpan<double> sizes, RandomStream random, Device? device = null)
    {
        double sum = 0;
        foreach (double degree in degrees)
        {
            CheckExpected("degrees", degree);
            sum += degree;
        }
        foreach (double size in sizes)
        {
            CheckExpected("sizes", size);
        }
        return Weighted(degrees.ToArray(), sizes.ToArray(), sum, random, device);
    }

    // Node v is in hyperedge e with probability min(1, a_v b_e / sum). By falling a, whole runs of nodes are skipped at the probability of the first of the run, and
    // the node where it ends is kept with what its own is smaller.
    private static Hypergraph Weighted(double[] a, double[] b, double sum, RandomStream random, Device? device)
    {
        Draws draws = new(random);
        int[] order = [.. Enumerable.Range(0, a.Length).OrderByDescending(node => a[node])];
        List<int> nodeIds = [], edgeIds = [];
        for (int edge = 0; edge < b.Length; edge++)
        {
            double bound = ProbabilityOf(0);
            long place = 0;
            while (place < order.Length && bound > 0)
            {
                // Geometric: how many nodes in a row are left out at this probability. In doubles, because it may be beyond any integer.
                double skipped = bound < 1 ? Math.Floor(Math.Log(1 - draws.Uniform()) / Math.Log(1 - bound)) : 0;
                if (skipped >= order.Length - place)
                {
                    break;
                }
                place += (long)skipped;
                double own = ProbabilityOf((int)place);
                if (draws.Uniform() * bound < own)
                {
                    nodeIds.Add(order[place]);
                    edgeIds.Add(edge);
                }
                bound = own;
                place++;
            }

            double ProbabilityOf(int at) => at < order.Length && sum > 0 ? Math.Min(1, a[order[at]] * b[edge] / sum) : 0;
        }
        return Hypergraph.FromPairs(a.Length, b.Length, [.. nodeIds], [.. edgeIds], device);
    }

    private static int[] Repeat(string what, ReadOnlySpan<int> counts)
    {
        long sum = 0;
        foreach (int count in counts)
        {
            CheckExpected(what, count);
            sum += count;
        }
        Incidence.CheckMemberships(sum);
        int[] ids = new int[sum];
        int next = 0;
        for (int id = 0; id < counts.Length; id++)
        {
            ids.AsSpan(next, counts[id]).Fill(id);
            next += counts[id];
        }
        return ids;
    }

    private static void CheckExpected(string what, double value)
    {
        if (!(value >= 0) || double.IsInfinity(value))
        {
            Throw.Argument($"RandomHypergraphs: {what} must be finite and not negative; got {value}.");
        }
    }
}
