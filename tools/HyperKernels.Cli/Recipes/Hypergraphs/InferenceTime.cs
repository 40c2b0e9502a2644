using System.Diagnostics;

namespace HyperKernels.Cli.Recipes;

/// <summary>How long an answer takes.</summary>
internal static class InferenceTime
{
    private const int LeastRuns = 5;
    private static readonly TimeSpan s_least = TimeSpan.FromSeconds(0.3);

    /// <summary>Seconds of the fastest of at least five runs and 0.3 seconds: what other programs take of the machine counts least there.</summary>
    /// <param name="answer">Computes the answer; called inside a memory scope.</param>
    public static double Of(Func<Tensor> answer)
    {
        double fastest = double.PositiveInfinity;
        long begin = Stopwatch.GetTimestamp();
        for (int run = 0; run < LeastRuns || Stopwatch.GetElapsedTime(begin) < s_least; run++)
        {
            using MemoryScope scope = new();
            long start = Stopwatch.GetTimestamp();
            // On a device that computes later, an answer that is read is one that is done.
            _ = answer().ToArray();
            fastest = Math.Min(fastest, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return fastest;
    }
}
