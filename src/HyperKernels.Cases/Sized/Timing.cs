using System.Diagnostics;
using System.Runtime;

namespace HyperKernels.Cases.Sized;

/// <summary>How long one run takes.</summary>
/// <param name="MedianMs">Half of the runs are faster.</param>
/// <param name="Spread">The middle half's width over the median: 0.1 means that half of the runs lie within about 5 % of it.</param>
/// <param name="Runs">How many samples were taken.</param>
public sealed record Timing(double MedianMs, double Spread, int Runs)
{
    private const int FewestRuns = 7;
    private const int MostRuns = 2_000;
    private const double SampleSeconds = 0.3;
    private const int AllocationRuns = 2;

    // The runtime goes on compiling the code around the kernels in the background, on a core that the kernels would use: with as many
    // threads as cores a second of it looks like a thread that does nothing. Runs of microseconds consist of that code besides. So a
    // warm-up lasts until nothing was compiled for a while.
    private const double WarmUpSeconds = 0.8;
    private const double QuietSeconds = 0.5;
    private const double MostWarmUpSeconds = 10;
    private const double ShortestSampleMs = 0.05;

    // Waiting for a device and launching after the wait cost tens of microseconds: samples are long beside that.
    private const double ShortestDeviceSampleMs = 2;

    /// <summary>Times the forward runs of a subject in one scope that is used again, so that memory comes from the pool.</summary>
    public static Timing OfForward(BenchSubject subject, Device device, CancellationToken cancel)
    {
        using MemoryScope scope = device.Scope();
        return Measure(
            () =>
            {
                subject.Forward();
                scope.Reset();
            },
            device,
            cancel);
    }

    /// <summary>Times forward and backward together in one tape that is used again; null where there is no gradient.</summary>
    public static Timing? OfTraining(BenchSubject subject, Device device, CancellationToken cancel)
    {
        if (subject.Train is not { } train)
        {
            return null;
        }
        using Tape tape = new();
        return Measure(
            () =>
            {
                train(tape);
                tape.Reset();
            },
            device,
            cancel);
    }

    /// <summary>Managed bytes that one forward run allocates on the calling thread once the pools are full.</summary>
    public static long BytesOfForward(BenchSubject subject, Device device)
    {
        using MemoryScope scope = device.Scope();
        return Allocated(() =>
        {
            subject.Forward();
            scope.Reset();
        });
    }

    /// <summary>Managed bytes of one forward and backward run over the number of ops that it records; null where there is no gradient.</summary>
    public static double? BytesPerRecord(BenchSubject subject)
    {
        if (subject.Train is not { } train)
        {
            return null;
        }
        using Tape tape = new();
        int records = 0;
        long bytes = Allocated(() =>
        {
            train(tape);
            records = tape.RecordCount;
            tape.Reset();
        });
        return (double)bytes / records;
    }

    // The first run fills the pools; the least of the others counts, because a pool may still grow in one.
    private static long Allocated(Action run)
    {
        long least = long.MaxValue;
        run();
        for (int i = 0; i < AllocationRuns; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            run();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }

    /// <summary>
    /// Times an action: warm-up until the runtime has compiled what it wants to, then runs for 0.3 seconds, at least seven. A sample ends when the device has done
    /// all its runs; between them nothing waits.
    /// </summary>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public static Timing Measure(Action run, Device device, CancellationToken cancel)
    {
        int warmUps = 0;
        long compiled = 0;
        long start = Stopwatch.GetTimestamp();
        TimeSpan warm, quietSince = default;
        do
        {
            cancel.ThrowIfCancellationRequested();
            run();
            device.Synchronize();
            warmUps++;
            warm = Stopwatch.GetElapsedTime(start);
            long now = JitInfo.GetCompiledMethodCount();
            quietSince = now == compiled ? quietSince : warm;
            compiled = now;
        }
        while (warmUps < 2 || warm.TotalSeconds < WarmUpSeconds
            || ((warm - quietSince).TotalSeconds < QuietSeconds && warm.TotalSeconds < MostWarmUpSeconds));

        // A sample is long enough for the clock: short runs are timed in groups.
        double oneMs = warm.TotalMilliseconds / warmUps;
        double shortest = device.VectorWidth == 0 ? ShortestDeviceSampleMs : ShortestSampleMs;
        int group = Math.Max(1, (int)Math.Ceiling(shortest / Math.Max(oneMs, 1e-6)));
        List<double> samples = [];
        start = Stopwatch.GetTimestamp();
        while (samples.Count < FewestRuns || (samples.Count < MostRuns && Stopwatch.GetElapsedTime(start).TotalSeconds < SampleSeconds))
        {
            cancel.ThrowIfCancellationRequested();
            long sample = Stopwatch.GetTimestamp();
            for (int i = 0; i < group; i++)
            {
                run();
            }
            device.Synchronize();
            samples.Add(Stopwatch.GetElapsedTime(sample).TotalMilliseconds / group);
        }
        samples.Sort();
        double median = Quantile(samples, 0.5);
        return new Timing(median, (Quantile(samples, 0.75) - Quantile(samples, 0.25)) / median, samples.Count);
    }

    private static double Quantile(List<double> sorted, double share)
    {
        double place = share * (sorted.Count - 1);
        int below = (int)place;
        int above = Math.Min(below + 1, sorted.Count - 1);
        return sorted[below] + ((place - below) * (sorted[above] - sorted[below]));
    }
}
