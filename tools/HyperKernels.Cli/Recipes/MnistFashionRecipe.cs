using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// One hypernetwork, two tasks: a learned embedding per task generates the weights of one LeNet for digits and of another for clothes.
/// Both tasks run in one pass, each half of the batch with its own weight set. Source of the set-up: hypnettorch's first tutorial.
/// </summary>
internal sealed class MnistFashionRecipe : IRecipe
{
    private const int Batch = 32;
    private const float Rate = 1e-4f;
    private const int Tasks = 2;
    private const int DefaultSteps = 1875;

    public string Name => "mnist-fashion";

    public string Description => "One hypernetwork of 2,216,856 parameters for two tasks, MNIST and Fashion-MNIST (without data: drawn digits, and the same in negative).";

    public bool SplitsBatches => true;

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        DigitData first = DigitData.Load(options);
        DigitData second = options.Data is null ? first.Changed(ImageChanges.Negative) : DigitData.Load(options, "fashion-mnist");
        DigitData[] data = [first, second];
        string[] names = options.Data is null ? ["digits", "negative"] : ["mnist", "fashion-mnist"];
        BatchOrder[] orders = [.. data.Select((d, task) => new BatchOrder(d.Training.Count, Batch, options.Seed + task))];
        RandomStream random = new((ulong)options.Seed);
        using HyperRun run = new(
            "hypernetwork",
            HyperNetwork.For(LeNet.CreateTarget(random), Condition.Embedding("task", Tasks, 8), hidden: [100, 100], options: new HyperNetworkOptions
            {
                Activation = Activation.Relu,
                Base = BaseWeights.Zero,
                Initialization = HyperInitialization.HyperfanInWithoutBias,
                Random = random,
            }),
            Rate);
        float[] pixels = new float[Tasks * Batch * first.Training.Height * first.Training.Width];
        int[] labels = new int[Tasks * Batch];
        int size = first.Training.Height * first.Training.Width;

        TrainingLoop loop = new()
        {
            Steps = options.TotalSteps(orders[0].StepsPerEpoch, DefaultSteps),
            ExamplesPerStep = Tasks * Batch,
            Step = step =>
            {
                // Both halves must be as long: weight sets serve equal parts of the batch.
                Range own = options.Own(Math.Min(orders[0].Rows(step).Length, orders[1].Rows(step).Length));
                int count = own.End.Value - own.Start.Value;
                for (int task = 0; task < Tasks; task++)
                {
                    data[task].Training.Fill(orders[task].Rows(step)[own], pixels.AsSpan(task * count * size), labels.AsSpan(task * count));
                }
                double loss = run.Step(network =>
                {
                    Shape shape = [Tasks * count, 1, first.Training.Height, first.Training.Width];
                    Tensor images = Tensor.From(pixels.AsSpan(0, (int)shape.Count), shape, options.Device);
                    Tensor logits = network.Forward(images, Tensor.From([0, 1], [Tasks], options.Device));
                    // The mean over both halves, times two: the sum of the two tasks' losses.
                    return Ops.MultiplyScalar(Ops.CrossEntropy(logits, Tensor.From(labels.AsSpan(0, Tasks * count), [Tasks * count], options.Device)), Tasks);
                });
                return [new Metric("loss", loss)];
            },
            Evaluate = _ =>
            [
                .. data.Select((d, task) => new Metric($"{names[task]}/test accuracy", Accuracy.Of(
                    d.Test, options.Device, images => run.Network.Forward(images, Tensor.From([task], [1], options.Device))))),
            ],
            EvaluateAfter = static step => step is 500 or 1000 or 1500 || step % 1875 == 0,
            Save = step => Trainee.Save(step, run.Trainee),
            Load = checkpoint => Trainee.Load(checkpoint, run.Trainee),
        };
        IReadOnlyList<Metric> final = loop.Run(options, progress, cancel);
        run.Network.Save(options.File("hypernetwork.safetensors"));
        return new TrainSummary(
            [.. final.Select(static metric => new Figure(metric.Run, metric.Quantity, metric.Value, "P2"))],
            [
                new Setting("hypernetwork", $"{run.Network.Count:N0} parameters: two embeddings of 8, hidden 100 and 100, one linear output; hyperfan-in start, biases zero"),
                new Setting("target", $"LeNet, {run.Network.Manifest.Count:N0} generated weights per task"),
                new Setting("data", string.Join("; ", data.Select(static d => d.Description))),
                new Setting("optimiser", $"Adam, rate {Rate}, batch {Batch} per task"),
            ])
        {
            Pictures =
            [
                ConfusionMatrix.Picture("What was answered", [.. data.Select((d, task) => (names[task], ConfusionMatrix.Of(
                    d.Test, options.Device, images => run.Network.Forward(images, Tensor.From([task], [1], options.Device)))))]),
            ],
        };
    }
}
