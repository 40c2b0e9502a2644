using System.Diagnostics;
using HyperKernels.Cli.Data;
using HyperKernels.Cli.Recipes;
using HyperKernels.Cli.Training;
using HyperKernels.Distributed;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Commands;

/// <summary>The same training steps on files, with and without a thread that makes batches ahead, and on the same hypergraph and features in memory.</summary>
internal sealed class StoreBench(HypergraphStore store, string model, int seed, int steps)
{
    private const int Rounds = 5;

    /// <summary>What one way reached; losses of all must be the same bits.</summary>
    public sealed record Row(string Path, double Median, double Least, double Most, double Loss);

    public IReadOnlyList<Row> Run(IProgress<double> progress, CancellationToken cancel)
    {
        StoredNodes nodes = new(store.NodeCount, StoredRecipe.Batch, seed);
        using MemoryScope scope = Device.Cpu.Scope();
        using Hypergraph graph = store.ToHypergraph(Device.Cpu);
        Tensor features = Tensor.Zeros([store.NodeCount, store.FeatureCount], Device.Cpu);
        int[] all = [.. Enumerable.Range(0, store.NodeCount)];
        store.ReadFeatures(all, features.AsSpan());
        int[] labels = new int[store.NodeCount];
        store.ReadLabels(all, labels);
        NeighbourSampler fromFiles = StoredRecipe.Sampler(store), fromMemory = new(graph, StoredRecipe.EdgesPerNode, StoredRecipe.NodesPerEdge, SampledNet.Hops);

        (string Path, Func<TimedRun<SampledNet>, long, long, double> Steps)[] ways =
        [
            ("in memory", InMemory),
            ("in files", InFiles),
            ("in files, batches ahead", Ahead),
        ];
        TimedRun<SampledNet>[] runs = [.. ways.Select(way => Make(way.Path))];
        List<double>[] rates = [.. ways.Select(_ => new List<double>())];
        double[] losses = new double[ways.Length];
        for (int round = 0; round <= Rounds; round++)
        {
            for (int way = 0; way < ways.Length; way++)
            {
                cancel.ThrowIfCancellationRequested();
                long start = Stopwatch.GetTimestamp();
                losses[way] = ways[way].Steps(runs[way], (long)round * steps, (long)(round + 1) * steps);
                // The first round compiles and fills pools.
                if (round > 0)
                {
                    rates[way].Add(steps * StoredRecipe.Batch / Stopwatch.GetElapsedTime(start).TotalSeconds);
                }
                progress.Report(((round * ways.Length) + way + 1.0) / ((Rounds + 1) * ways.Length));
            }
        }
        Array.ForEach(runs, static run => run.Dispose());
        return [.. ways.Select((way, i) => new Row(way.Path, rates[i].Order().ElementAt(Rounds / 2), rates[i].Min(), rates[i].Max(), losses[i]))];

        double InMemory(TimedRun<SampledNet> run, long first, long end)
        {
            double loss = 0;
            for (long step = first; step < end; step++)
            {
                int[] seeds = nodes.Rows(step);
                using MemoryScope ofStep = Device.Cpu.Scope();
                using SampledHypergraph drawn = fromMemory.Sample(seeds, new RandomStream(StoredRecipe.Draw(seed, step)));
                loss = run.Step(net => net.Loss(drawn, drawn.Nodes.Apply(features), Array.ConvertAll(seeds, node => labels[node])));
            }
            return loss;
        }

        double InFiles(TimedRun<SampledNet> run, long first, long end)
        {
            double loss = 0;
            for (long step = first; step < end; step++)
            {
                using StoreBatch batch = Batch(step);
                loss = StoredRecipe.Step(run, batch, Device.Cpu);
            }
            return loss;
        }

        double Ahead(TimedRun<SampledNet> run, long first, long end)
        {
            double loss = 0;
            using Prefetch<StoreBatch> batches = new(Batch, first, end);
            for (long step = first; step < end; step++)
            {
                using StoreBatch batch = batches.Next();
                loss = StoredRecipe.Step(run, batch, Device.Cpu);
            }
            return loss;
        }

        StoreBatch Batch(long step) => StoreBatch.Read(store, fromFiles, nodes.Rows(step), StoredRecipe.Draw(seed, step));
    }

    private TimedRun<SampledNet> Make(string name)
    {
        SampledNet net = SampledNet.Make(model, store.FeatureCount, store.Classes, new RandomStream((ulong)seed));
        return new TimedRun<SampledNet>(name, net, new Adam(net.Parameters, learningRate: StoredRecipe.Rate));
    }
}
