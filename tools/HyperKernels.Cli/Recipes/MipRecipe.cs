using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// A plain and a magnitude invariant hypernetwork side by side on turned digits: every image is turned by an angle of its own, and the
/// weights of the network that reads it are generated from that angle.
/// </summary>
internal sealed class MipRecipe : IRecipe
{
    private const int Batch = 64;
    private const float Rate = 1e-3f;
    private const int DefaultSteps = 900;
    private const float MostDegrees = 90;
    private const int TestImages = 2000;

    public string Name => "mip";

    public string Description => "The main job: a default and a MIP hypernetwork side by side; every digit is turned by its own angle and read by weights generated from it.";

    public bool SplitsBatches => true;

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        DigitData data = DigitData.Load(options);
        ImageSet upright = data.Test.Take(TestImages);
        TurnedDigits test = new(upright, MostDegrees, options.Seed + 1);
        BatchOrder order = new(data.Training.Count, Batch, options.Seed);
        HyperRun[] runs = HyperRun.DefaultAndMip(Condition.Range("angle", 0, MostDegrees), options.Seed, Rate);
        MipPictures pictures = new(runs, MostDegrees);
        (HyperRun Run, double Low, double High)[] norms = [.. runs.Select(static run => (run, run.Norm(0.1f * MostDegrees), run.Norm(MostDegrees)))];
        Trainee[] trainees = [.. runs.Select(static run => run.Trainee)];
        TurnedBatch batch = new(Batch, data.Training.Height, data.Training.Width);

        TrainingLoop loop = new()
        {
            Steps = options.TotalSteps(order.StepsPerEpoch, DefaultSteps),
            ExamplesPerStep = Batch * runs.Length,
            Step = step =>
            {
                ReadOnlySpan<int> rows = order.Rows(step);
                batch.Fill(data.Training, rows, options.Own(rows.Length), MostDegrees, options.Seed, step);
                return
                [
                    .. runs.Select(run => new Metric($"{run.Name}/loss", run.Step(network =>
                        Ops.CrossEntropy(network.Forward(batch.Images(options.Device), batch.Angles(options.Device)), batch.Labels(options.Device))))),
                ];
            },
            Evaluate = _ => [.. runs.Select(run =>
                new Metric($"{run.Name}/test accuracy", test.Accuracy(options.Device, (images, angles) => run.Network.Forward(images, angles))))],
            EvaluateAfter = static step => step is 50 or 100 or 200 || step % 300 == 0,
            Save = step => Trainee.Save(step, trainees),
            Load = checkpoint => Trainee.Load(checkpoint, trainees),
        };
        IReadOnlyList<Metric> final = loop.Run(options, progress, cancel);
        foreach (HyperRun run in runs)
        {
            run.Network.Save(options.File($"{run.Name}.safetensors"));
        }
        TrainSummary summary = new(
            [
                .. final.Select(static metric => new Figure(metric.Run, metric.Quantity, metric.Value, "P2")),
                .. runs.Select(static run => new Figure(run.Name, "parameters", run.Network.Count, "N0")),
                .. norms.SelectMany(static n => new[]
                {
                    new Figure(n.Run.Name, "norm of weights at 9 degrees, start", n.Low, "F2"), new Figure(n.Run.Name, "at 90 degrees", n.High, "F2"),
                }),
            ],
            [
                new Setting("target", $"LeNet, {runs[0].Network.Manifest.Count:N0} generated weights, a set of its own for every image"),
                new Setting("condition", $"angle from 0 to {MostDegrees} degrees; default: as it is, MIP: encoded as cosine and sine, base weights added"),
                new Setting("data", $"{data.Description}, each image turned by a random angle"),
                new Setting("optimiser", $"Adam, rate {Rate}, batch {Batch}"),
            ])
        {
            Pictures = pictures.Of(test, upright, options.Device),
        };
        Array.ForEach(runs, static run => run.Dispose());
        return summary;
    }
}
