using System.Diagnostics;
using System.Globalization;

namespace HyperKernels.Cli.Training;

/// <summary>Takes a recipe's progress: to the bar, to the log, and without a bar to lines of text.</summary>
internal sealed class TrainReporter(MetricsLog log, Action<double, string> bar, Action<string>? lines) : IProgress<TrainProgress>
{
    private static readonly TimeSpan s_lineEvery = TimeSpan.FromSeconds(5);

    private readonly long _start = Stopwatch.GetTimestamp();
    private long _lastLine = Stopwatch.GetTimestamp();

    /// <summary>The last step reported.</summary>
    public long Step { get; private set; }

    /// <summary>Since the run started.</summary>
    public double Seconds => Stopwatch.GetElapsedTime(_start).TotalSeconds;

    public void Report(TrainProgress value)
    {
        Step = value.Step;
        if (value.Resumed)
        {
            log.ResumeAt(value.Step);
            lines?.Invoke($"resumed at step {value.Step} of {value.Steps}");
        }
        bar(value.Steps == 0 ? 1 : (double)value.Step / value.Steps, value.Words);
        if (value.Logged is { } metrics)
        {
            log.Write(value.Step, Seconds, metrics);
            // The log has every line; a reader of text wants evaluations, and a sign of life.
            if (!value.Notable && Stopwatch.GetElapsedTime(_lastLine) < s_lineEvery)
            {
                return;
            }
            _lastLine = Stopwatch.GetTimestamp();
            string numbers = string.Join("  ", metrics.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Name} {m.Value:G4}")));
            lines?.Invoke($"step {value.Step} of {value.Steps}  {numbers}");
        }
    }
}
