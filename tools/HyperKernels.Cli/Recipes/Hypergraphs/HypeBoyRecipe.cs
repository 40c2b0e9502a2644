using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// An encoder that learns from hyperedges alone (HypeBoy's two stages), then from one label in a hundred nodes: tuned, and frozen under a linear layer, beside an
/// untrained one and a UniGCNII that has the labels only.
/// </summary>
internal sealed class HypeBoyRecipe : IRecipe
{
    private const double Share = 0.01;
    private const int Splits = 10;
    private const int PlantedSplits = 3;
    private const int DefaultEpochs = 200;

    public string Name => "hypeboy-cora";

    public string Description => "HypeBoy: features reconstructed, then hyperedges filled, without labels; then 1 % of the labels, beside a UniGCNII from scratch.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        CommunityGraph data = options.Data is { } folder
            ? CommunityGraph.Load(folder, "cora-cocitation", NodeProtocol.Half)
            : CommunityGraph.Plant(options.Seed, NodeProtocol.Half);
        data = data.WithoutIsolated().SplitByShare(Share, Share, options.Data is null ? PlantedSplits : Splits, options.Seed);
        using MemoryScope scope = options.Device.Scope();
        using NodeTask task = new(data, options.Device, rowSums: false);
        // The whole hypergraph is one batch: a step is an epoch. The first stage takes half as many again.
        long epochs = options.TotalSteps(1, DefaultEpochs);
        long reconstruction = epochs * 3 / 2;
        long labelled = reconstruction + epochs;
        Dictionary<string, double> scores = [];
        Dictionary<string, double> seconds = [];
        using Pretraining pretraining = new(task, options.Seed);
        (Tensor Pretrained, Tensor Untrained) frozen = default;
        FewLabels? run = null;
        try
        {
            TrainingLoop loop = new()
            {
                Steps = labelled + (epochs * data.Splits.Count),
                ExamplesPerStep = data.Nodes,
                ExamplesName = "nodes",
                LogEvery = 5,
                FollowsFrom = [("epochs", $"--epochs {epochs}")],
                Step = step =>
                {
                    if (step < labelled)
                    {
                        return step < reconstruction ? pretraining.Reconstruct() : pretraining.Fill();
                    }
                    (int split, long within) = ((int)((step - labelled) / epochs), (step - labelled) % epochs);
                    if (within == 0)
                    {
                        Begin(split);
                    }
                    IReadOnlyList<Metric> metrics = run!.Step();
                    if (within == epochs - 1)
                    {
                        foreach ((string name, double accuracy) in run.Finish())
                        {
                            scores[$"{name} {split}"] = accuracy;
                        }
                        seconds = run.SecondsAStep;
                    }
                    return metrics;
                },
                Save = step => Trainee.Save(step, ContinualScores.Write(scores), [.. pretraining.Trainees, .. run?.Trainees ?? []]),
                Load = checkpoint =>
                {
                    foreach ((string name, double score) in ContinualScores.Read(checkpoint.Metadata))
                    {
                        scores[name] = score;
                    }
                    Trainee.Load(checkpoint, pretraining.Trainees);
                    long step = checkpoint.Step - labelled;
                    if (step > 0 && step % epochs > 0)
                    {
                        Begin((int)(step / epochs));
                        Trainee.Load(checkpoint, run!.Trainees);
                    }
                },
            };
            loop.Run(options, progress, cancel);
            pretraining.Encoder.Save(options.File("encoder.safetensors"));
            (seconds["reconstruction"], seconds["filling"]) = pretraining.SecondsAStep;
            return Summary(task, scores, seconds);
        }
        finally
        {
            run?.Dispose();
        }

        void Begin(int split)
        {
            run?.Dispose();
            if (run is null)
            {
                frozen = pretraining.Embed(options.Seed);
            }
            run = new FewLabels(task, split, pretraining.Encoder, frozen, options.Seed);
        }
    }

    private static TrainSummary Summary(NodeTask task, Dictionary<string, double> scores, Dictionary<string, double> seconds)
    {
        CommunityGraph data = task.Data;
        double scratch = Of(FewLabels.ScratchName).Average();
        return new TrainSummary(
            [
                .. FewLabels.Names.SelectMany(Figures),
                .. ((string[])["reconstruction", "filling"]).Select(stage => new Figure(stage, "ms an epoch", 1e3 * seconds[stage], "F1", "resumed")),
            ],
            [
                new Setting("encoder", $"two UniGCNII layers, {Pretraining.Width} wide, as wide as the one from scratch; tuned behind a ReLU and a linear layer"),
                new Setting(
                    "pretraining",
                    $"once for all splits, no labels: {Pretraining.MaskedNodes:P0} of the nodes reconstructed without {Pretraining.LostEdges:P0} of the hyperedges, "
                    + $"then all hyperedges filled without {Pretraining.LostFeatures:P0} of the features and {Pretraining.LostEdgesFilling:P0} of the hyperedges"),
                new Setting("data", $"{data.Name}: {task.Graph}, {data.FeatureCount} features, {data.Classes} classes; isolated nodes left out, as the authors do"),
                new Setting("protocol", $"{data.Splits.Count} random splits: {Share:P0} of the nodes to train, one of a class at least, {Share:P0} to validate; best on these"),
                new Setting("optimiser", $"Adam, rate {FewLabels.Rate}, of linear layers alone {FewLabels.LinearRate}, weight decay {FewLabels.Decay}, dropout 0.5"),
            ])
        {
            Pictures = [DistributionPicture.Of("Degrees and sizes", task.Bare), HypergraphDrawing.Around("A part of the hypergraph", "", task.Data)],
        };

        IEnumerable<Figure> Figures(string name)
        {
            double[] accuracies = Of(name);
            double mean = accuracies.Average();
            yield return new Figure(name, "test accuracy", mean, "P2");
            yield return new Figure(name, "deviation", Math.Sqrt(accuracies.Sum(one => (one - mean) * (one - mean)) / (accuracies.Length - 1)), "P2");
            yield return new Figure(name, "gain over scratch", mean - scratch, "P2");
            yield return new Figure(name, "splits better", Of(FewLabels.ScratchName).Zip(accuracies).Count(static pair => pair.Second > pair.First), "N0");
            yield return new Figure(name, "ms an epoch", 1e3 * seconds.GetValueOrDefault(name, double.NaN), "F1", "resumed");
        }

        double[] Of(string name) => [.. Enumerable.Range(0, data.Splits.Count).Select(split => scores[$"{name} {split}"])];
    }
}
