using System.CommandLine;
using System.Globalization;
using HyperKernels.Cli.Data;
using HyperKernels.Cli.Reports;
using HyperKernels.Distributed;
using HyperKernels.IO;

namespace HyperKernels.Cli.Commands;

/// <summary><c>partition</c>: hypergraphs cut into parts, and training on a part in each process.</summary>
internal static class PartitionCommand
{
    private const string Own = "own";
    private const string Installed = "installed";

    private static readonly Argument<string> s_input = new("PATH") { Description = "A folder of `store make`, or a hypergraph file of any known format." };
    private static readonly Option<int?> s_parts = new("--parts") { Description = "How many parts.", HelpName = "K", Required = true };
    private static readonly Option<double?> s_imbalance = new("--imbalance") { Description = "How much larger than the mean a part may be; 0.03 unless given.", HelpName = "X" };
    private static readonly Option<string?> s_by = new("--by")
    {
        Description = $"{Own}: passes over nodes; {Installed}: Mt-KaHyPar or KaHyPar on PATH. Unless given, {Installed} where there is one.",
        HelpName = "P",
    };

    private static readonly Option<string?> s_preset = new("--preset") { Description = "The partitioner's preset: a file of settings for KaHyPar.", HelpName = "INI" };
    private static readonly Option<string?> s_hgr = new("--hgr") { Description = "Write the hypergraph as a hMETIS file too.", HelpName = "FILE" };
    private static readonly Option<string?> s_out = new("--out") { Description = "The part file; PATH.part.K unless given.", HelpName = "FILE" };
    private static readonly Option<string?> s_partFile = new("--part")
    {
        Description = "A part file of as many parts as processes; drawn up anew unless given.",
        HelpName = "FILE",
    };

    private static readonly Option<int?> s_hidden = new("--hidden") { Description = "Width between the two convolutions; 32 unless given.", HelpName = "H" };
    private static readonly Option<int?> s_steps = new("--steps") { Description = "Timed steps; 5 unless given.", HelpName = "N" };
    private static readonly Option<int> s_seed = new("--seed") { Description = "Of the network; 0 unless given.", HelpName = "S" };
    private static readonly Option<int?> s_threads = CommonOptions.Threads();
    private static readonly Option<bool> s_check = new("--check") { Description = "Train on the whole in one process too, and compare." };

    public static Command Create()
    {
        CommonOptions.AtLeast(s_parts, 1);
        CommonOptions.AtLeast(s_hidden, 1);
        CommonOptions.AtLeast(s_steps, 1);
        Command make = new("make", "Cut a hypergraph into parts of equal size that share few hyperedges, and write the part file.")
        {
            s_input, s_parts, s_imbalance, s_by, s_preset, s_hgr, s_out,
        };
        make.SetAction(Make);
        Command run = new("run", "Train a two-layer HGNN on all nodes, a part in each process that mpirun started; say what was sent.")
        {
            s_input, s_partFile, s_hidden, s_steps, s_seed, s_threads, s_check,
        };
        run.SetAction(Run);
        return new Command("partition", "Hypergraphs cut into parts, a process each.") { make, run };
    }

    private static int Make(ParseResult parsed)
    {
        string input = parsed.GetValue(s_input)!, by = parsed.GetValue(s_by) ?? (ExternalPartitioner.TryFind(out _) ? Installed : Own);
        int parts = parsed.GetValue(s_parts)!.Value;
        double imbalance = parsed.GetValue(s_imbalance) ?? 0.03;
        using NodeSource source = NodeSource.Open(input);
        using Hypergraph graph = source.ToHypergraph();
        if (parsed.GetValue(s_hgr) is { } file)
        {
            WriteHgr(graph, file);
        }
        HypergraphPartition partition = by switch
        {
            Own => StreamingPartitioner.Partition(graph.Incidence, parts, imbalance),
            Installed => ByProgram(graph, parts, imbalance, parsed.GetValue(s_preset)),
            _ => throw new UsageException($"partition make --by must be {Own} or {Installed}; got \"{by}\"."),
        };
        string output = parsed.GetValue(s_out) ?? $"{Path.TrimEndingDirectorySeparator(input)}.part.{parts}";
        PartitionFile.Write(output, partition.PartOfNode);
        new Terminal(parsed).Line($"{by}: {partition}; {output}");
        return ExitCode.Ok;
    }

    private static HypergraphPartition ByProgram(Hypergraph graph, int parts, double imbalance, string? preset)
    {
        if (!ExternalPartitioner.TryFind(out string? program))
        {
            throw new UsageException($"partition make --by {Installed}: neither Mt-KaHyPar nor KaHyPar is on PATH. Leave --by out, or say --by {Own}.");
        }
        string file = Path.Combine(Path.GetTempPath(), $"hyperkernels-{Guid.NewGuid():N}.hgr");
        try
        {
            WriteHgr(graph, file);
            return ExternalPartitioner.Partition(program!, file, graph.Incidence, parts, imbalance, preset);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static void WriteHgr(Hypergraph graph, string file) =>
        HmetisFile.Write(file, new HypergraphData(graph.NodeCount, graph.EdgeCount, graph.Incidence.Nodes.ToArray(), graph.Incidence.Edges.ToArray()));

    private static int Run(ParseResult parsed)
    {
        using ICommunicator communicator = MpiCommunicator.OpenOrSolo();
        try
        {
            return Run(parsed, communicator);
        }
        catch (Exception failure) when (communicator.Size > 1)
        {
            // The others would wait for this one.
            Console.Error.WriteLine($"hyperkernels: rank {communicator.Rank}: {failure.Message}");
            communicator.Abort(ExitCode.Of(failure));
            throw;
        }
    }

    private static int Run(ParseResult parsed, ICommunicator communicator)
    {
        Device.Cpu.Threads = parsed.GetValue(s_threads) ?? 1;
        using NodeSource source = NodeSource.Open(parsed.GetValue(s_input)!);
        HypergraphPartition partition;
        if (parsed.GetValue(s_partFile) is { } file)
        {
            partition = new HypergraphPartition(source.MembersOf, source.NodeCount, source.EdgeCount, PartitionFile.Read(file, source.NodeCount), communicator.Size);
        }
        else
        {
            using Hypergraph graph = source.ToHypergraph();
            partition = StreamingPartitioner.Partition(graph.Incidence, communicator.Size);
        }
        PartitionReport report = new PartitionRun(source, partition, communicator)
        {
            Hidden = parsed.GetValue(s_hidden) ?? 32,
            Steps = parsed.GetValue(s_steps) ?? 5,
            Seed = parsed.GetValue(s_seed),
            Checks = parsed.GetValue(s_check),
        }.Run();
        if (communicator.Rank == 0)
        {
            Show(new Terminal(parsed), report, communicator);
        }
        return ExitCode.Ok;
    }

    private static void Show(Terminal terminal, PartitionReport report, ICommunicator communicator)
    {
        if (terminal.Json)
        {
            Terminal.Document(report, ReportJson.Plain.PartitionReport);
            return;
        }
        List<string[]> rows =
        [
            ["processes", $"{report.Processes}, {communicator.Description}"],
            ["hypergraph", Text($"{report.Nodes:N0} nodes, {report.Memberships:N0} memberships")],
            ["partition", Text($"connectivity {report.Connectivity:N0}, cut {report.Cut:N0}, imbalance {report.Imbalance:F3}")],
            ["rows sent", Text($"{report.SentRows:N0}, the connectivity's bound {report.BoundRows:N0}")],
            ["bytes a step", Text($"{report.HaloBytesAStep:N0} of all processes")],
            ["seconds a step", Text($"{report.SecondsAStep:F4}, of these {report.ExchangeSecondsAStep:F4} in sums between processes")],
            ["processor seconds a step", Text($"{report.ComputeSecondsAStep:F4} to compute, {report.PackSecondsAStep:F4} to pack and add, of each process")],
            ["tensors at the peak", Text($"{report.PeakBytes / 1048576:N1} MiB")],
            ["loss", Text($"{report.Loss:G6}")],
        ];
        if (report is { GradientDifference: { } gradients, LogitDifference: { } logits })
        {
            rows.Add(["beside one process", Text($"gradients differ by {gradients:G3} of the largest, logits after the last step by {logits:G3}")]);
        }
        terminal.Table(["what", "value"], rows);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
