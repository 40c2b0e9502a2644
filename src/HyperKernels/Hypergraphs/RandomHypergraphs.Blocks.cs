namespace HyperKernels;

public static partial class RandomHypergraphs
{
    /// <summary>
    /// A stochastic block model with hyperedges of one size: some lie inside one block, the others are any that do not
    /// (D. Ghoshdastidar, A. Dukkipati, Consistency of spectral partitioning of uniform hypergraphs under planted partition model, 2014, with numbers of
    /// hyperedges in place of probabilities).
    /// </summary>
    /// <param name="blockSizes">Nodes of each block; those of the first come first.</param>
    /// <param name="size">Members of each hyperedge, at least 2, all different.</param>
    /// <param name="within">Hyperedges inside a block, each set of nodes as likely; they come first.</param>
    /// <param name="across">Hyperedges over at least two blocks, each set of nodes as likely.</param>
    /// <param name="random">Where the draws come from.</param>
    /// <param name="device">Where it goes; null means <see cref="Device.Default"/>.</param>
    /// <exception cref="ArgumentException">A number is negative, no block holds <paramref name="size"/> nodes, or no set is across.</exception>
    public static Hypergraph Blocks(ReadOnlySpan<int> blockSizes, int size, int within, int across, RandomStream random, Device? device = null)
    {
        int[] offsets = new int[blockSizes.Length + 1];
        double[] sets = new double[blockSizes.Length];
        for (int block = 0; block < blockSizes.Length; block++)
        {
            CheckCounts("Blocks", blockSizes[block], 0);
            offsets[block + 1] = checked(offsets[block] + blockSizes[block]);
            sets[block] = SetsOf(blockSizes[block], size);
        }
        int nodes = offsets[^1];
        CheckCounts("Blocks", within, across);
        CheckSize("Blocks", size, nodes);
        Incidence.CheckMemberships(((long)within + across) * size);
        if (size < 2 || (within > 0 && sets.Sum() == 0) || (across > 0 && blockSizes.IndexOf(nodes) >= 0))
        {
            Throw.Argument(
                "Blocks: hyperedges must have at least 2 members, and there must be room inside a block and across blocks; "
                + $"got size {size} for blocks of {string.Join(", ", blockSizes.ToArray())}.");
        }
        Draws draws = new(random);
        int[] members = new int[(within + across) * size];
        List<int> picks = [];
        for (int edge = 0; edge < within + across; edge++)
        {
            int block = edge < within ? Pick(sets, draws) : -1;
            do
            {
                draws.Choose(block < 0 ? nodes : blockSizes[block], size, picks);
            }
            while (block < 0 && BlockOf(offsets, picks[0]) == BlockOf(offsets, picks[^1]));
            for (int i = 0; i < size; i++)
            {
                members[(edge * size) + i] = picks[i] + (block < 0 ? 0 : offsets[block]);
            }
        }
        return FromMembers(nodes, within + across, size, members, device);
    }

    // The number of sets of some nodes, as far as a double holds it: what matters is how one block's compares to another's.
    private static double SetsOf(int nodes, int size)
    {
        double sets = 1;
        for (int i = 0; i < size; i++)
        {
            sets *= Math.Max(nodes - i, 0) / (double)(i + 1);
        }
        return sets;
    }

    private static int Pick(double[] shares, Draws draws)
    {
        double left = draws.Uniform() * shares.Sum();
        int pick = 0;
        while (pick + 1 < shares.Length && (left -= shares[pick]) >= 0)
        {
            pick++;
        }
        return pick;
    }

    private static int BlockOf(int[] offsets, int node)
    {
        int block = 0;
        while (offsets[block + 1] <= node)
        {
            block++;
        }
        return block;
    }
}
