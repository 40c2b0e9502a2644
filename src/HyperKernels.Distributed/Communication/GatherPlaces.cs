namespace HyperKernels.Distributed;

/// <summary>Where the values of each process begin when those of all are put one behind the other.</summary>
internal static class GatherPlaces
{
    /// <exception cref="ArgumentException">A length is not what the counts say, or all together are more than an array holds.</exception>
    public static int[] Of(ReadOnlySpan<int> counts, int size, int rank, int own, int all)
    {
        if (counts.Length != size)
        {
            throw new ArgumentException($"AllGather: there must be a count for each of {size} processes; got {counts.Length}.");
        }
        int[] offsets = new int[size];
        long total = 0;
        for (int i = 0; i < size; i++)
        {
            offsets[i] = (int)Math.Min(total, int.MaxValue);
            total += counts[i];
        }
        if (own != counts[rank] || all != total)
        {
            throw new ArgumentException($"AllGather: rank {rank} must give {counts[rank]} values and have room for {total}; it gives {own} and has room for {all}.");
        }
        return offsets;
    }
}
