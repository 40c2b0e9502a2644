using System.Diagnostics;
using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// One task after another, never to come back: a hypernetwork whose output regulariser protects earlier tasks, beside the same without, which is
/// plain fine-tuning. <c>--steps</c> and <c>--epochs</c> count for each task.
/// </summary>
internal abstract class ContinualRecipe : IRecipe
{
    public abstract string Name { get; }

    public abstract string Description { get; }

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        DigitData data = DigitData.Load(options);
        DigitTasks tasks = Tasks(data, options.Seed);
        ContinualSettings settings = Settings;
        int count = tasks.Training.Count;
        BatchOrder[] orders = [.. tasks.Training.Select((task, i) => new BatchOrder(task.Count, settings.Batch, (options.Seed * count) + i))];
        long steps = options.TotalSteps(orders[0].StepsPerEpoch, settings.Steps);
        ContinualLearner[] learners = Learners(tasks, options.Seed, (int)steps);
        // What was right when a task had just been learned: what is lost later is counted from there.
        Dictionary<string, double> scores = [];
        float[] pixels = new float[settings.Batch * tasks.Training[0].Pixels];
        int[] labels = new int[settings.Batch];
        long started = Stopwatch.GetTimestamp();
        long done = 0;
        try
        {
            TrainingLoop loop = new()
            {
                Steps = steps * count,
                ExamplesPerStep = settings.Batch * learners.Length,
                FollowsFrom = [("steps of a task", $"--steps {steps}")],
                LogEvery = (int)Math.Clamp(steps / 50, 1, 100),
                Step = step =>
                {
                    (int task, long within) = ((int)(step / steps), step % steps);
                    if (within == 0)
                    {
                        Array.ForEach(learners, learner => learner.Begin(task));
                    }
                    done++;
                    ReadOnlySpan<int> rows = orders[task].Rows(within);
                    tasks.Training[task].Fill(rows, pixels, labels);
                    using MemoryScope scope = options.Device.Scope();
                    Tensor images = Tensor.From(pixels.AsSpan(0, rows.Length * tasks.Training[task].Pixels), [rows.Length, tasks.Training[task].Pixels], options.Device);
                    Tensor classes = Tensor.From(labels.AsSpan(0, rows.Length), [rows.Length], options.Device);
                    return [.. learners.Select(learner => new Metric($"{learner.Name}/loss", learner.Step(images, classes, task)))];
                },
                EvaluateAfter = step => step % steps == 0,
                Evaluate = step => Evaluate(learners, tasks, (int)((step - 1) / steps), scores, options.Device),
                Save = step => Trainee.Save(step, ContinualScores.Write(scores), [.. learners.Select(static learner => learner.Trainee)]),
                Load = checkpoint =>
                {
                    // At the end of a task the next one begins by itself.
                    int task = (int)((checkpoint.Step - 1) / steps);
                    Array.ForEach(learners, learner => learner.Begin(task, resumes: true));
                    Trainee.Load(checkpoint, [.. learners.Select(static learner => learner.Trainee)]);
                    foreach ((string name, double score) in ContinualScores.Read(checkpoint.Metadata))
                    {
                        scores[name] = score;
                    }
                },
            };
            loop.Run(options, progress, cancel);
            double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            return Summary(learners, tasks, scores, data, steps, done == 0 ? 0 : seconds * steps / done, options);
        }
        finally
        {
            Array.ForEach(learners, static learner => learner.Dispose());
        }
    }

    /// <summary>Sizes, rates and the hypernetwork.</summary>
    protected abstract ContinualSettings Settings { get; }

    /// <summary>Published figures on real data: the row of the table, what it is of, its value.</summary>
    protected abstract IReadOnlyList<Figure> Published { get; }

    /// <summary>What else the report should say.</summary>
    protected virtual IReadOnlyList<Setting> Further => [];

    protected abstract DigitTasks Tasks(DigitData data, int seed);

    /// <summary>What is trained side by side.</summary>
    protected virtual ContinualLearner[] Learners(DigitTasks tasks, int seed, int steps) =>
        [Learner("hypernetwork", tasks, seed, Settings.Beta), Learner("fine-tuning", tasks, seed, 0)];

    private HyperLearner Learner(string name, DigitTasks tasks, int seed, float beta)
    {
        ContinualSettings settings = Settings;
        RandomStream random = new((ulong)seed);
        Mlp target = new([tasks.Training[0].Pixels, .. settings.Target, tasks.Classes], Activation.Relu);
        HyperNetwork network = TaskHyperNetwork.Create(target, tasks.Training.Count, settings.Embedding, settings.Network, random);
        return new HyperLearner(name, network, settings.Rate, beta, settings.Clip, settings.Subset, seed);
    }

    private static IReadOnlyList<Metric> Evaluate(ContinualLearner[] learners, DigitTasks tasks, int last, Dictionary<string, double> scores, Device device)
    {
        List<Metric> metrics = [];
        foreach (ContinualLearner learner in learners)
        {
            double sum = 0;
            for (int task = 0; task <= last; task++)
            {
                double score = ContinualScores.Told(learner, tasks.Test[task], task, device);
                sum += score;
                scores[Key(learner, "now", task)] = score;
                scores.TryAdd(Key(learner, "learned", task), score);
                metrics.Add(new Metric($"{learner.Name}/test accuracy {tasks.Test[task].Name}", score));
            }
            metrics.Add(new Metric($"{learner.Name}/test accuracy", sum / (last + 1)));
        }
        return metrics;
    }

    private TrainSummary Summary(
        ContinualLearner[] learners, DigitTasks tasks, Dictionary<string, double> scores, DigitData data, long steps, double seconds, TrainOptions options)
    {
        int count = tasks.Test.Count;
        List<Figure> figures = [];
        foreach (ContinualLearner learner in learners)
        {
            double[] now = [.. Enumerable.Range(0, count).Select(task => scores[Key(learner, "now", task)])];
            double[] learned = [.. Enumerable.Range(0, count).Select(task => scores[Key(learner, "learned", task)])];
            double found = Enumerable.Range(0, count).Average(task => ContinualScores.Found(learner, tasks.Test[task], task, count, options.Device));
            figures.Add(new Figure(learner.Name, "mean, task told", now.Average(), "P2"));
            figures.AddRange(Published.Where(figure => options.Data is not null && figure.Run == learner.Name));
            figures.Add(new Figure(learner.Name, "when learned", learned.Average(), "P2"));
            figures.Add(new Figure(learner.Name, "lost on the first", learned[0] - now[0], "P2"));
            figures.Add(new Figure(learner.Name, "mean, task found", found, "P2"));
            if (ContinualScores.OneForAll(learner, tasks, options.Device) is { } one)
            {
                figures.Add(new Figure(learner.Name, "mean, one network", one, "P2"));
            }
            figures.AddRange(now.Select((score, task) => new Figure(learner.Name, tasks.Test[task].Name, score, "P2")));
            learner.Network?.Save(options.File($"{learner.Name}.safetensors"));
        }
        ContinualSettings settings = Settings;
        HyperNetwork network = learners.Select(static learner => learner.Network).OfType<HyperNetwork>().First();
        return new TrainSummary(
            figures,
            [
                new Setting("hypernetwork", network.Emission.ToString().Split('\n')[0]),
                new Setting("parameters", $"{network.Count:N0} of the hypernetwork, {network.Manifest.Count:N0} generated for every task"),
                new Setting("target", $"Mlp {tasks.Training[0].Pixels}, {string.Join(", ", settings.Target)}, {tasks.Classes}"),
                new Setting("data", data.Description),
                new Setting("tasks", $"{count}, {steps:N0} steps each, {seconds:F1} s each for all runs together"),
                new Setting(
                    "optimiser",
                    $"Adam, a new one for every task, rate {settings.Rate}, batch {settings.Batch}, regulariser times {settings.Beta}"
                    + (settings.Subset is { } subset ? $" over {subset} earlier tasks" : "")),
                .. Further,
            ]);
    }

    private static string Key(ContinualLearner learner, string when, int task) => $"{learner.Name}.{when}.{task}";
}
