using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// One network is trained on digits and frozen; then adapters let it serve the same digits turned, in negative and with noise, and Fashion-MNIST. All tasks' adapters come from
/// one hypernetwork, beside adapters of each task's own and beside copies of the network that are tuned whole, on the same batches.
/// </summary>
internal sealed class HyperAdapterRecipe : IRecipe
{
    // Of every task.
    private const int Batch = 64;
    private const int DefaultEpochs = 15;
    // The first third of the steps trains the network that is then frozen.
    private const int Parts = 3;
    private const int Width = 128;
    private const int Blocks = 4;
    private const int Reduction = 4;
    private const int Embedding = 16;
    private const int Hidden = 64;
    private const int Conditions = 8;
    private const float Rate = 1e-3f;
    private const float AdapterRate = 2e-3f;

    // Of T5's parameters, for each of the tasks of GLUE.
    private const double PublishedShare = 0.0029;

    public string Name => "hyperadapter-digits";

    public string Description => "A network trained on digits and frozen; one hypernetwork makes its adapters for four other tasks, beside adapters of their own and full tuning.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        DigitData digits = DigitData.Load(options);
        (string Name, DigitData Data)[] tasks = Tasks(digits, options);
        BatchOrder[] orders = [.. tasks.Select((task, i) => new BatchOrder(task.Data.Training.Count, Batch, options.Seed + i))];
        ResidualNet frozen = Network(digits.Training, Stream());
        using TimedRun<ResidualNet> first = new("network", frozen, new Adam(frozen.Parameters, learningRate: Rate));
        TunedNetworks tuned = new(tasks.Length, () => Network(digits.Training, Stream()));
        TimedRun<TaskNetwork>[] runs =
        [
            Start("hyperadapter", new HyperAdapterNetwork(frozen, Width, Blocks, tasks.Length, Embedding, Hidden, Conditions, Reduction, Stream()), AdapterRate),
            Start("separate adapters", new SeparateAdapters(frozen, Width, Blocks, tasks.Length, Reduction, Stream()), AdapterRate),
            Start("full fine-tuning", tuned, Rate),
        ];
        Trainee[] trainees = [first.Trainee, .. runs.Select(static run => run.Trainee)];
        long steps = options.TotalSteps(orders[0].StepsPerEpoch, (long)DefaultEpochs * orders[0].StepsPerEpoch);
        long own = Math.Max(steps / Parts, 1);
        ImageBatch batch = new(Batch * tasks.Length, digits.Training.Height, digits.Training.Width);

        TrainingLoop loop = new()
        {
            Steps = steps,
            ExamplesPerStep = Batch,
            // The share of the steps that trains the first network follows from their number.
            FollowsFrom = [("steps", $"--steps {steps}")],
            Step = step =>
            {
                using MemoryScope scope = options.Device.Scope();
                if (step < own)
                {
                    batch.Fill(digits.Training, orders[0].Rows(step));
                    (Tensor upright, Tensor digit) = (batch.Images(options.Device), batch.Labels(options.Device));
                    return [new Metric("network/loss", first.Step(net => Ops.CrossEntropy(net.Forward(upright), digit), new CosineSchedule(own).At(step)))];
                }
                if (step == own)
                {
                    tuned.StartFrom(frozen);
                }
                foreach (Parameter parameter in frozen.Parameters)
                {
                    parameter.RequiresGradient = false;
                }
                batch.Fill([.. tasks.Select((task, i) => (task.Data.Training, orders[i].Rows(step - own).ToArray()))]);
                (Tensor images, Tensor labels) = (batch.Images(options.Device), batch.Labels(options.Device));
                float factor = new CosineSchedule(steps - own).At(step - own);
                return
                [
                    .. runs.Select(run => new Metric(
                        $"{run.Name}/loss", run.Step(net => Ops.CrossEntropy(net.Logits(images, 0, tasks.Length), labels), factor))),
                ];
            },
            Evaluate = done => done <= own
                ? [new Metric("network/test accuracy", Accuracy.Of(digits.Test, options.Device, images => frozen.Forward(images)))]
                : [.. runs.SelectMany(run => Accuracies(run.Name, tasks, options.Device, (images, task) => run.Net.Logits(images, task, 1)))],
            EvaluateAfter = step => step == own || step % orders[0].StepsPerEpoch == 0,
            Save = step => Trainee.Save(step, trainees),
            Load = checkpoint => Trainee.Load(checkpoint, trainees),
        };
        IReadOnlyList<Metric> final = loop.Run(options, progress, cancel);
        TrainSummary summary = Summary(final, frozen, runs, tasks, digits, options.Device, orders[0].StepsPerEpoch, own, steps);
        Array.ForEach(runs, static run => run.Dispose());
        return summary;

        RandomStream Stream() => new((ulong)options.Seed);
    }

    private static TimedRun<TaskNetwork> Start(string name, TaskNetwork network, float rate) => new(name, network, new Adam(network.Parameters, learningRate: rate));

    private static ResidualNet Network(ImageSet images, RandomStream random) => new(images.Height * images.Width, Width, Blocks, ImageSet.Classes, random);

    private static (string Name, DigitData Data)[] Tasks(DigitData digits, TrainOptions options) =>
    [
        ("turned", digits.Changed(ImageChanges.Turned)),
        ("negative", digits.Changed(ImageChanges.Negative)),
        ("noisy", new DigitData(ImageChanges.Noisy(digits.Training, 2 * options.Seed), ImageChanges.Noisy(digits.Test, (2 * options.Seed) + 1))),
        options.Data is null ? ("mirrored", digits.Changed(ImageChanges.Mirrored)) : ("fashion", DigitData.Load(options, "fashion-mnist")),
    ];

    private static TrainSummary Summary(
        IReadOnlyList<Metric> final, ResidualNet frozen, TimedRun<TaskNetwork>[] runs, (string Name, DigitData Data)[] tasks, DigitData digits, Device device,
        int stepsPerEpoch, long own, long steps)
    {
        double ofDigits = Accuracy.Of(digits.Test, device, images => frozen.Forward(images));
        IReadOnlyList<Metric> unadapted = Accuracies("network as it is", tasks, device, (images, _) => frozen.Forward(images));
        return new TrainSummary(
            [
                .. unadapted.Concat(final).Select(static metric => new Figure(metric.Run, metric.Quantity, metric.Value, "P2")),
                .. runs.SelectMany(run => (Figure[])
                [
                    new Figure(run.Name, "parameters a task", (double)run.Net.Count / tasks.Length, "N0"),
                    new Figure(run.Name, "share of the network", (double)run.Net.Count / tasks.Length / frozen.Count, "P2"),
                    .. run == runs[0] ? [new Figure(run.Name, "published share, T5 on GLUE", PublishedShare, "P2")] : Array.Empty<Figure>(),
                    new Figure(run.Name, "seconds an epoch", run.SecondsAStep * stepsPerEpoch, "F1", "resumed"),
                ]),
            ],
            [
                new Setting(
                    "network",
                    $"residual, {Blocks} blocks of width {Width}, {frozen.Count:N0} parameters; {ofDigits:P2} of the upright digits right; frozen then, its head too"),
                new Setting("adapters", $"{Blocks * ResidualNet.Places} places, {Width / Reduction} wide inside"),
                new Setting("hypernetwork", $"embeddings of {Embedding} for task, block and place, mixed by an MLP {Hidden} wide to {Conditions} numbers, which the heads read"),
                new Setting("tasks", string.Join("; ", tasks.Select(static task => task.Data.Description))),
                new Setting(
                    "optimiser",
                    $"Adam, rate {AdapterRate} for adapters and {Rate} else, falling as a cosine; batches of {Batch} of each task; {own:N0} steps for the network, then "
                    + $"{steps - own:N0} for adapters and copies"),
            ])
        {
            Pictures = [Examples(tasks)],
        };
    }

    private static IReadOnlyList<Metric> Accuracies(string run, (string Name, DigitData Data)[] tasks, Device device, Func<Tensor, int, Tensor> logits)
    {
        double[] each = [.. tasks.Select((task, i) => Accuracy.Of(task.Data.Test, device, images => logits(images, i)))];
        return [new Metric($"{run}/mean accuracy", each.Average()), .. tasks.Zip(each, (task, accuracy) => new Metric($"{run}/{task.Name}", accuracy))];
    }

    private static Picture Examples((string Name, DigitData Data)[] tasks)
    {
        const int Count = 12;
        return Picture.OfImages(
            "Tasks", "Test images of each: the first network has seen none of these.", tasks[0].Data.Test.Height, tasks[0].Data.Test.Width,
            [
                .. tasks.Select(static task =>
                {
                    ImageSet test = task.Data.Test;
                    int[] rows = [.. Enumerable.Range(0, Math.Min(Count, test.Count))];
                    float[] pixels = new float[rows.Length * test.Height * test.Width];
                    test.Fill(rows, pixels, new int[rows.Length]);
                    return (task.Name, pixels);
                }),
            ]);
    }
}
