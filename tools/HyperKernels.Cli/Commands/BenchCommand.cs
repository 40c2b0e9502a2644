using System.CommandLine;
using HyperKernels.Cases;
using HyperKernels.Cases.Sized;
using HyperKernels.Cli.Reports;

namespace HyperKernels.Cli.Commands;

/// <summary><c>bench</c>: times ops, and says which share of the machine they reach.</summary>
internal static class BenchCommand
{
    private const string Rivals = "rivals";
    private const string Gpu = "gpu";
    private const string Hypernetworks = "hypernetworks";
    private const string Conditional = "conditional";
    private const string Hypergraphs = "hypergraphs";
    private const string Plans = "plans";

    private static readonly Option<string> s_backend = CommonOptions.Backend();
    private static readonly Option<int?> s_threads = CommonOptions.Threads();
    private static readonly Option<string?> s_op = new("--op") { Description = "Only ops whose name contains this.", HelpName = "TEXT" };
    private static readonly Option<string[]> s_sizes = new("--sizes")
    {
        Description = $"Sizes of your own for the op, such as \"B=64 M=32 K=128 N=128\"; may be given several times. Known: {Known}.",
        HelpName = "SIZES",
    };

    private static readonly Option<string?> s_suite = new("--suite")
    {
        Description = $"A fixed list of works instead: \"{Rivals}\", \"{Hypernetworks}\", \"{Conditional}\", \"{Hypergraphs}\" or \"{Gpu}\", those that bench/peers and bench/gpu "
            + $"compare with other libraries; \"{Plans}\", the plans of generate-and-apply at many sizes, against the planner's choice.",
        HelpName = "NAME",
    };
    private static readonly Option<int?> s_row = new("--row") { Description = "Only that row of the suite.", HelpName = "N" };

    private static string Known => string.Join(", ", SizedOps.All.Select(op => op.Name));

    public static Command Create()
    {
        Command command = new("bench", "Time ops, forward and forward + backward, as a share of this machine's peak and bandwidth.")
        {
            s_op, s_sizes, s_suite, s_row, s_backend, s_threads,
        };
        command.SetAction(parsed =>
        {
            using Interrupt interrupt = new();
            Device device = Devices.Find(parsed.GetValue(s_backend)!);
            device.Threads = parsed.GetValue(s_threads) ?? device.Threads;
            (string? op, string[] sizes, string? suite, int? row) =
                (parsed.GetValue(s_op), parsed.GetValue(s_sizes) ?? [], parsed.GetValue(s_suite), parsed.GetValue(s_row));
            if (suite is null && row is not null)
            {
                throw new UsageException("--row needs --suite.");
            }
            if (suite is not null && (op is not null || sizes.Length > 0))
            {
                throw new UsageException("--suite has ops and sizes of its own; --op and --sizes do not go with it.");
            }
            if (suite == Plans)
            {
                if (row is not null)
                {
                    throw new UsageException($"{Plans} has no rows.");
                }
                return PlanBench.Run(new Terminal(parsed), device, interrupt.Token);
            }
            IReadOnlyList<Work> works = suite is null ? Chosen(op ?? "", sizes, device) : Suite(suite, row, device);
            return Run(new Terminal(parsed), device, works, interrupt.Token);
        });
        return command;
    }

    private static IReadOnlyList<Work> Suite(string suite, int? row, Device device)
    {
        IReadOnlyList<RivalLine> lines = suite switch
        {
            Rivals => RivalSuite.All,
            Gpu => RivalSuite.Gpu,
            Hypernetworks => RivalSuite.Hypernetworks,
            Conditional => RivalSuite.Conditional,
            Hypergraphs => RivalSuite.Hypergraphs,
            _ => throw new UsageException($"there is no suite \"{suite}\". Known: {Rivals}, {Hypernetworks}, {Conditional}, {Hypergraphs}, {Gpu}, {Plans}."),
        };
        Work[] works = [.. lines.Where(line => row is null || line.Row == row).Select(line => new Work(line.Row, () => Make(line, suite, device)))];
        return works.Length > 0
            ? works
            : throw new UsageException($"{suite} has no row {row}. Rows: {string.Join(", ", lines.Select(line => line.Row).Distinct())}.");
    }

    private static List<Work> Chosen(string op, string[] sizes, Device device)
    {
        List<Work> works = [.. SizedSubjects(op, sizes, device).Select(make => new Work(null, make))];
        // With sizes the name is an op's own; without, it may be a part of several.
        OpCase[] rows = [.. Catalogue.Ops.Where(row => row.Benchmark && (sizes.Length > 0 ? row.Op == op : row.Op.Contains(op, StringComparison.Ordinal)))];
        works.AddRange(rows.Select(row => new Work(null, () => Checked(row, device))));
        if (works.Count == 0)
        {
            throw new UsageException($"no benchmark matches \"{op}\". Ops with sizes of your own (--sizes): {Known}.");
        }
        return works;
    }

    private static int Run(Terminal terminal, Device device, IReadOnlyList<Work> works, CancellationToken cancel)
    {
        List<BenchReport> reports = [];
        MachineLimits limits = MachineLimits.Measure(device);
        terminal.WithProgress("bench", report =>
        {
            for (int i = 0; i < works.Count; i++)
            {
                using MemoryScope inputs = device.Scope();
                using BenchSubject subject = works[i].Make();
                report((double)i / works.Count, $"{subject.Op}({subject.Sizes})");
                reports.Add(Time(works[i].Row, subject, device, limits, cancel));
            }
        });
        return Show(terminal, reports, limits);
    }

    private static IEnumerable<Func<BenchSubject>> SizedSubjects(string op, string[] sizes, Device device)
    {
        if (sizes.Length == 0)
        {
            yield break;
        }
        SizedOp sized = SizedOps.All.FirstOrDefault(known => known.Name == op)
            ?? throw new UsageException($"--sizes needs --op with the name of one op; got \"{op}\". Known: {Known}.");
        foreach (string text in sizes)
        {
            // Read here, so that wrong letters are reported before anything is timed.
            Sizes read = Read(sized, text);
            yield return () => Make(sized, read, device);
        }
    }

    private static Sizes Read(SizedOp op, string text)
    {
        try
        {
            return op.Parse(text);
        }
        catch (FormatException failure)
        {
            throw new UsageException(failure.Message);
        }
    }

    private static BenchSubject Make(RivalLine line, string suite, Device device)
    {
        Sizes sizes = line.Sized.Parse(line.Sizes);
        return suite == Gpu ? BenchSubject.InTurn(() => Make(line.Sized, sizes, device)) : Make(line.Sized, sizes, device);
    }

    private static BenchSubject Make(SizedOp op, Sizes sizes, Device device)
    {
        // Layers are made on the default device.
        using DeviceUse use = Device.Use(device);
        try
        {
            return op.Make(sizes, device);
        }
        catch (ArgumentException failure)
        {
            // Every size is right by itself, but not together with the others.
            throw new UsageException($"{op.Name}({sizes.Text}): {failure.Message}");
        }
    }

    // A fast wrong answer is worth nothing: the row is checked before it is timed.
    private static BenchSubject Checked(OpCase row, Device device)
    {
        CaseResult result = Conformance.Forward(row, device);
        return result.Passed ? BenchSubject.Of(row, device) : throw new CheckFailedException($"{row.Name} gives wrong values: {result.Reason}.");
    }

    private static BenchReport Time(int? row, BenchSubject subject, Device device, MachineLimits limits, CancellationToken cancel)
    {
        Timing forward = Timing.OfForward(subject, device, cancel);
        double? line = LinePass.MeasureNs(device);
        Timing? train = Timing.OfTraining(subject, device, cancel);
        double gflops = subject.Flops / forward.MedianMs / 1e6;
        double gbps = subject.Bytes / forward.MedianMs / 1e6;
        return new BenchReport(
            row,
            subject.Op,
            subject.Sizes,
            device.Name,
            device.Threads,
            subject.Plan,
            forward.MedianMs,
            forward.Spread,
            train?.MedianMs,
            train?.Spread,
            gflops,
            gbps,
            gflops / limits.PeakGflops,
            gbps / limits.CopyGbps,
            limits.PeakGflops,
            limits.CopyGbps,
            line,
            Timing.BytesOfForward(subject, device),
            Timing.BytesPerRecord(subject));
    }

    private static int Show(Terminal terminal, IReadOnlyList<BenchReport> reports, MachineLimits limits)
    {
        if (terminal.Json)
        {
            Terminal.Document(reports, ReportJson.Plain.IReadOnlyListBenchReport);
            return ExitCode.Ok;
        }
        terminal.Table(["op", "sizes", "plan", "forward ms", "±%", "train ms", "±%", "GFLOP/s", "of peak", "GB/s", "of copy"],
            [.. reports.Select(r => (string[])
            [
                r.Op,
                r.Sizes,
                r.Plan,
                $"{r.ForwardMs:G4}",
                $"{r.ForwardSpread * 50:F0}",
                r.TrainMs is { } ms ? $"{ms:G4}" : "",
                r.TrainSpread is { } spread ? $"{spread * 50:F0}" : "",
                $"{r.Gflops:F1}",
                $"{r.ShareOfPeak:P1}",
                $"{r.Gbps:F1}",
                $"{r.ShareOfBandwidth:P1}",
            ])]);
        string lines = reports.Max(r => r.LineNs) is { } ns ? $", a cache line from one thread to another {ns:F1} ns at most" : "";
        terminal.Line(
            $"{reports[0].Backend}, {reports[0].Threads} threads: peak {limits.PeakGflops:F1} GFLOP/s, copy {limits.CopyGbps:F1} GB/s{lines} (measured now)");
        return ExitCode.Ok;
    }

    // Inputs are made when the work's turn comes: all of them together may not fit.
    private sealed record Work(int? Row, Func<BenchSubject> Make);
}
