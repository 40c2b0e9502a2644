using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// Few-shot learning: HyperShot and prototypes learn from tasks of five classes how to tell five new classes apart by one image of each, or by five. The new
/// classes are the digits from 5 to 9, which no network was trained on; tasks to train on have the others, turned, mirrored, and put together from halves.
/// </summary>
internal sealed class HyperShotRecipe : IRecipe
{
    private const int Ways = 5;
    private const int Queries = 10;
    private const int TasksAStep = 2;
    private const int DefaultSteps = 3000;
    private const int EvaluateEvery = 500;
    private const int TestQueries = 15;
    private const int TestTasks = 50;
    private const int TestBatches = 20;
    private const int Seen = 5;
    private const float Rate = 1e-3f;
    private const string Prototypes = "prototypes";

    // Half the width of an interval that holds 95 % of a normal distribution, in deviations.
    private const double Quantile = 1.96;

    // Trained on characters of Omniglot, tested on EMNIST.
    private static readonly (int Shots, double Published)[] s_shots = [(1, 0.8065), (5, 0.9081)];

    // Two layers in the classifier and a row for each class, as in the authors' commands.
    private static readonly HyperShotOptions s_head = new() { Aggregation = SupportAggregation.Mean, TargetLayers = 2, TargetHiddenFeatures = 64 };

    // A nought or a one turned by a half is the same, and so is a three that is mirrored and then turned.
    private static readonly int[] s_turns = [2, 2, 8, 4, 8];

    public string Name => "hypershot-digits";

    public string Description => "HyperShot beside prototypes: five digits that were not trained on are told apart by one image of each, and by five.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        DigitData digits = DigitData.Load(options);
        ImageClass[] classes =
        [
            .. ImageClass.WithHalves([.. ImageClass.Of(digits.Training, 0, Seen).SelectMany(static (one, digit) => one.Turned(s_turns[digit]))]),
        ];
        ImageSet test = digits.Test.Pick([.. Enumerable.Range(0, digits.Test.Count).Where(i => digits.Test.Labels[i] >= Seen)]);
        Learner[] learners =
        [
            .. s_shots.SelectMany(one => new[]
            {
                new Learner(Prototypes, new FewShotNet(Ways, one.Shots, options.Seed, head: null), double.NaN),
                new Learner("hypershot", new FewShotNet(Ways, one.Shots, options.Seed, s_head), one.Published),
            }),
        ];
        // Learners of as many shots see the same tasks, in training and in the test.
        Dictionary<int, FewShotTasks> tasks = s_shots.ToDictionary(
            static one => one.Shots, one => new FewShotTasks(classes, Ways, one.Shots, Queries, TasksAStep));
        Dictionary<int, FewShotTasks> unseen = s_shots.ToDictionary(
            static one => one.Shots, one => new FewShotTasks([.. ImageClass.Of(test, Seen, Ways)], Ways, one.Shots, TestQueries, TestTasks));
        Trainee[] trainees = [.. learners.Select(static learner => learner.Run.Trainee)];
        long steps = options.TotalSteps(EvaluateEvery, DefaultSteps);
        CosineSchedule schedule = new(steps);

        TrainingLoop loop = new()
        {
            Steps = steps,
            ExamplesPerStep = TasksAStep * learners.Length,
            ExamplesName = "tasks",
            // The course of the rate follows from their number.
            FollowsFrom = [("steps", $"--steps {steps}")],
            Step = step =>
            {
                foreach (FewShotTasks batch in tasks.Values)
                {
                    batch.Draw(options.Seed, step);
                }
                return [.. learners.Select(learner => learner.Step(tasks[learner.Net.Shots], options.Device, schedule.At(step)))];
            },
            Evaluate = _ => [.. learners.SelectMany(learner => learner.Test(test, unseen[learner.Net.Shots], options))],
            EvaluateAfter = static step => step % EvaluateEvery == 0,
            Save = step => Trainee.Save(step, trainees),
            Load = checkpoint => Trainee.Load(checkpoint, trainees),
        };
        loop.Run(options, progress, cancel);
        foreach (Learner learner in learners)
        {
            learner.Net.Backbone.Save(options.File($"{learner.Run.Name}-backbone.safetensors"));
            learner.Net.Head?.Save(options.File($"{learner.Run.Name}-head.safetensors"));
        }
        TrainSummary summary = new(
            [.. learners.SelectMany(learner => FiguresOf(learner, learners.First(other => other.Net.Shots == learner.Net.Shots)))],
            [
                new Setting("backbone", learners[0].Net.Backbone.ToString()),
                new Setting("hypershot", $"{learners[1].Net.Head}; classifiers of two layers, {s_head.TargetHiddenFeatures} between them"),
                new Setting("published", "Omniglot to EMNIST, on a larger backbone"),
                new Setting(
                    "data",
                    $"{digits.Training.Name}: {classes.Length} classes to train on, the digits from 0 to {Seen - 1} turned and mirrored, and left and right halves of any two; "
                    + $"{test.Name}: the digits from {Seen} to {ImageSet.Classes - 1} to test on, as they are"),
                new Setting(
                    "test",
                    $"{TestTasks * TestBatches} tasks of {Ways} classes, {TestQueries} images of each to answer for; behind ± half of the 95 % interval of a mean over tasks, "
                    + "which says nothing of other first values; "
                    + "the number in a run's name is that of the images of each class to learn from"),
                new Setting("optimiser", $"Adam, rate {Rate} falling as a cosine, {TasksAStep} tasks a step with {Queries} images of each class to answer for"),
            ]);
        Array.ForEach(learners, static learner => learner.Run.Dispose());
        return summary;
    }

    private static IEnumerable<Figure> FiguresOf(Learner learner, Learner prototypes)
    {
        double[] beyond = [.. learner.Accuracies.Zip(prototypes.Accuracies, static (own, other) => own - other)];
        string name = learner.Run.Name;
        yield return new Figure(name, "test accuracy", learner.Accuracies.Average(), "P2");
        yield return new Figure(name, "±", Interval(learner.Accuracies), "P2");
        yield return new Figure(name, "beyond prototypes", beyond.Average(), "P2");
        yield return new Figure(name, "± of it", Interval(beyond), "P2");
        yield return new Figure(name, "published", learner.Published, "P2", "");
        yield return new Figure(name, "parameters", learner.Net.Count, "N0");
        yield return new Figure(name, "seconds a hundred steps", 100 * learner.Run.SecondsAStep, "F1", "resumed");
    }

    private static double Interval(double[] values)
    {
        double mean = values.Average();
        return Quantile * Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1) / values.Length);
    }

    /// <summary>One of the learners in training.</summary>
    private sealed class Learner(string kind, FewShotNet net, double published)
    {
        public TimedRun<FewShotNet> Run { get; } = new($"{kind}-{net.Shots}", net, new Adam(net.Parameters, learningRate: Rate));

        public FewShotNet Net => net;

        public double Published => published;

        /// <summary>Of every task of the last test.</summary>
        public double[] Accuracies { get; private set; } = [];

        public Metric Step(FewShotTasks tasks, Device device, float rateFactor) => new($"{Run.Name}/loss", Run.Step(
            own => Ops.CrossEntropy(own.Answer(own.Backbone.Forward(tasks.Images(device)), TasksAStep), Tensor.From(tasks.Answers, [tasks.Answers.Length], device)), rateFactor));

        public Metric[] Test(ImageSet images, FewShotTasks tasks, TrainOptions options)
        {
            net.Eval();
            Accuracies = new double[TestTasks * TestBatches];
            using MemoryScope outer = options.Device.Scope();
            Tensor embeddings = Tensor.From(net.Embed(images, options.Device), [images.Count, FewShotNet.Features], options.Device);
            for (int batch = 0; batch < TestBatches; batch++)
            {
                // Other tasks than those of training, the same after every step.
                tasks.Draw(options.Seed + 1, batch);
                using MemoryScope scope = options.Device.Scope();
                float[] logits = net.Answer(Ops.GatherRows(embeddings, Tensor.From(tasks.Rows, [tasks.Rows.Length], options.Device)), TestTasks).ToArray();
                int questions = Ways * TestQueries;
                for (int task = 0; task < TestTasks; task++)
                {
                    ReadOnlySpan<float> own = logits.AsSpan(task * questions * Ways, questions * Ways);
                    Accuracies[(batch * TestTasks) + task] = Accuracy.Right(own, tasks.Answers.AsSpan(task * questions, questions)) / (double)questions;
                }
            }
            net.Train();
            return [new Metric($"{Run.Name}/test accuracy", Accuracies.Average()), new Metric($"{Run.Name}/half of its 95 % interval", Interval(Accuracies))];
        }
    }
}
