using HyperKernels.Interchange;
using HyperKernels.IO;

namespace HyperKernels.Cli.Training;

/// <summary>Takes a recipe's progress to TensorBoard: a folder for each of its runs, so that curves of one name share a chart.</summary>
/// <param name="folder">The recipe's.</param>
internal sealed class TensorBoardLog(string folder) : IDisposable
{
    private readonly Dictionary<string, TensorBoardWriter> _runs = [];
    private long? _resumedAt;

    public void Report(TrainProgress value)
    {
        if (value.Resumed)
        {
            _resumedAt = value.Step;
        }
        foreach (Metric metric in value.Logged ?? [])
        {
            Run(metric.Run).AddScalar(metric.Quantity, metric.Value, value.Step);
        }
        if (value.Saved is { } checkpoint)
        {
            Add(checkpoint);
        }
    }

    /// <summary>The run's end: its figures and settings.</summary>
    public void Finish(TrainSummary summary, long step)
    {
        Run("").AddText("settings", Table("setting", "value", summary.Configuration.Select(static setting => (setting.Name, setting.Value))), step);
        FigureTable figures = FigureTable.Of(summary.Figures);
        Run("").AddText("figures", string.Join('\n', new[] { Row(figures.Headings), Row(figures.Headings.Select(static _ => "---")) }.Concat(figures.Rows.Select(Row))), step);
    }

    public void Dispose()
    {
        foreach (TensorBoardWriter writer in _runs.Values)
        {
            writer.Dispose();
        }
    }

    // Weights are named RUN.PARAMETER.
    private void Add(Checkpoint checkpoint)
    {
        foreach ((string name, HostArray array) in checkpoint.Weights.Where(static pair => pair.Value.Values.Length > 1))
        {
            string run = _runs.Keys.FirstOrDefault(known => known.Length > 0 && name.StartsWith($"{known}.", StringComparison.Ordinal)) ?? "";
            Run(run).AddHistogram(run.Length == 0 ? name : name[(run.Length + 1)..], array.Values, checkpoint.Step);
        }
    }

    private TensorBoardWriter Run(string name)
    {
        if (!_runs.TryGetValue(name, out TensorBoardWriter? writer))
        {
            string safe = string.Concat(name.Select(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.' or ' ' ? letter : '_'));
            _runs[name] = writer = new TensorBoardWriter(Path.Combine(folder, safe), _resumedAt);
        }
        return writer;
    }

    private static string Table(string left, string right, IEnumerable<(string Name, string Value)> rows) =>
        string.Join('\n', new[] { Row([left, right]), Row(["---", "---"]) }.Concat(rows.Select(static row => Row([row.Name, row.Value]))));

    private static string Row(IEnumerable<string> cells) => $"| {string.Join(" | ", cells.Select(static cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |";
}
