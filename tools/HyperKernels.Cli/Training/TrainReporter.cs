using System.Diagnostics;
using System.Globalization;

namespace HyperKernels.Cli.Training;

/// <summary>Takes a recipe's progress: to the terminal's picture, to the log, to TensorBoard, and without a terminal to lines of text.</summary>
/// <param name="log">Gets every logged number.</param>
/// <param name="picture">Shows how far the run is; null where there is no terminal.</param>
/// <param name="lines">Takes lines of text; null where there is a picture.</param>
/// <param name="board">TensorBoard's files; null if there are none.</param>
internal sealed class TrainReporter(MetricsLog log, Action<TrainProgress>? picture, Action<string>? lines, TensorBoardLog? board = null) : IProgress<TrainProgress>
{
    private static readonly TimeSpan s_lineEvery = TimeSpan.FromSeconds(5);

    private readonly long _start = Stopwatch.GetTimestamp();
    private long _lastLine = Stopwatch.GetTimestamp();
    private long _firstStep;

    /// <summary>The last step reported.</summary>
    public long Step { get; private set; }

    /// <summary>Since the run started.</summary>
    public double Seconds => Stopwatch.GetElapsedTime(_start).TotalSeconds;

    public void Report(TrainProgress value)
    {
        Step = value.Step;
        if (value.Resumed)
        {
            _firstStep = value.Step;
            log.ResumeAt(value.Step);
            lines?.Invoke($"resumed at step {value.Step} of {value.Steps}");
        }
        board?.Report(value);
        if (value.Saved is null)
        {
            picture?.Invoke(value);
        }
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
            lines?.Invoke(string.Create(
                CultureInfo.InvariantCulture,
                $"step {value.Step} of {value.Steps}  {numbers}  {value.ExamplesPerSecond:N0} {value.ExamplesName}/s  {Left(value)} left"));
        }
    }

    private string Left(TrainProgress value) =>
        TrainView.Time(TimeSpan.FromSeconds(Seconds / Math.Max(1, value.Step - _firstStep) * (value.Steps - value.Step)));
}
