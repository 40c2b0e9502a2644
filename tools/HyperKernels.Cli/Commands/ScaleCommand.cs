using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HyperKernels.Cli.Reports;
using HyperKernels.Distributed;

namespace HyperKernels.Cli.Commands;

/// <summary><c>scale</c>: what training on a thousand million memberships would take on many processes, from measured runs.</summary>
internal static class ScaleCommand
{
    private const double Memberships = 1e9;
    private const int Size = 10;
    private const int Degree = 5;
    private const int Features = 64;
    private const int Hidden = 32;
    private const int Classes = 8;

    // 25 Gbit/s, and what a message takes to get going.
    private const double BytesPerSecond = 25e9 / 8;
    private const double Latency = 10e-6;

    private static readonly int[] s_processes = [64, 128, 256, 512, 1024];

    private static readonly Option<string?> s_runs = new("--runs")
    {
        Description = "Documents of `partition run --json`, one after the other: the model is fitted to all but the last, and predicts that one.",
        HelpName = "FILE",
    };

    /// <summary>Fitted to the runs of docs/scale.md.</summary>
    private static ScaleModel Measured { get; } = new(1.85e-9, 1.01e-10, 2.72e-9, 1.03e-9, 6.19, 0.506, 5.53);

    public static Command Create()
    {
        Command command = new("scale", "Memory, operations and bytes over the wire of a step on 1,000,000,000 memberships, on 64 to 1,024 processes.") { s_runs };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        Terminal terminal = new(parsed);
        ScaleModel model = Measured;
        if (parsed.GetValue(s_runs) is { } file)
        {
            ScaleRun[] runs = [.. Read(file)];
            if (runs.Length < 4)
            {
                throw new InvalidDataException($"{file}: there must be three runs to fit and one to predict; there are {runs.Length}.");
            }
            model = ScaleModel.Fit(runs[..^1]);
            terminal.Line(Text($"{model}"));
            terminal.Table(
                ["run", "measured, ms", "model, ms", "off by", "measured, MiB", "model, MiB", "off by"],
                [.. runs.Select((run, i) => Row(model, run, i == runs.Length - 1))]);
        }
        terminal.Table(
            ["processes", "partition", "MiB each", "GFLOP each", "MB sent each", "compute, s", "network, s"],
            [.. s_processes.Select(processes => Row(model, processes, 0.1, "1 in 10 elsewhere")), .. s_processes.Select(processes => Row(model, processes, 1, "at random"))]);
        return ExitCode.Ok;
    }

    private static string[] Row(ScaleModel model, ScaleRun run, bool isPredicted)
    {
        double seconds = run.ComputeSeconds + run.PackSeconds, fitted = model.Seconds(run.Work), bytes = model.PeakBytes(run.Work);
        return
        [
            (isPredicted ? "predicted: " : "")
            + Text($"{run.Work.Processes} processes, {run.Work.Memberships:N0} memberships, {run.Work.Features}-{run.Work.Hidden}-{run.Work.Classes}"),
            Text($"{seconds * 1e3:F1}"), Text($"{fitted * 1e3:F1}"), Text($"{(fitted / seconds) - 1:+0.0 %;-0.0 %}"),
            Text($"{run.PeakBytes / 1048576:F1}"), Text($"{bytes / 1048576:F1}"), Text($"{(bytes / run.PeakBytes) - 1:+0.0 %;-0.0 %}"),
        ];
    }

    private static string[] Row(ScaleModel model, int processes, double elsewhere, string partition)
    {
        double edges = Memberships / Size;
        ScaleWork work = new(
            processes, Memberships / Degree, edges, Memberships, Features, Hidden, Classes, ScaleWork.ExpectedConnectivity(edges, Size, processes, elsewhere));
        return
        [
            Text($"{processes}"), partition, Text($"{model.PeakBytes(work) / 1048576:N0}"), Text($"{work.Flops / 1e9:F2}"),
            Text($"{(work.HaloBytes + work.GradientBytes) / 1e6:N0}"), Text($"{model.Seconds(work):F2}"), Text($"{ScaleModel.NetworkSeconds(work, BytesPerSecond, Latency):F2}"),
        ];
    }

    private static IEnumerable<ScaleRun> Read(string file)
    {
        List<ScaleRun> runs = [];
        Utf8JsonReader reader = new(File.ReadAllBytes(file), new JsonReaderOptions { AllowMultipleValues = true });
        try
        {
            while (reader.Read())
            {
                PartitionReport report = JsonSerializer.Deserialize(ref reader, ReportJson.Plain.PartitionReport)!;
                ScaleWork work = new(
                    report.Processes, report.Nodes, report.Edges, report.Memberships, report.Features, report.Hidden, report.Classes, report.Connectivity);
                runs.Add(new ScaleRun(work, report.ComputeSecondsAStep, report.PackSecondsAStep, report.PeakBytes));
            }
        }
        catch (JsonException failure)
        {
            throw new InvalidDataException($"{file}: line {(failure.LineNumber ?? 0) + 1}: documents of `partition run --json` must follow each other: {failure.Message}", failure);
        }
        return runs;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
