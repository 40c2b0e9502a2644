using System.Diagnostics;
using System.Globalization;
using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Distributed;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>Classes of the nodes of a hypergraph that stays in its files: neighbour sampling, batches made ahead on a thread.</summary>
internal sealed class StoredRecipe : IRecipe
{
    public const int Batch = 512;
    public const float Rate = 0.01f;

    private const string Folder = "hypergraph-store";
    public const int EdgesPerNode = 4;
    public const int NodesPerEdge = 3;
    private const int DrawnSteps = 100;
    private const int EvaluateEvery = 200;
    private const int DrawnNodes = 8_000;
    private const ulong TestDraws = 1UL << 63;

    public string Name => "stored-communities";

    public string Description => $"Classes of the nodes of a hypergraph larger than memory, read from DIR or DIR/{Folder} (`hyperkernels store make` draws one).";

    public IReadOnlyList<string> Choices => [ModelChoice.Option];

    /// <summary>What the recipe draws around each node.</summary>
    public static NeighbourSampler Sampler(IMembershipSource source) => new(source, EdgesPerNode, NodesPerEdge, SampledNet.Hops);

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        string model = options.Choices.GetValueOrDefault(ModelChoice.Option, SampledNet.Names[0]);
        using HypergraphStore store = Open(options, cancel);
        using MemoryScope scope = options.Device.Scope();
        SampledNet net = SampledNet.Make(model, store.FeatureCount, store.Classes, new RandomStream((ulong)options.Seed));
        using TimedRun<SampledNet> run = new(model, net, new Adam(net.Parameters, learningRate: Rate));
        StoredNodes nodes = new(store.NodeCount, Batch, options.Seed);
        NeighbourSampler sampler = Sampler(store);
        long steps = options.TotalSteps(nodes.StepsPerEpoch, options.Data is null ? DrawnSteps : nodes.StepsPerEpoch);
        Prefetch<StoreBatch>? batches = null;
        long seeds = 0, memberships = 0;
        long start = Stopwatch.GetTimestamp();
        try
        {
            TrainingLoop loop = new()
            {
                Steps = steps,
                ExamplesPerStep = Batch,
                ExamplesName = "nodes",
                FollowsFrom = [ModelChoice.Follows([model]), ("hypergraph", $"{store.NodeCount} nodes, {store.MembershipCount} memberships")],
                Step = step =>
                {
                    // Made at the first step, which is another one in a resumed run.
                    batches ??= new Prefetch<StoreBatch>(number => StoreBatch.Read(store, sampler, nodes.Rows(number), Draw(options.Seed, number)), step, steps);
                    using StoreBatch batch = batches.Next();
                    (seeds, memberships) = (seeds + batch.Seeds.Count, memberships + batch.Draw.MembershipCount);
                    return [new Metric("loss", Step(run, batch, options.Device)), new Metric("epoch", (double)(step + 1) / nodes.StepsPerEpoch)];
                },
                Evaluate = _ => [new Metric("test accuracy", Accuracy(net, store, sampler, nodes.Test, options.Device))],
                EvaluateAfter = static step => step % EvaluateEvery == 0,
                Save = step => Trainee.Save(step, run.Trainee),
                Load = checkpoint => Trainee.Load(checkpoint, run.Trainee),
            };
            IReadOnlyList<Metric> last = loop.Run(options, progress, cancel);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            return Summary(store, run, model, last, seeds / seconds, memberships, batches?.Waited.TotalSeconds ?? 0, seconds);
        }
        finally
        {
            batches?.Dispose();
        }
    }

    /// <summary>One step on a batch.</summary>
    /// <returns>The loss.</returns>
    public static double Step(TimedRun<SampledNet> run, StoreBatch batch, Device device)
    {
        // The step's gradients need what was drawn, and its weights belong to a scope.
        using MemoryScope scope = device.Scope();
        using SampledHypergraph drawn = batch.Draw.ToHypergraphs(device);
        return run.Step(net => net.Loss(drawn, batch.Rows(device), batch.Labels));
    }

    /// <summary>Which draw of the sampler belongs to a step.</summary>
    public static ulong Draw(int seed, long step) => ((ulong)seed << 40) + (ulong)step + 1;

    private static HypergraphStore Open(TrainOptions options, CancellationToken cancel)
    {
        if (options.Data is { } data)
        {
            return HypergraphStore.Open(File.Exists(Path.Combine(data, "manifest.json")) ? data : Path.Combine(data, Folder));
        }
        string folder = options.File(Folder);
        if (!options.Resume || !Directory.Exists(folder))
        {
            new PlantedHypergraph { Nodes = DrawnNodes, Edges = DrawnNodes, FeatureCount = 32, Signal = 0.2f, Seed = (ulong)options.Seed }.Write(folder, cancel: cancel);
        }
        return HypergraphStore.Open(folder);
    }

    private static double Accuracy(SampledNet net, HypergraphStore store, NeighbourSampler sampler, int[] test, Device device)
    {
        int right = 0;
        for (int start = 0; start < test.Length; start += Batch)
        {
            int[] seeds = test[start..Math.Min(start + Batch, test.Length)];
            using MemoryScope scope = device.Scope();
            using StoreBatch batch = StoreBatch.Read(store, sampler, seeds, TestDraws + (ulong)start);
            using SampledHypergraph drawn = batch.Draw.ToHypergraphs(device);
            int[] answers = Ops.ArgMax(net.Forward(drawn, batch.Rows(device)), 1).ToIntArray();
            right += answers.Zip(batch.Labels).Count(static pair => pair.First == pair.Second);
        }
        return test.Length == 0 ? double.NaN : (double)right / test.Length;
    }

    private static TrainSummary Summary(
        HypergraphStore store, TimedRun<SampledNet> run, string model, IReadOnlyList<Metric> last, double rate, long memberships, double waited, double seconds)
    {
        using Process process = Process.GetCurrentProcess();
        return new TrainSummary(
            [
                new Figure(model, "test accuracy", last.Count > 0 ? last[0].Value : double.NaN, "P2"),
                new Figure(model, "nodes a second", rate, "N0"),
                new Figure(model, "sampled memberships a second", memberships / seconds, "N0"),
                new Figure(model, "waited for batches", waited / seconds, "P0"),
                new Figure(model, "peak resident MiB", process.PeakWorkingSet64 / 1048576.0, "N0"),
            ],
            [
                new Setting(model, run.Net.ToString()!),
                new Setting("hypergraph", string.Create(
                    CultureInfo.InvariantCulture,
                    $"{store.NodeCount:N0} nodes, {store.EdgeCount:N0} hyperedges, {store.MembershipCount:N0} memberships, {store.FeatureCount} features, "
                    + $"{store.Bytes / 1e9:F2} GB of files")),
                new Setting("sampling", $"{Batch} nodes a step; {EdgesPerNode} hyperedges of a node, {NodesPerEdge} members of a hyperedge, {SampledNet.Hops} hops"),
                new Setting("optimiser", string.Create(CultureInfo.InvariantCulture, $"Adam, rate {Rate}")),
                new Setting("mapped pages given back", $"{store.Releases} times"),
            ]);
    }
}
