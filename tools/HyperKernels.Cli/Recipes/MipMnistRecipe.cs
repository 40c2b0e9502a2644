using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// A plain and a magnitude invariant hypernetwork on a task that does not depend on their condition, at two learning rates: what remains
/// is how well they train. One scalar a step, drawn evenly from 0 to 1; tested at 0.5.
/// </summary>
internal sealed class MipMnistRecipe : IRecipe
{
    private const int Batch = 64;
    private const float TestedAt = 0.5f;

    // One epoch of MNIST.
    private const int DefaultSteps = 938;
    private static readonly (float Rate, string Suffix)[] s_rates = [(1e-3f, "-1e-3"), (1e-4f, "-1e-4")];

    public string Name => "mip-mnist";

    public string Description => "Default and MIP hypernetworks at two learning rates, one condition drawn per step, one epoch: who trains faster.";

    public bool SplitsBatches => true;

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        DigitData data = DigitData.Load(options);
        BatchOrder order = new(data.Training.Count, Batch, options.Seed);
        HyperRun[] runs = [.. s_rates.SelectMany(r => HyperRun.DefaultAndMip(Condition.Unit("gamma"), options.Seed, r.Rate, r.Suffix))];
        Trainee[] trainees = [.. runs.Select(static run => run.Trainee)];
        float[] pixels = new float[Batch * data.Training.Height * data.Training.Width];
        int[] labels = new int[Batch];

        TrainingLoop loop = new()
        {
            Steps = options.TotalSteps(order.StepsPerEpoch, DefaultSteps),
            ExamplesPerStep = Batch * runs.Length,
            Step = step =>
            {
                ReadOnlySpan<int> rows = order.Rows(step);
                rows = rows[options.Own(rows.Length)];
                int count = rows.Length;
                data.Training.Fill(rows, pixels, labels);
                float gamma = new SplitMix(options.Seed, step).Unit();
                return
                [
                    .. runs.Select(run => new Metric($"{run.Name}/loss", run.Step(network =>
                    {
                        Shape shape = [count, 1, data.Training.Height, data.Training.Width];
                        Tensor images = Tensor.From(pixels.AsSpan(0, (int)shape.Count), shape, options.Device);
                        Tensor logits = network.Forward(images, Tensor.From([gamma], [1], options.Device));
                        return Ops.CrossEntropy(logits, Tensor.From(labels.AsSpan(0, count), [count], options.Device));
                    }))),
                ];
            },
            Evaluate = _ =>
            [
                .. runs.Select(run => new Metric($"{run.Name}/test accuracy", Accuracy.Of(
                    data.Test, options.Device, images => run.Network.Forward(images, Tensor.From([TestedAt], [1], options.Device))))),
            ],
            EvaluateAfter = static step => step is 100 or 300 || step % 938 == 0,
            Save = step => Trainee.Save(step, trainees),
            Load = checkpoint => Trainee.Load(checkpoint, trainees),
        };
        IReadOnlyList<Metric> final = loop.Run(options, progress, cancel);
        TrainSummary summary = new(
            [.. final.Select(static metric => new Figure(metric.Run, metric.Quantity, metric.Value, "P2")),
                .. runs.Select(static run => new Figure(run.Name, "parameters", run.Network.Count, "N0"))],
            [
                new Setting("target", $"LeNet, {runs[0].Network.Manifest.Count:N0} generated weights, one set per step"),
                new Setting("condition", $"one number from 0 to 1, drawn per step, tested at {TestedAt}"),
                new Setting("data", data.Description),
                new Setting("optimiser", $"Adam, rates {string.Join(" and ", s_rates.Select(static r => r.Rate))}, batch {Batch}"),
            ])
        {
            Pictures =
            [
                ConfusionMatrix.Picture("What was answered", [.. runs.Select(run => (run.Name, ConfusionMatrix.Of(
                    data.Test, options.Device, images => run.Network.Forward(images, Tensor.From([TestedAt], [1], options.Device)))))]),
            ],
        };
        Array.ForEach(runs, static run => run.Dispose());
        return summary;
    }
}
