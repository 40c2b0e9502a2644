using System.Text;
using System.Text.Json;

namespace HyperKernels.Cli.Training;

/// <summary>The log of a run, one JSON object a line: <c>{"step":100,"seconds":1.9,"mip/loss":0.31}</c>.</summary>
internal sealed class MetricsLog : IDisposable
{
    private const string Step = "step";
    private const string Seconds = "seconds";

    private readonly string _path;
    private readonly List<LoggedStep> _steps = [];
    private IO.LogFile? _file;
    private double _secondsBefore;

    public MetricsLog(string path) => _path = path;

    /// <summary>Everything logged so far, also before a resume.</summary>
    public IReadOnlyList<LoggedStep> Steps => _steps;

    /// <summary>Goes on with the log of an earlier run: what it logged behind a step is dropped, the rest is kept.</summary>
    /// <exception cref="InvalidDataException">A line is no JSON object with a step.</exception>
    public void ResumeAt(long step)
    {
        _steps.Clear();
        _file?.Dispose();
        _file = null;
        if (!File.Exists(_path))
        {
            return;
        }
        List<string> kept = [];
        string[] lines = File.ReadAllText(_path).Split('\n');
        // Behind the last line's end stands nothing, or what a killed process had written of the next one.
        for (int number = 1; number < lines.Length; number++)
        {
            string line = lines[number - 1];
            LoggedStep logged = Read(line, number);
            if (logged.Step <= step)
            {
                kept.Add(line);
                _steps.Add(logged);
                _secondsBefore = logged.Seconds;
            }
        }
        IO.AtomicFile.Write(_path, stream => stream.Write(Encoding.UTF8.GetBytes(string.Concat(kept.Select(line => line + "\n")))));
        _file = new IO.LogFile(_path, append: true);
    }

    /// <summary>Writes one line.</summary>
    /// <param name="step">Steps done.</param>
    /// <param name="seconds">Since the program started the run.</param>
    /// <param name="metrics">The numbers; those that JSON cannot hold are written as null.</param>
    /// <exception cref="IOException">It could not be written; the lines before are there, whole.</exception>
    public void Write(long step, double seconds, IReadOnlyList<Metric> metrics)
    {
        LoggedStep logged = new(step, _secondsBefore + seconds, metrics);
        using MemoryStream line = new();
        using (Utf8JsonWriter json = new(line, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteNumber(Step, step);
            json.WriteNumber(Seconds, Math.Round(logged.Seconds, 3));
            foreach (Metric metric in metrics)
            {
                if (double.IsFinite(metric.Value))
                {
                    json.WriteNumber(metric.Name, metric.Value);
                }
                else
                {
                    json.WriteNull(metric.Name);
                }
            }
            json.WriteEndObject();
        }
        line.WriteByte((byte)'\n');
        _file ??= new IO.LogFile(_path, append: false);
        _file.Write(line.GetBuffer().AsSpan(0, (int)line.Length));
        _steps.Add(logged);
    }

    public void Dispose() => _file?.Dispose();

    private LoggedStep Read(string line, int number)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            List<Metric> metrics = [];
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (property.Name is not Step and not Seconds)
                {
                    metrics.Add(new Metric(property.Name, property.Value.ValueKind == JsonValueKind.Number ? property.Value.GetDouble() : double.NaN));
                }
            }
            return new LoggedStep(document.RootElement.GetProperty(Step).GetInt64(), document.RootElement.GetProperty(Seconds).GetDouble(), metrics);
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            string start = line.Length > 200 ? line[..200] + "..." : line;
            throw new InvalidDataException($"{_path}: line {number} must be a JSON object with \"{Step}\" and \"{Seconds}\"; got \"{start}\".", failure);
        }
    }
}

/// <summary>One line of the log.</summary>
internal sealed record LoggedStep(long Step, double Seconds, IReadOnlyList<Metric> Metrics);
