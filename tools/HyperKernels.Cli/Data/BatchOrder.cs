namespace HyperKernels.Cli.Data;

/// <summary>Which examples each step sees: a new permutation every epoch, found from seed and step alone, so that a resumed run goes on exactly.</summary>
internal sealed class BatchOrder
{
    private readonly int[] _rows;
    private readonly int _batch;
    private readonly int _seed;
    private long _epoch = -1;

    /// <param name="examples">The size of the data set.</param>
    /// <param name="batch">Examples a step; the last step of an epoch takes what is left.</param>
    /// <param name="seed">Of the permutations.</param>
    public BatchOrder(int examples, int batch, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(examples, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        _rows = new int[examples];
        _batch = batch;
        _seed = seed;
    }

    public int StepsPerEpoch => (int)(((long)_rows.Length + _batch - 1) / _batch);

    /// <summary>The examples of a step, counted from 0 through all epochs. Valid until the next call.</summary>
    public ReadOnlySpan<int> Rows(long step)
    {
        (long epoch, long within) = Math.DivRem(step, StepsPerEpoch);
        if (epoch != _epoch)
        {
            Shuffle(epoch);
        }
        int start = (int)within * _batch;
        return _rows.AsSpan(start, Math.Min(_batch, _rows.Length - start));
    }

    private void Shuffle(long epoch)
    {
        SplitMix random = new(_seed, epoch);
        for (int i = 0; i < _rows.Length; i++)
        {
            int at = random.Below(i + 1);
            _rows[i] = _rows[at];
            _rows[at] = i;
        }
        _epoch = epoch;
    }
}
