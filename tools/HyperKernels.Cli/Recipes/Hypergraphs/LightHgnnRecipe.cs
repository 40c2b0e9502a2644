using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// An HGNN taught to MLPs that need no hypergraph: LightHGNN and LightHGNN+ beside the same MLP that learns labels alone. What is lost, and how much sooner an answer is there.
/// </summary>
internal sealed class LightHgnnRecipe : IRecipe
{
    private const int TrainingPerClass = 20;
    private const int ValidationPerClass = 100;
    private const int Splits = 5;
    private const int PlantedSplits = 2;
    private const int DefaultEpochs = 200;
    // The paper's largest hypergraph in its comparison of times; what it gains on average over eight sets.
    private const int LargeNodes = 55_000;
    private const int LargeEdges = 55_000;
    private const int LargeEdgeSize = 5;
    private const int LargeFeatures = 128;
    private const double PublishedGain = 0.163;
    private const double PublishedSpeed = 100;

    public string Name => "light-hgnn";

    public string Description => "An HGNN taught to MLPs (LightHGNN, LightHGNN+), beside an MLP that learns labels alone: accuracy, and time of an answer.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        CommunityGraph data = options.Data is { } folder
            ? CommunityGraph.Load(folder, "cora-cocitation", NodeProtocol.Half)
            : CommunityGraph.Plant(options.Seed, NodeProtocol.Half);
        data = data.SplitByClass(TrainingPerClass, ValidationPerClass, options.Data is null ? PlantedSplits : Splits, options.Seed);
        using MemoryScope scope = options.Device.Scope();
        using NodeTask task = new(data, options.Device, rowSums: true);
        // The whole hypergraph is one batch: a step is an epoch. Of the teacher first, then of all students.
        long epochs = options.TotalSteps(1, DefaultEpochs);
        Dictionary<string, double> scores = [];
        Dictionary<string, double> seconds = [];
        Distillation? run = null;
        try
        {
            TrainingLoop loop = new()
            {
                Steps = 2 * epochs * data.Splits.Count,
                ExamplesPerStep = data.Nodes,
                ExamplesName = "nodes",
                FollowsFrom = [("epochs", $"--epochs {epochs}")],
                Step = step =>
                {
                    (int split, long within) = ((int)(step / (2 * epochs)), step % (2 * epochs));
                    if (within == 0)
                    {
                        run?.Dispose();
                        run = new Distillation(task, split, options.Seed);
                    }
                    if (within == epochs)
                    {
                        run!.BeginStudents();
                    }
                    IReadOnlyList<Metric> metrics = within < epochs ? run!.StepTeacher() : run!.StepStudents();
                    if (within == (2 * epochs) - 1)
                    {
                        foreach ((string name, double accuracy) in run.Finish())
                        {
                            scores[$"{name} {split}"] = accuracy;
                        }
                        seconds = run.SecondsAStep;
                    }
                    return metrics;
                },
                Save = step => Trainee.Save(step, ContinualScores.Write(scores), run is null ? [] : run.Trainees),
                Load = checkpoint =>
                {
                    foreach ((string name, double score) in ContinualScores.Read(checkpoint.Metadata))
                    {
                        scores[name] = score;
                    }
                    long within = checkpoint.Step % (2 * epochs);
                    if (within > 0)
                    {
                        run = new Distillation(task, (int)(checkpoint.Step / (2 * epochs)), options.Seed);
                        Trainee.Load(checkpoint, run.Trainees);
                    }
                    if (within > epochs)
                    {
                        run!.BeginStudents();
                    }
                },
            };
            loop.Run(options, progress, cancel);
            run?.Students[^1].Net.Save(options.File("student.safetensors"));
            return Summary(task, scores, seconds, options);
        }
        finally
        {
            run?.Dispose();
        }
    }

    private static TrainSummary Summary(NodeTask task, Dictionary<string, double> scores, Dictionary<string, double> seconds, TrainOptions options)
    {
        CommunityGraph data = task.Data;
        RandomStream random = new((ulong)options.Seed);
        using Hypergraph large = RandomHypergraphs.Uniform(LargeNodes, LargeEdges, LargeEdgeSize, random, options.Device);
        Times here = Times.Of(task.Features, task.Graph, data.Classes, random);
        Times there = Times.Of(Ops.RandomUniform([LargeNodes, LargeFeatures], random, device: options.Device), large, data.Classes, random);
        string[] names = [Distillation.TeacherName, Distillation.PlainName, Distillation.LightName, Distillation.PlusName];
        return new TrainSummary(
            [.. names.SelectMany(Figures)],
            [
                new Setting("teacher", $"HGNN of two convolutions, {Distillation.TeacherWidth} hidden features; it reads the hypergraph, the students do not"),
                new Setting("students", $"MLP of two layers, {Distillation.StudentWidth} hidden features; of the losses, labels have no part beside the teacher's answers"),
                new Setting("data", $"{data.Name}: {task.Graph}, {data.FeatureCount} features divided by their sum, {data.Classes} classes"),
                new Setting("isolated nodes", "have a hyperedge of their own"),
                new Setting(
                    "protocol",
                    $"{data.Splits.Count} random splits: {TrainingPerClass} nodes of a class to train, {ValidationPerClass} to validate, others to test; best on validation"),
                new Setting("optimiser", $"Adam, rate {Distillation.Rate}, weight decay {Distillation.Decay}, dropout 0.5"),
                new Setting("whole", "time of the answers for all nodes at once, the least of several runs"),
                new Setting("one node", "time of the answer for one node; the teacher has to compute all nodes for it, a student that node alone"),
                new Setting("large", $"a uniform random hypergraph: {large}, {LargeFeatures} features; first weights, as no answer is judged"),
                new Setting("published", "the gain is the mean over eight data sets; the speed is at 55,000 nodes, on other machines"),
            ])
        {
            Pictures = [DistributionPicture.Of("Degrees and sizes", task.Bare), HypergraphDrawing.Around("A part of the hypergraph", "", task.Data)],
        };

        IEnumerable<Figure> Figures(string name)
        {
            double[] accuracies = Of(name);
            double mean = accuracies.Average();
            double plain = Of(Distillation.PlainName).Average();
            bool isTeacher = name == Distillation.TeacherName;
            yield return new Figure(name, "test accuracy", mean, "P2");
            yield return new Figure(name, "deviation", Math.Sqrt(accuracies.Sum(one => (one - mean) * (one - mean)) / (accuracies.Length - 1)), "P2");
            yield return new Figure(name, "behind the teacher", Of(Distillation.TeacherName).Average() - mean, "P2");
            yield return new Figure(name, "gain over MLP", mean - plain, "P2");
            if (name == Distillation.LightName)
            {
                yield return new Figure(name, "published gain", PublishedGain, "P1");
            }
            foreach ((string of, Times times) in ((string, Times)[])[("", here), (", large", there)])
            {
                yield return new Figure(name, $"ms whole{of}", 1e3 * (isTeacher ? times.Teacher : times.Student), "G3");
                yield return new Figure(name, $"ms one node{of}", 1e3 * (isTeacher ? times.Teacher : times.StudentOfOne), "G3");
                yield return new Figure(name, $"times faster{of}", isTeacher ? 1 : times.Teacher / times.StudentOfOne, "N0");
            }
            if (name == Distillation.LightName)
            {
                yield return new Figure(name, "published, large", PublishedSpeed, "N0");
            }
            yield return new Figure(name, "ms an epoch", 1e3 * seconds.GetValueOrDefault(name, double.NaN), "F1", "resumed");
        }

        double[] Of(string name) => [.. Enumerable.Range(0, data.Splits.Count).Select(split => scores[$"{name} {split}"])];
    }

    /// <summary>Seconds of an answer: the teacher's for all nodes, a student's for all, and for one.</summary>
    private sealed record Times(double Teacher, double Student, double StudentOfOne)
    {
        public static Times Of(Tensor features, Hypergraph graph, int classes, RandomStream random)
        {
            int count = features.Shape[1];
            using Hgnn teacher = new(count, Distillation.TeacherWidth, classes, random: random);
            using LightHgnn student = new(count, Distillation.StudentWidth, classes, random: random);
            teacher.Eval();
            student.Eval();
            Tensor one = Ops.Slice(features, 0, 0, 1);
            return new Times(
                InferenceTime.Of(() => teacher.Forward(features, graph)), InferenceTime.Of(() => student.Forward(features)), InferenceTime.Of(() => student.Forward(one)));
        }
    }
}
