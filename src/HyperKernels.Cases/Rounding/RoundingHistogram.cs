namespace HyperKernels.Cases;

/// <summary>Counts errors by size, and keeps the largest and what it came from.</summary>
/// <typeparam name="TInput">What tells an input.</typeparam>
internal sealed class RoundingHistogram<TInput>
{
    private readonly long[] _counts = new long[RoundingResult.Limits.Count + 2];

    /// <summary>How many errors were counted.</summary>
    public long Count => _counts.Sum();

    /// <summary>The largest error.</summary>
    public double Largest { get; private set; }

    /// <summary>Where it was; the default while all are zero.</summary>
    public TInput? Worst { get; private set; }

    /// <summary>The shares of errors that are zero, at most each of <see cref="RoundingResult.Limits"/>, and larger than the last.</summary>
    public IReadOnlyList<double> Shares
    {
        get
        {
            double count = Math.Max(1, Count);
            long within = 0;
            List<double> shares = [.. _counts[..^1].Select(each => (within += each) / count)];
            return [.. shares, _counts[^1] / count];
        }
    }

    /// <summary>Counts an error.</summary>
    public void Add(double error, TInput input)
    {
        int place = error == 0 ? 0 : 1;
        while (place > 0 && place <= RoundingResult.Limits.Count && !(error <= RoundingResult.Limits[place - 1]))
        {
            place++;
        }
        _counts[place]++;
        if (error > Largest)
        {
            (Largest, Worst) = (error, input);
        }
    }
}
