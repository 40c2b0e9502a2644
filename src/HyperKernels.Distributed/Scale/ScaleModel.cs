namespace HyperKernels.Distributed;

/// <summary>What steps of a two-layer HGNN cost on a kind of machine, fitted to measured runs: prices of bytes that are read and kept, none negative.</summary>
/// <remarks>Operations have no price of their own: at widths of up to 64 a step waits for memory.</remarks>
/// <param name="SecondsPerFeatureByte">Of features, for products with the first weights and for their gradients.</param>
/// <param name="SecondsPerGatheredByte">Of sums over memberships.</param>
/// <param name="SecondsPerRowByte">Of rows of nodes and hyperedges, for all that is done with them.</param>
/// <param name="SecondsPerPackedByte">Of sums between processes, beside the network.</param>
/// <param name="BytesPerMembership">Of memory: lists on the device.</param>
/// <param name="BytesPerFeatureByte">Of memory: how often features are there at once.</param>
/// <param name="BytesPerRowByte">Of memory: how often rows of nodes and hyperedges are there at once.</param>
public sealed record ScaleModel(
    double SecondsPerFeatureByte, double SecondsPerGatheredByte, double SecondsPerRowByte, double SecondsPerPackedByte,
    double BytesPerMembership, double BytesPerFeatureByte, double BytesPerRowByte)
{
    /// <summary>Fits a model: least squares of relative errors.</summary>
    /// <param name="runs">Measured runs.</param>
    /// <exception cref="ArgumentException">There are fewer than three runs.</exception>
    public static ScaleModel Fit(IReadOnlyList<ScaleRun> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        if (runs.Count < 3)
        {
            throw new ArgumentException($"ScaleModel.Fit: there must be at least 3 runs for three prices; got {runs.Count}.", nameof(runs));
        }
        double[] time = LeastSquares(
            runs.Select(static run => run.ComputeSeconds), runs.Select(static run => (double[])[run.Work.FeatureBytes, run.Work.GatheredBytes, run.Work.RowBytes]));
        ScaleRun[] packed = [.. runs.Where(static run => run.Work.HaloBytes > 0 && run.PackSeconds > 0)];
        double[] pack = packed.Length == 0
            ? [0]
            : LeastSquares(packed.Select(static run => run.PackSeconds), packed.Select(static run => (double[])[run.Work.HaloBytes]));
        double[] memory = LeastSquares(
            runs.Select(static run => run.PeakBytes), runs.Select(static run => (double[])[run.Work.OwnMemberships, run.Work.FeatureBytes, run.Work.RowBytes]));
        return new ScaleModel(time[0], time[1], time[2], pack[0], memory[0], memory[1], memory[2]);
    }

    /// <summary>Processor seconds a step of a process, sums between processes included, their way over the network not.</summary>
    public double Seconds(ScaleWork work) => ComputeSeconds(work) + (SecondsPerPackedByte * work.HaloBytes);

    /// <summary>Of them those outside of sums between processes.</summary>
    public double ComputeSeconds(ScaleWork work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return (SecondsPerFeatureByte * work.FeatureBytes) + (SecondsPerGatheredByte * work.GatheredBytes) + (SecondsPerRowByte * work.RowBytes);
    }

    /// <summary>Bytes of tensors of a process.</summary>
    public double PeakBytes(ScaleWork work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return (BytesPerMembership * work.OwnMemberships) + (BytesPerFeatureByte * work.FeatureBytes) + (BytesPerRowByte * work.RowBytes);
    }

    /// <summary>Seconds that a step's messages take on a network, nothing overlapped.</summary>
    /// <param name="work">What is sent.</param>
    /// <param name="bytesPerSecond">Of each process.</param>
    /// <param name="latency">Seconds of a message; those to different processes follow each other.</param>
    public static double NetworkSeconds(ScaleWork work, double bytesPerSecond, double latency)
    {
        ArgumentNullException.ThrowIfNull(work);
        return ((work.HaloBytes + work.GradientBytes) / bytesPerSecond) + (work.Messages * latency);
    }

    // Of relative errors: every equation is divided by what it should give. Prices are not negative: of all sets of columns the best one whose solution is so.
    private static double[] LeastSquares(IEnumerable<double> values, IEnumerable<double[]> terms)
    {
        double[][] rows = [.. values.Zip(terms, static (value, row) => Array.ConvertAll(row, term => term / value))];
        int columns = rows[0].Length;
        double[] best = new double[columns];
        double least = double.PositiveInfinity;
        for (int set = 1; set < 1 << columns; set++)
        {
            int[] used = [.. Enumerable.Range(0, columns).Where(column => (set >> column & 1) == 1)];
            double[]? solution = Solve(rows, used);
            if (solution is null || Array.Exists(solution, static price => price < 0))
            {
                continue;
            }
            double[] all = new double[columns];
            for (int i = 0; i < used.Length; i++)
            {
                all[used[i]] = solution[i];
            }
            double error = rows.Sum(row => Math.Pow(row.Zip(all).Sum(static pair => pair.First * pair.Second) - 1, 2));
            if (error < least)
            {
                (best, least) = (all, error);
            }
        }
        return best;
    }

    // Normal equations by elimination; columns are brought to length one first.
    private static double[]? Solve(double[][] rows, int[] used)
    {
        int n = used.Length;
        double[] scale = [.. used.Select(column => Math.Sqrt(rows.Sum(row => row[column] * row[column])))];
        if (Array.Exists(scale, static length => length == 0))
        {
            return null;
        }
        double[,] system = new double[n, n + 1];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                system[i, j] = rows.Sum(row => row[used[i]] * row[used[j]]) / (scale[i] * scale[j]);
            }
            system[i, n] = rows.Sum(row => row[used[i]]) / scale[i];
        }
        for (int pivot = 0; pivot < n; pivot++)
        {
            // Positive definite, unless columns depend on each other.
            if (system[pivot, pivot] < 1e-9)
            {
                return null;
            }
            for (int row = 0; row < n; row++)
            {
                double factor = row == pivot ? 0 : system[row, pivot] / system[pivot, pivot];
                for (int column = pivot; column <= n; column++)
                {
                    system[row, column] -= factor * system[pivot, column];
                }
            }
        }
        return [.. Enumerable.Range(0, n).Select(i => system[i, n] / system[i, i] / scale[i])];
    }
}
