using System.Globalization;
using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.IO;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>A two-layer HGNN that names the community of nodes, once for each of the data's splits.</summary>
internal sealed class HgnnRecipe : IRecipe
{
    private const int Width = 64;
    private const int DefaultEpochs = 300;
    private const float Rate = 1e-3f;
    private const float Decay = 5e-4f;

    public string Name => "hgnn";

    public string Description => "A two-layer HGNN on planted communities, or on Cora's co-citations with --data; mean over the splits.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        CommunityGraph data = options.Data is { } folder ? CommunityGraph.LoadCora(folder) : CommunityGraph.Plant(options.Seed);
        using Hypergraph bare = Hypergraph.FromPairs(data.Nodes, data.Edges, data.NodeIds, data.EdgeIds, options.Device);
        // Without an edge of its own an isolated node's output is zero, whatever its words are.
        using Hypergraph graph = bare.WithSelfLoops(onlyIsolated: false);
        // Made before the tape, whose reset would end them.
        using MemoryScope scope = options.Device.Scope();
        GraphTensors tensors = GraphTensors.Of(data, graph, options.Device);
        // The whole graph is one batch: a step is an epoch.
        long epochs = options.TotalSteps(1, DefaultEpochs);
        List<SplitResult> results = [];
        SplitRun? run = null;
        using Tape tape = new();
        try
        {
            TrainingLoop loop = new()
            {
                Steps = epochs * data.Splits.Count,
                ExamplesPerStep = data.Nodes,
                ExamplesName = "nodes",
                // Splits follow one another: their length decides which one a step belongs to.
                FollowsFrom = [("epochs", $"--epochs {epochs}")],
                Step = step =>
                {
                    if (step % epochs == 0)
                    {
                        run?.Dispose();
                        run = new SplitRun(data, (int)(step / epochs), options);
                        results.Add(new SplitResult(0, 0, 0));
                    }
                    (double loss, double validation, double test) = run!.Step(tape, tensors);
                    if (validation > results[^1].Validation)
                    {
                        results[^1] = new SplitResult(step % epochs, validation, test);
                    }
                    string split = $"split {results.Count}";
                    return
                    [
                        new Metric($"{split}/loss", loss), new Metric($"{split}/validation accuracy", validation), new Metric($"{split}/test accuracy", test),
                    ];
                },
                Save = step => Trainee.Save(step, SplitResult.Write(results), run is null ? [] : [run.Trainee]),
                Load = checkpoint =>
                {
                    results.AddRange(SplitResult.Read(checkpoint));
                    if (results.Count > 0)
                    {
                        run = new SplitRun(data, results.Count - 1, options);
                        Trainee.Load(checkpoint, run.Trainee);
                    }
                },
            };
            loop.Run(options, progress, cancel);
            return Summary(data, graph, results, run!) with { Pictures = [DistributionPicture.Of("Degrees and sizes", bare)] };
        }
        finally
        {
            run?.Dispose();
        }
    }

    private static TrainSummary Summary(CommunityGraph data, Hypergraph graph, List<SplitResult> results, SplitRun run)
    {
        double mean = results.Average(result => result.Test);
        double deviation = results.Count < 2 ? 0 : Math.Sqrt(results.Sum(r => (r.Test - mean) * (r.Test - mean)) / (results.Count - 1));
        List<Figure> figures =
        [
            new Figure("mean", "test accuracy", mean, "P2"),
            new Figure("deviation", "test accuracy", deviation, "P2"),
        ];
        for (int i = 0; i < results.Count; i++)
        {
            figures.Add(new Figure($"split {i + 1}", "test accuracy", results[i].Test, "P2"));
            figures.Add(new Figure($"split {i + 1}", "validation accuracy", results[i].Validation, "P2"));
            figures.Add(new Figure($"split {i + 1}", "best epoch", results[i].Epoch + 1, "N0"));
        }
        return new TrainSummary(
            figures,
            [
                new Setting("network", run.Net.ToString()),
                new Setting("data", $"{data.Name}: {graph}, {data.FeatureCount} features, {data.Classes} classes, an edge of its own for every node"),
                new Setting("splits", $"{data.Splits.Count} of 50 % to train, 25 % to validate, 25 % to test; accuracy at the best validation epoch"),
                new Setting("optimiser", $"Adam, rate {Rate}, weight decay {Decay}, dropout 0.5"),
            ]);
    }

    /// <summary>The best epoch of a split so far.</summary>
    private sealed record SplitResult(long Epoch, double Validation, double Test)
    {
        public static Dictionary<string, string> Write(IReadOnlyList<SplitResult> results) => results
            .Select((r, i) => (Key: $"split.{i}", Text: string.Create(CultureInfo.InvariantCulture, $"{r.Epoch} {r.Validation:R} {r.Test:R}")))
            .ToDictionary(pair => pair.Key, pair => pair.Text);

        public static IEnumerable<SplitResult> Read(Checkpoint checkpoint)
        {
            for (int i = 0; checkpoint.Metadata.TryGetValue($"split.{i}", out string? text); i++)
            {
                string[] words = text.Split(' ');
                yield return new SplitResult(
                    long.Parse(words[0], CultureInfo.InvariantCulture),
                    double.Parse(words[1], CultureInfo.InvariantCulture),
                    double.Parse(words[2], CultureInfo.InvariantCulture));
            }
        }
    }

    /// <summary>The data on the device. A training node's share of the loss is one over their number, any other node's is nothing.</summary>
    private sealed record GraphTensors(Hypergraph Graph, Tensor Features, Tensor Labels, IReadOnlyList<Tensor> TrainingShares)
    {
        public static GraphTensors Of(CommunityGraph data, Hypergraph graph, Device device) => new(
            graph,
            Tensor.From(data.Features, [data.Nodes, data.FeatureCount], device),
            Tensor.From(data.Labels, [data.Nodes], device),
            [
                .. data.Splits.Select(roles =>
                {
                    float share = 1f / roles.Count(role => role == CommunityGraph.TrainingRole);
                    return Tensor.From(Array.ConvertAll(roles, role => role == CommunityGraph.TrainingRole ? share : 0), [data.Nodes], device);
                }),
            ]);
    }

    /// <summary>One split's network in training.</summary>
    private sealed class SplitRun : IDisposable
    {
        private readonly Adam _adam;
        private readonly int _split;
        private readonly int[] _validation;
        private readonly int[] _test;
        private readonly CommunityGraph _data;

        public SplitRun(CommunityGraph data, int split, TrainOptions options)
        {
            _data = data;
            RandomStream random = new(((ulong)options.Seed * 1_000) + (ulong)split);
            Net = new Hgnn(data.FeatureCount, Width, data.Classes, random: random);
            _adam = new Adam(Net.Parameters, learningRate: Rate, weightDecay: Decay);
            Trainee = new Trainee("hgnn", Net, _adam, random);
            _split = split;
            _validation = data.With(split, CommunityGraph.ValidationRole);
            _test = data.With(split, CommunityGraph.TestRole);
        }

        public Hgnn Net { get; }

        public Trainee Trainee { get; }

        /// <summary>One step on the whole graph, then the accuracies without dropout.</summary>
        public (double Loss, double Validation, double Test) Step(Tape tape, GraphTensors graph)
        {
            Net.Train();
            Tensor losses = Ops.CrossEntropy(Net.Forward(graph.Features, graph.Graph), graph.Labels, Reduction.None);
            Tensor loss = Ops.Sum(Ops.Multiply(losses, graph.TrainingShares[_split]));
            tape.Backward(loss);
            _adam.Step(tape);
            double value = loss.ToScalar();
            tape.Reset();
            Net.Eval();
            using MemoryScope scope = new();
            float[] logits = Net.Forward(graph.Features, graph.Graph).ToArray();
            return (value, Share(logits, _validation), Share(logits, _test));
        }

        public void Dispose()
        {
            _adam.Dispose();
            Net.Dispose();
        }

        private double Share(float[] logits, int[] nodes)
        {
            int classes = _data.Classes;
            int right = nodes.Count(node => Accuracy.Right(logits.AsSpan(node * classes, classes), [_data.Labels[node]]) == 1);
            return (double)right / nodes.Length;
        }
    }
}
