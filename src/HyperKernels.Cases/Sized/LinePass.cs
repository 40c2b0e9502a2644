using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace HyperKernels.Cases.Sized;

/// <summary>
/// What it costs that one thread wrote what another reads: two threads add to the same 16 KiB in turn. A virtual machine's cores may share a third cache
/// for some seconds and none for the next ones; then a line takes several times as long, and a second thread gains little in works of microseconds.
/// </summary>
public static class LinePass
{
    private const int Lines = 256;
    private const int LongsPerLine = 8;
    private const int Passes = 200;
    private const int Rounds = 5;

    // A thread that waits longer may have to give its core to the other.
    private const int SpinsBeforeYield = 10_000;

    /// <summary>Nanoseconds a line, many on their way at once; the middle of several rounds, about ten milliseconds in all.</summary>
    /// <returns>Null on one thread and on a GPU.</returns>
    public static double? MeasureNs(Device device)
    {
        if (device.Threads == 1 || device.Backend.Traits.LaunchesKernels)
        {
            return null;
        }
        State state = new();
        // It is done when the caller is.
        Thread other = new(() => Play(state, first: false, Rounds * Passes)) { IsBackground = true, Name = "line pass" };
        other.Start();
        double[] rounds = new double[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            Play(state, first: true, Passes);
            rounds[round] = Stopwatch.GetElapsedTime(start).TotalNanoseconds / (2.0 * Passes * Lines);
        }
        other.Join();
        Array.Sort(rounds);
        return rounds[Rounds / 2];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Play(State state, bool first, int passes)
    {
        long[] lines = state.Lines;
        for (int pass = 0; pass < passes; pass++)
        {
            for (int spins = 1; Volatile.Read(ref state.FirstsTurn) != first; spins++)
            {
                Thread.SpinWait(1);
                if (spins % SpinsBeforeYield == 0)
                {
                    Thread.Yield();
                }
            }
            for (int at = 0; at < lines.Length; at += LongsPerLine)
            {
                lines[at]++;
            }
            Volatile.Write(ref state.FirstsTurn, !first);
        }
    }

    private sealed class State
    {
        public readonly long[] Lines = new long[LinePass.Lines * LongsPerLine];
        public bool FirstsTurn = true;
    }
}
