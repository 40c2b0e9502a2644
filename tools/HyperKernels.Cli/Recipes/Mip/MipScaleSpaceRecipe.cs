using System.Globalization;
using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// One convolutional network for every rescaling factor inside it, from one hypernetwork that is told the factor, default against MIP: accuracy against cost.
/// </summary>
internal sealed class MipScaleSpaceRecipe : IRecipe
{
    private const int Batch = 64;
    private const int DefaultSteps = 1000;
    private const int TestImages = 500;
    private const int EvaluateEvery = 50;
    private const double Threshold = 0.8;
    private const float LeastFactor = 0.4f;
    private static readonly float[] s_testedAt = [0.4f, 0.6f, 0.9f];
    private static readonly float[] s_shownAt = [0.4f, 0.5f, 0.6f, 0.7f, 0.8f, 0.9f, 1];
    private static readonly int[] s_hidden = [16, 64];

    public string Name => "mip-scale-space";

    public string Description => "One network for every rescaling factor inside it, told to its hypernetwork: default and MIP, accuracy against cost.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        DigitData full = DigitData.Load(options);
        DigitData data = new(full.Training.Halved(), full.Test.Take(TestImages).Halved());
        (int height, int width) = (data.Training.Height, data.Training.Width);
        BatchOrder order = new(data.Training.Count, Batch, options.Seed);
        using Sweep sweep = new(
            Sweep.Cross(MipForms.Two, TrialRate.Of([1e-2f, 3e-2f, 0.1f], [3e-4f, 1e-3f, 3e-3f]), options.Seed, (choices, random) =>
                HyperNetwork.For(new ScaleSpaceNet(random), Condition.Unit("factor"), s_hidden, options: choices)),
            "test accuracy", "P1", Threshold, largerIsBetter: true);
        float[] images = new float[Batch * height * width];
        int[] labels = new int[Batch];

        TrainingLoop loop = new()
        {
            Steps = options.TotalSteps(order.StepsPerEpoch, DefaultSteps),
            ExamplesPerStep = Batch * sweep.Trials.Count,
            Step = step =>
            {
                ReadOnlySpan<int> rows = order.Rows(step);
                int count = rows.Length;
                data.Training.Fill(rows, images, labels);
                float factor = new SplitMix(options.Seed, step).Uniform(LeastFactor, 1);
                return sweep.Step(trial =>
                {
                    Tensor x = Tensor.From(images.AsSpan(0, count * height * width), [count, 1, height, width], options.Device);
                    return Ops.CrossEntropy(Logits(trial.Network, x, factor), Tensor.From(labels.AsSpan(0, count), [count], options.Device));
                });
            },
            Evaluate = step => sweep.Evaluate(step, trial => s_testedAt.Average(factor => TestAccuracy(trial.Network, data.Test, factor, options.Device))),
            EvaluateAfter = static step => step % EvaluateEvery == 0,
            Save = sweep.Save,
            Load = sweep.Load,
        };
        loop.Run(options, progress, cancel);
        Trial[] best = [.. MipForms.Two.Select(form => sweep.Best(form.Name))];
        best[^1].Network.Save(options.File("mip.safetensors"));
        double[][] accuracy = [.. best.Select(trial => s_shownAt.Select(factor => TestAccuracy(trial.Network, data.Test, factor, options.Device)).ToArray())];
        double[] cost = [.. s_shownAt.Select(factor => (double)ScaleSpaceNet.Cost(height, width, factor))];
        return new TrainSummary(
            [
                .. sweep.Figures(),
                .. s_shownAt.SelectMany((factor, i) => new[]
                {
                    new Figure(Row(factor), "test accuracy, last", accuracy[^1][i], "P1"), new Figure(Row(factor), "multiply-adds", cost[i], "N0"),
                }),
            ],
            [
                .. sweep.Verdicts(),
                new Setting(
                    "target",
                    "three convolutions with a rescaling after the first and the second, a linear layer on means of 4 x 4 parts, "
                    + $"{sweep.Trials[0].Network.Manifest.Count:N0} generated weights"),
                new Setting("condition", $"factor of both rescalings from {LeastFactor} to 1, one a step; tested at {string.Join(", ", s_testedAt)}"),
                new Setting("hypernetwork", $"hidden {string.Join(" and ", s_hidden)}; default: condition as it is, nothing added; MIP: encoded, base weights added"),
                new Setting("data", $"{data.Description}, {height} x {width}"),
                new Setting("runs", $"batch {Batch}, momentum 0.9, {Sweep.Seeds} seeds each"),
            ])
        {
            Pictures =
            [
                Picture.OfCurves("Accuracy by cost", "One model for all factors, the best run of each form.", "million multiply-adds an image", "test accuracy",
                    Curves(i => cost[i] / 1e6)),
                Picture.OfCurves("Accuracy by factor", "The same models.", "factor", "test accuracy", Curves(i => s_shownAt[i])),
            ],
        };

        string Row(float factor) => string.Create(CultureInfo.InvariantCulture, $"{best[^1].Form}, {best[^1].Rate}, at factor {factor}");

        IReadOnlyList<(string, IReadOnlyList<(double, double)>)> Curves(Func<int, double> place) =>
            [.. best.Select((trial, form) => (trial.Form, (IReadOnlyList<(double, double)>)[.. s_shownAt.Select((_, i) => (place(i), accuracy[form][i]))]))];
    }

    private static Tensor Logits(HyperNetwork network, Tensor images, float factor)
    {
        ((ScaleSpaceNet)network.Target).Factor = factor;
        return network.Forward(images, Tensor.From([factor], [1], images.Device));
    }

    private static double TestAccuracy(HyperNetwork network, ImageSet test, float factor, Device device) =>
        Accuracy.Of(test, device, images => Logits(network, images, factor));
}
