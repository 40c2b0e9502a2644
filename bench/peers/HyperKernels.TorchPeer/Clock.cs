using System.Diagnostics;
using System.Runtime;
using TorchSharp;

namespace HyperKernels.TorchPeer;

/// <summary>The rules of the engine's own Timing, so that the two medians mean the same.</summary>
internal static class Clock
{
    private const int FewestRuns = 7;
    private const int MostRuns = 2_000;
    private const double SampleSeconds = 0.3;
    private const double WarmUpSeconds = 0.8;
    private const double QuietSeconds = 0.5;
    private const double MostWarmUpSeconds = 10;
    private const double ShortestSampleMs = 0.05;

    public static Figure Measure(Action run)
    {
        int warmUps = 0;
        long compiled = 0;
        long start = Stopwatch.GetTimestamp();
        TimeSpan warm, quietSince = default;
        do
        {
            Once(run);
            warmUps++;
            warm = Stopwatch.GetElapsedTime(start);
            long now = JitInfo.GetCompiledMethodCount();
            quietSince = now == compiled ? quietSince : warm;
            compiled = now;
        }
        while (warmUps < 2 || warm.TotalSeconds < WarmUpSeconds
            || ((warm - quietSince).TotalSeconds < QuietSeconds && warm.TotalSeconds < MostWarmUpSeconds));
        double oneMs = warm.TotalMilliseconds / warmUps;
        int group = Math.Max(1, (int)Math.Ceiling(ShortestSampleMs / Math.Max(oneMs, 1e-6)));
        List<double> samples = [];
        start = Stopwatch.GetTimestamp();
        while (samples.Count < FewestRuns || (samples.Count < MostRuns && Stopwatch.GetElapsedTime(start).TotalSeconds < SampleSeconds))
        {
            long sample = Stopwatch.GetTimestamp();
            for (int i = 0; i < group; i++)
            {
                Once(run);
            }
            samples.Add(Stopwatch.GetElapsedTime(sample).TotalMilliseconds / group);
        }
        samples.Sort();
        double median = Quantile(samples, 0.5);
        return new Figure(median, (Quantile(samples, 0.75) - Quantile(samples, 0.25)) / median, samples.Count);
    }

    // Tensors made in a run are disposed with it: the collector never comes in between.
    private static void Once(Action run)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        run();
    }

    private static double Quantile(List<double> sorted, double share)
    {
        double place = share * (sorted.Count - 1);
        int below = (int)place;
        int above = Math.Min(below + 1, sorted.Count - 1);
        return sorted[below] + ((place - below) * (sorted[above] - sorted[below]));
    }
}
