using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// What small programs do, told from their syntax trees: HDHGN on hyperedges with types and directions, beside the same network on hyperedges that have neither and
/// beside one that sees tokens alone.
/// </summary>
internal sealed class HdhgnProgramsRecipe : IRecipe
{
    private const int Programs = 1_280;
    private const int Tests = 400;
    private const int Batch = 32;
    private const int DefaultEpochs = 5;
    private const int Width = 32;
    private const float Rate = 2e-3f;

    private static readonly (string Name, SyntaxDetail Detail)[] s_forms =
    [
        ("HDHGN", SyntaxDetail.All), ("no types, no directions", SyntaxDetail.Members), ("tokens alone", SyntaxDetail.Tokens),
    ];

    private static readonly HdhgnOptions s_options = new() { Layers = 2, EdgeHeads = 4, NodeHeads = 4, ReadoutHeads = 4, ReadoutFeatures = 64 };

    public string Name => "hdhgn-programs";

    public string Description => "What drawn programs do, by their syntax trees: HDHGN, beside the same network without types and directions and one without hyperedges.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        (SyntaxTree Tree, int Class)[] training = Write(options.Seed, 0, Programs);
        (SyntaxTree Tree, int Class)[] tests = Write(options.Seed, Programs, Tests);
        RandomStream[] streams = [.. s_forms.Select(_ => new RandomStream((ulong)options.Seed))];
        TimedRun<Hdhgn>[] runs = [.. s_forms.Select((form, i) => Start(form.Name, form.Detail, streams[i]))];
        Trainee[] trainees = [.. runs.Select(static run => run.Trainee)];
        BatchOrder order = new(Programs, Batch, options.Seed);
        double[] accuracies = new double[runs.Length];
        TrainingLoop loop = new()
        {
            Steps = options.TotalSteps(order.StepsPerEpoch, DefaultEpochs * order.StepsPerEpoch),
            ExamplesPerStep = Batch,
            ExamplesName = "programs",
            Step = step =>
            {
                (SyntaxTree Tree, int Class)[] batch = [.. order.Rows(step).ToArray().Select(row => training[row])];
                return [.. runs.Select((run, i) => new Metric($"{run.Name}/loss", Step(run, batch, s_forms[i].Detail, options.Device)))];
            },
            Evaluate = _ => [.. runs.Select((run, i) => new Metric($"{run.Name}/test accuracy", accuracies[i] = Accuracy(run.Net, tests, s_forms[i].Detail, options.Device)))],
            EvaluateAfter = step => step % order.StepsPerEpoch == 0,
            LogEvery = 5,
            Save = step => Trainee.Save(step, trainees),
            Load = checkpoint => Trainee.Load(checkpoint, trainees),
        };
        loop.Run(options, progress, cancel);
        using Hypergraph shown = tests[0].Tree.ToHypergraph();
        TrainSummary summary = Summary(runs, accuracies, order.StepsPerEpoch, shown);
        Array.ForEach(runs, static run => run.Dispose());
        return summary;
    }

    private static TrainSummary Summary(TimedRun<Hdhgn>[] runs, double[] accuracies, int steps, Hypergraph shown) => new(
        [
            .. runs.SelectMany((run, i) => (Figure[])
            [
                new Figure(run.Name, "test accuracy", accuracies[i], "P2"),
                new Figure(run.Name, "above tokens alone", accuracies[i] - accuracies[^1], "P2"),
                new Figure(run.Name, "parameters", run.Net.Count, "N0"),
                new Figure(run.Name, "seconds an epoch", run.SecondsAStep * steps, "F1", "resumed"),
            ]),
        ],
        [
            new Setting("data", $"{Programs:N0} drawn programs of {ProgramTrees.Classes} kinds to train, {Tests} others to test; the first of these is pictured"),
            new Setting("network", $"{s_options.Layers} layers, {Width} wide, {s_options.EdgeHeads} heads; Adam, rate {Rate}, batches of {Batch}"),
            new Setting("no types, no directions", "every field is a hyperedge of one type whose members have one role, every node of one type"),
            new Setting("tokens alone", "no hyperedges: only what a program's tokens are counts"),
        ])
    {
        Pictures = [DistributionPicture.Of("Degrees and sizes", shown)],
    };

    private static (SyntaxTree Tree, int Class)[] Write(int seed, int first, int count) =>
        [.. Enumerable.Range(first, count).Select(number => ProgramTrees.Write(seed, number))];

    private static TimedRun<Hdhgn> Start(string name, SyntaxDetail detail, RandomStream random)
    {
        bool isTyped = detail == SyntaxDetail.All;
        Hdhgn net = new(
            ProgramTrees.TokenCount, isTyped ? ProgramTrees.NodeTypes : 1, isTyped ? ProgramTrees.EdgeTypes : 1, Width, ProgramTrees.Classes, s_options, random);
        return new TimedRun<Hdhgn>(name, net, new Adam(net.Parameters, learningRate: Rate), random: random);
    }

    private static double Step(TimedRun<Hdhgn> run, (SyntaxTree Tree, int Class)[] programs, SyntaxDetail detail, Device device)
    {
        using MemoryScope scope = device.Scope();
        using SyntaxBatch batch = new([.. programs.Select(static program => program.Tree)], detail);
        int[] classes = [.. programs.Select(static program => program.Class)];
        run.Net.Train();
        return run.Step(net => Ops.CrossEntropy(net.Forward(batch.Tokens, batch.Graph), Tensor.From(classes, [classes.Length], device)));
    }

    private static double Accuracy(Hdhgn net, (SyntaxTree Tree, int Class)[] programs, SyntaxDetail detail, Device device)
    {
        net.Eval();
        using MemoryScope scope = device.Scope();
        using SyntaxBatch batch = new([.. programs.Select(static program => program.Tree)], detail);
        int[] classes = [.. programs.Select(static program => program.Class)];
        return (double)Training.Accuracy.Right(net.Forward(batch.Tokens, batch.Graph).ToArray(), classes) / programs.Length;
    }
}
