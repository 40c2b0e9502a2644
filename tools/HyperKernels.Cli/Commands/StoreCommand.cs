using System.CommandLine;
using System.Globalization;
using HyperKernels.Distributed;

namespace HyperKernels.Cli.Commands;

/// <summary><c>store</c>: hypergraphs in folders of mapped files: drawn, told, checked, measured.</summary>
internal static class StoreCommand
{
    private static readonly Argument<string> s_folder = new("DIR") { Description = "The folder of the hypergraph." };
    private static readonly Option<int?> s_nodes = new("--nodes") { Description = "Nodes; 100,000 unless given.", HelpName = "N" };
    private static readonly Option<int?> s_edges = new("--edges") { Description = "Hyperedges; as many as nodes unless given.", HelpName = "E" };
    private static readonly Option<int?> s_size = new("--size") { Description = "Members of a hyperedge; 10 unless given.", HelpName = "K" };
    private static readonly Option<int?> s_features = new("--features") { Description = "Features of a node; 64 unless given.", HelpName = "F" };
    private static readonly Option<int?> s_communities = new("--communities") { Description = "Communities to find; 8 unless given.", HelpName = "C" };
    private static readonly Option<double?> s_mixing = new("--mixing") { Description = "The share of members from anywhere; 0.3 unless given.", HelpName = "X" };
    private static readonly Option<int> s_seed = new("--seed") { Description = "Of everything random; 0 unless given.", HelpName = "S" };
    private static readonly Option<int?> s_memory = new("--memory") { Description = "MiB that writing may take to work in; 256 unless given.", HelpName = "MIB" };
    private static readonly Option<int?> s_steps = new("--steps") { Description = "Steps of each of five rounds; 20 unless given.", HelpName = "N" };
    private static readonly Option<string> s_model = new("--model") { Description = "hgnn or unisage.", HelpName = "M", DefaultValueFactory = _ => "hgnn" };
    private static readonly Option<int?> s_threads = CommonOptions.Threads();

    public static Command Create()
    {
        CommonOptions.AtLeast(s_nodes, 1);
        CommonOptions.AtLeast(s_memory, 1);
        CommonOptions.AtLeast(s_steps, 1);
        Command make = new("make", "Draw a hypergraph with planted communities straight into a folder, of any size.")
        {
            s_folder, s_nodes, s_edges, s_size, s_features, s_communities, s_mixing, s_seed, s_memory,
        };
        make.SetAction(Make);
        Command info = new("info", "Counts of a stored hypergraph.") { s_folder };
        info.SetAction(Info);
        Command verify = new("verify", "Read everything: offsets, ids, both directions, checksums.") { s_folder };
        verify.SetAction(Verify);
        Command bench = new("bench", "Training steps on the files beside steps on the same hypergraph in memory, in turn.") { s_folder, s_steps, s_model, s_threads, s_seed };
        bench.SetAction(Bench);
        return new Command("store", "Hypergraphs larger than memory, in folders of mapped files.") { make, info, verify, bench };
    }

    private static int Make(ParseResult parsed)
    {
        string folder = parsed.GetValue(s_folder)!;
        int nodes = parsed.GetValue(s_nodes) ?? 100_000;
        PlantedHypergraph planted = new()
        {
            Nodes = nodes,
            Edges = parsed.GetValue(s_edges) ?? nodes,
            Size = parsed.GetValue(s_size) ?? 10,
            FeatureCount = parsed.GetValue(s_features) ?? 64,
            Communities = parsed.GetValue(s_communities) ?? 8,
            Mixing = parsed.GetValue(s_mixing) ?? 0.3,
            Seed = (ulong)parsed.GetValue(s_seed),
        };
        using Interrupt interrupt = new();
        Terminal terminal = new(parsed);
        terminal.WithProgress("store make", bar =>
        {
            try
            {
                planted.Write(folder, (parsed.GetValue(s_memory) ?? 256L) << 20, new Bar(bar), interrupt.Token);
            }
            catch (ArgumentException failure)
            {
                throw new UsageException(failure.Message);
            }
        });
        return Info(parsed);
    }

    private static int Info(ParseResult parsed)
    {
        using HypergraphStore store = HypergraphStore.Open(parsed.GetValue(s_folder)!);
        new Terminal(parsed).Line(Words(store));
        return ExitCode.Ok;
    }

    private static int Verify(ParseResult parsed)
    {
        using HypergraphStore store = HypergraphStore.Open(parsed.GetValue(s_folder)!);
        using Interrupt interrupt = new();
        Terminal terminal = new(parsed);
        terminal.WithProgress("store verify", bar => store.Verify(new Bar(bar), interrupt.Token));
        terminal.Verdict(true, $"whole: {Words(store)}");
        return ExitCode.Ok;
    }

    private static int Bench(ParseResult parsed)
    {
        using HypergraphStore store = HypergraphStore.Open(parsed.GetValue(s_folder)!);
        using Interrupt interrupt = new();
        Device.Cpu.Threads = parsed.GetValue(s_threads) ?? Device.Cpu.Threads;
        StoreBench bench = new(store, parsed.GetValue(s_model)!, parsed.GetValue(s_seed), parsed.GetValue(s_steps) ?? 20);
        Terminal terminal = new(parsed);
        IReadOnlyList<StoreBench.Row> rows = [];
        terminal.WithProgress("store bench", bar => rows = bench.Run(new Bar(bar), interrupt.Token));
        terminal.Line(Words(store));
        terminal.Table(
            ["path", "nodes/s, median", "least", "most", "last loss"],
            [.. rows.Select(row => (string[])[row.Path, Number(row.Median), Number(row.Least), Number(row.Most), row.Loss.ToString("R", CultureInfo.InvariantCulture)])]);
        return ExitCode.Ok;
    }

    private static string Number(double value) => value.ToString("F0", CultureInfo.InvariantCulture);

    private static string Words(HypergraphStore store) => string.Create(
        CultureInfo.InvariantCulture,
        $"{store.NodeCount:N0} nodes, {store.EdgeCount:N0} hyperedges, {store.MembershipCount:N0} memberships, "
        + $"{store.FeatureCount} features, {store.Classes} classes, {store.Bytes / 1e9:F2} GB");

    private sealed class Bar(Action<double, string> bar) : IProgress<double>
    {
        public void Report(double value) => bar(value, "");
    }
}
