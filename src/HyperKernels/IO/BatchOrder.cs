namespace HyperKernels.IO;

/// <summary>Which examples each step sees: a new permutation every epoch, found from seed and step alone, so that a resumed run goes on exactly.</summary>
/// <remarks>The same on every machine. Not for several threads at once.</remarks>
public sealed class BatchOrder
{
    private readonly int[] _rows;
    private readonly int _batch;
    private readonly int _seed;
    private readonly bool _shuffle;
    private long _epoch = -1;

    /// <summary>An order of examples.</summary>
    /// <param name="examples">The size of the data set, at least 1.</param>
    /// <param name="batch">Examples a step, at least 1.</param>
    /// <param name="seed">Of the permutations.</param>
    /// <param name="shuffle">False keeps the order of the data set.</param>
    /// <param name="dropLast">Leaves out a last step of an epoch that has fewer examples; else it takes what is left.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is below 1, or no step is left.</exception>
    public BatchOrder(int examples, int batch, int seed, bool shuffle = true, bool dropLast = false)
    {
        Throw.IfOutside("BatchOrder", examples, 1, Array.MaxLength);
        Throw.IfOutside("BatchOrder", batch, 1, dropLast ? examples : int.MaxValue);
        _rows = new int[examples];
        _batch = batch;
        _seed = seed;
        _shuffle = shuffle;
        StepsPerEpoch = (int)(((long)examples + (dropLast ? 0 : batch - 1)) / batch);
    }

    /// <summary>Steps until every example was seen once, but for those that are left out.</summary>
    public int StepsPerEpoch { get; }

    /// <summary>The examples of a step, counted from 0 through all epochs. Valid until the next call.</summary>
    /// <param name="step">The step, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The step is negative.</exception>
    public ReadOnlySpan<int> Rows(long step)
    {
        Throw.IfOutside("BatchOrder", step, 0, long.MaxValue);
        (long epoch, long within) = Math.DivRem(step, StepsPerEpoch);
        if (epoch != _epoch)
        {
            Order(epoch);
        }
        int start = (int)within * _batch;
        return _rows.AsSpan(start, Math.Min(_batch, _rows.Length - start));
    }

    private void Order(long epoch)
    {
        SplitMix random = new(_seed, epoch);
        for (int i = 0; i < _rows.Length; i++)
        {
            int at = _shuffle ? random.Below(i + 1) : i;
            _rows[i] = _rows[at];
            _rows[at] = i;
        }
        _epoch = epoch;
    }
}
