namespace HyperKernels.Layers;

/// <summary>
/// Sorts samples by the weight set they use, into equal blocks of consecutive samples, so that each set is applied to its block at once.
/// </summary>
internal readonly struct SampleGroups
{
    // Filling blocks up costs applications of weights; gathering weights per sample costs their memory traffic, which is dearer until
    // most of a block is filling.
    private const int MostFilling = 4;

    /// <param name="samples">B.</param>
    /// <param name="rows">C, the number of weight sets.</param>
    /// <param name="rowOf">The weight set of every sample.</param>
    /// <param name="mayFill">Whether blocks may be filled up with copies of samples: not where statistics of the batch would count them.</param>
    public SampleGroups(int samples, int rows, ReadOnlySpan<int> rowOf, bool mayFill)
    {
        if (rowOf.Length != samples)
        {
            Throw.Argument($"HyperNetwork: rowOf needs one entry per sample: {samples}; got {rowOf.Length}.");
        }
        int[] counts = new int[rows];
        for (int i = 0; i < rowOf.Length; i++)
        {
            if ((uint)rowOf[i] >= (uint)rows)
            {
                Throw.Argument($"HyperNetwork: rowOf[{i}] is {rowOf[i]}; the conditions have rows 0 to {rows - 1}.");
            }
            counts[rowOf[i]]++;
        }
        Rows = rows;
        int block = samples == 0 ? 0 : counts.Max();
        if ((long)block * rows > (mayFill ? (long)MostFilling * samples : samples))
        {
            return;
        }
        int[] take = new int[block * rows];
        Back = new int[samples];
        int[] filled = new int[rows];
        for (int i = 0; i < samples; i++)
        {
            int place = (rowOf[i] * block) + filled[rowOf[i]]++;
            take[place] = i;
            Back[i] = place;
        }
        // Places left over keep sample 0: computed, never read.
        Take = take;
    }

    /// <summary>The number of weight sets.</summary>
    public int Rows { get; }

    /// <summary>Which sample stands at each place of the blocks; null where blocks would be mostly filling, or may hold none.</summary>
    public int[]? Take { get; }

    /// <summary>At which place each sample stands.</summary>
    public int[] Back { get; } = [];
}
