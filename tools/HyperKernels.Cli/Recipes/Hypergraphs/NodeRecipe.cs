using System.Globalization;
using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;

namespace HyperKernels.Cli.Recipes;

/// <summary>Networks that name the class of the nodes of a hypergraph, a perceptron that sees no hyperedges beside them, once for each of the data's splits.</summary>
/// <param name="name">The recipe's name.</param>
/// <param name="set">The data set: a folder of hypergraphs.</param>
/// <param name="models">The networks unless the command line names others, separated by commas.</param>
internal sealed class NodeRecipe(string name, string set, string models) : IRecipe
{
    public string Name => name;

    public string Description => $"Classes of nodes by {models} beside a perceptron, on planted communities, or on {set} with --data; mean over the splits.";

    public IReadOnlyList<string> Choices { get; } = [ModelChoice.Option, NodePlan.ProtocolOption, NodePlan.LoopsOption, NodePlan.SplitsOption];

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        NodePlan plan = new(options, set, models);
        // Tensors of the data outlive every step's.
        using MemoryScope scope = options.Device.Scope();
        using NodeTask task = new(plan.Data, options.Device, rowSums: plan.Protocol == NodeProtocol.Published && plan.Data.IsWords, plan.Loops);
        List<NodeResult> results = [];
        Dictionary<string, (long Parameters, double Seconds, string Words)> networks = [];
        // Of each network on the last of its splits; none where a run goes on from behind it.
        Dictionary<string, (int Split, int[] Nodes)> answers = [];
        NodeRun? run = null;
        try
        {
            TrainingLoop loop = new()
            {
                Steps = plan.Steps,
                // The whole graph is one batch: a step is an epoch.
                ExamplesPerStep = plan.Data.Nodes,
                ExamplesName = "nodes",
                // Networks and splits follow one another: their lengths decide which one a step belongs to.
                FollowsFrom = plan.FollowsFrom,
                Step = step =>
                {
                    (int part, long epoch) = plan.At(step);
                    if (epoch == 0)
                    {
                        run?.Dispose();
                        run = Start(plan, task, part, options.Seed);
                        results.Add(new NodeResult(0, double.NaN, 0, 0));
                    }
                    Metric[] metrics = Step(plan, run!, part, epoch, results);
                    if (results[^1].Epoch == epoch && run!.Answers.Length > 0)
                    {
                        answers[plan.Models[part % plan.Models.Count]] = (part / plan.Models.Count, run.Answers);
                    }
                    networks[plan.Models[part % plan.Models.Count]] = (run!.Net.Count, run.SecondsAnEpoch, run.Net.ToString());
                    return metrics;
                },
                Save = step => Trainee.Save(step, NodeResult.Write(results), run is null ? [] : [run.Trainee]),
                Load = checkpoint =>
                {
                    results.AddRange(NodeResult.Read(checkpoint));
                    if (results.Count > 0)
                    {
                        run = Start(plan, task, results.Count - 1, options.Seed);
                        Trainee.Load(checkpoint, run.Trainee);
                    }
                },
            };
            loop.Run(options, progress, cancel);
            return Summary(options, plan, task, results, networks) with { Pictures = Pictures(plan, task, answers) };
        }
        finally
        {
            run?.Dispose();
        }
    }

    private static NodeRun Start(NodePlan plan, NodeTask task, int part, int seed)
    {
        int model = part % plan.Models.Count;
        return new NodeRun(plan.Models[model], plan.Settings[model], task, part / plan.Models.Count, seed);
    }

    private static Metric[] Step(NodePlan plan, NodeRun run, int part, long epoch, List<NodeResult> results)
    {
        const int LogEvery = 10;
        int model = part % plan.Models.Count;
        string name = plan.Models[model];
        Metric loss = new($"{name}/loss", run.Step());
        bool last = epoch == plan.Settings[model].Epochs - 1;
        if (plan.Protocol == NodeProtocol.Half)
        {
            (double validation, double test) = run.Evaluate();
            double best = Math.Max(results[^1].BestTest, test);
            results[^1] = epoch == 0 || validation > results[^1].Validation ? new NodeResult(epoch, validation, test, best) : results[^1] with { BestTest = best };
            return [loss, new Metric($"{name}/validation accuracy", validation), new Metric($"{name}/test accuracy", test)];
        }
        if (!last && (epoch + 1) % LogEvery != 0 && !NodeModels.IsPublishedAtItsBest(name))
        {
            return [loss];
        }
        (_, double accuracy) = run.Evaluate();
        results[^1] = new NodeResult(epoch, double.NaN, accuracy, Math.Max(results[^1].BestTest, accuracy));
        return [loss, new Metric($"{name}/test accuracy", accuracy)];
    }

    private static TrainSummary Summary(
        TrainOptions options, NodePlan plan, NodeTask task, List<NodeResult> results, Dictionary<string, (long Parameters, double Seconds, string Words)> networks)
    {
        List<Figure> figures = [];
        List<Setting> settings =
        [
            new("data", $"{plan.Data.Name}: {task.Bare}, {plan.Data.FeatureCount} features{(plan.Data.IsWords ? "" : " from the structure")}, {plan.Data.Classes} classes"),
            new("protocol", Words(plan)),
        ];
        NodeResult[][] byModel = [.. plan.Models.Select((_, model) => results.Where((_, part) => part % plan.Models.Count == model).ToArray())];
        double perceptron = byModel[plan.Models.ToList().IndexOf(ModelChoice.Perceptron)].Average(result => result.Test);
        for (int model = 0; model < plan.Models.Count; model++)
        {
            string row = plan.Models[model];
            double mean = byModel[model].Average(result => result.Test);
            // Planted communities have nothing to be compared with, and no other features than words were published.
            (double published, double pyTorch) = options.Data is null || !plan.Data.IsWords ? (double.NaN, double.NaN) : NodeTargets.Of(plan.Data.Name, plan.Protocol, row);
            (long parameters, double seconds, string words) = networks.GetValueOrDefault(row, (0, double.NaN, ""));
            figures.AddRange(
            [
                new Figure(row, "test accuracy", mean, "P2"),
                new Figure(row, "deviation", Deviation(byModel[model], mean), "P2"),
                new Figure(row, "published", published, "P2", ""),
                new Figure(row, "PyTorch", pyTorch, "P2", ""),
                new Figure(row, "above the perceptron", mean - perceptron, "P2"),
                new Figure(row, "epoch", byModel[model].Average(result => result.Epoch + 1), "N0"),
                new Figure(row, "parameters", parameters == 0 ? double.NaN : parameters, "N0", ""),
                new Figure(row, "s per epoch", seconds, "G2", ""),
            ]);
            if (NodeModels.IsPublishedAtItsBest(row))
            {
                figures.Add(new Figure(row, "best epoch on the test nodes", byModel[model].Average(result => result.BestTest), "P2"));
            }
            string splits = string.Join(" ", byModel[model].Select(result => result.Test.ToString("P1", CultureInfo.InvariantCulture)));
            settings.Add(new Setting(row, $"{plan.Settings[model]}, {plan.Settings[model].Epochs} epochs; by split {splits}. {words}"));
        }
        return new TrainSummary(figures, settings);
    }

    private static IReadOnlyList<Picture> Pictures(NodePlan plan, NodeTask task, Dictionary<string, (int Split, int[] Nodes)> answers)
    {
        CommunityGraph data = plan.Data;
        // The first network is what the recipe is about.
        string first = plan.Models[0];
        string words = answers.ContainsKey(first) ? $"Around one node, with the answers of {first}." : "Around one node.";
        List<Picture> pictures =
        [
            HypergraphDrawing.Around("A part of the hypergraph", words, data, answers.TryGetValue(first, out (int, int[] Nodes) of) ? of.Nodes : null),
            DistributionPicture.Of("Degrees and sizes", task.Bare),
        ];
        if (answers.Count > 0)
        {
            pictures.Add(ConfusionMatrix.Picture("What was answered", [.. answers.Select(one => (one.Key, Matrix(one.Value.Split, one.Value.Nodes)))]));
        }
        return pictures;

        ConfusionMatrix Matrix(int split, int[] given)
        {
            ConfusionMatrix matrix = new(data.Classes);
            foreach (int node in data.With(split, CommunityGraph.TestRole))
            {
                matrix.Add(given[node], data.Labels[node]);
            }
            return matrix;
        }
    }

    private static double Deviation(NodeResult[] results, double mean) =>
        results.Length < 2 ? 0 : Math.Sqrt(results.Sum(result => (result.Test - mean) * (result.Test - mean)) / (results.Length - 1));

    private static string Words(NodePlan plan)
    {
        string loops = plan.Loops switch
        {
            NodeLoops.All => "a hyperedge of its own for every node",
            NodeLoops.Isolated => "a hyperedge of its own for every node that is in none",
            _ => "nodes in no hyperedge stay so",
        };
        int training = plan.Data.With(0, CommunityGraph.TrainingRole).Length;
        return plan.Protocol == NodeProtocol.Half
            ? $"half: {plan.Splits} splits of 50 % to train, 25 % to validate, 25 % to test; accuracy at the best validation epoch; {loops}"
            : $"published: {plan.Splits} splits of {training} nodes to train and all others to test; accuracy after the last epoch; words of a node add up to one; {loops}";
    }
}
