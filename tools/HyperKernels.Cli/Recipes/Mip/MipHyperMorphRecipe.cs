using System.Globalization;
using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// Registration of pairs of digits at every weight of smoothness from one hypernetwork, default against MIP: it generates, from the weight, the network that
/// finds the displacements which make one image look like the other.
/// </summary>
/// <remarks>The task is HyperMorph's (Hoopes et al., arXiv 2101.01035) on digits instead of brains.</remarks>
internal sealed class MipHyperMorphRecipe : IRecipe
{
    private const int Batch = 32;
    private const int DefaultSteps = 1000;
    private const int TestPairs = 100;
    private const int ShownPairs = 10;
    private const int EvaluateEvery = 50;
    private const double Threshold = 0.5;

    // Brings the mean square of differences in grey to the scale of that of displacements.
    private const float SimilarityScale = 10;
    private static readonly float[] s_testedAt = [0.1f, 0.5f, 0.8f];
    private static readonly float[] s_shownAt = [0, 0.1f, 0.25f, 0.5f, 0.75f, 0.9f, 1];
    private static readonly int[] s_hidden = [16, 64];

    public string Name => "mip-hypermorph";

    public string Description => "Registration of pairs of digits at every weight of smoothness from one hypernetwork: default and MIP at several rates of SGD and Adam.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        DigitData full = DigitData.Load(options);
        ImageSet training = full.Training.Halved();
        int height = training.Height;
        int width = training.Width;
        DigitPairs pairs = new(training, options.Seed);
        float[] test = new float[TestPairs * 2 * height * width];
        new DigitPairs(full.Test.Halved(), options.Seed).Fill(0, test);
        Warp warp = new(height, width);
        using Sweep sweep = new(
            Sweep.Cross(MipForms.Two, TrialRate.Of([1e-2f, 0.1f, 0.5f], [1e-4f, 1e-3f, 1e-2f]), options.Seed, (choices, random) =>
                HyperNetwork.For(new RegistrationNet(random), Condition.Unit("smoothness"), s_hidden, options: choices)),
            "loss left", "P1", Threshold, largerIsBetter: false);
        double unlike = Unlike(test, height * width);
        float[] batch = new float[Batch * 2 * height * width];

        TrainingLoop loop = new()
        {
            Steps = options.TotalSteps((training.Count + Batch - 1) / Batch, DefaultSteps),
            ExamplesPerStep = Batch * sweep.Trials.Count,
            ExamplesName = "pairs",
            Step = step =>
            {
                pairs.Fill(step * Batch, batch);
                float weight = new SplitMix(options.Seed, step).Unit();
                return sweep.Step(trial =>
                {
                    Tensor images = Tensor.From(batch, [Batch, 2, height, width], options.Device);
                    Tensor field = trial.Network.Forward(images, Tensor.From([weight], [1], options.Device));
                    return Loss(warp, images, warp.Apply(Ops.Slice(images, 1, 0, 1), field), field, weight);
                });
            },
            Evaluate = step => sweep.Evaluate(step, trial =>
                s_testedAt.Average(weight => Register(trial.Network, warp, test, weight, options.Device).Loss / (unlike * (1 - weight)))),
            EvaluateAfter = static step => step % EvaluateEvery == 0,
            Save = sweep.Save,
            Load = sweep.Load,
        };
        loop.Run(options, progress, cancel);
        Trial[] best = [.. MipForms.Two.Select(form => sweep.Best(form.Name))];
        best[^1].Network.Save(options.File("mip.safetensors"));
        (string Name, Registration[] Results)[] byWeight =
            [.. best.Select(trial => (trial.Form, s_shownAt.Select(weight => Register(trial.Network, warp, test, weight, options.Device)).ToArray()))];
        Registration[] shown = byWeight[^1].Results;
        double before = warp.Overlap(Channel(test, 0, height * width), Channel(test, 1, height * width));
        return new TrainSummary(
            [
                .. sweep.Figures(),
                new Figure("no registration", "loss left, last", 1, "P1"),
                new Figure("no registration", "overlap", before, "P1"),
                .. s_shownAt.SelectMany((weight, i) => new[]
                {
                    new Figure(Row(weight), "overlap", shown[i].Overlap, "P1"), new Figure(Row(weight), "roughness", shown[i].Roughness, "F4"),
                    new Figure(Row(weight), "folds", shown[i].Folds, "P2"),
                }),
            ],
            [
                .. sweep.Verdicts(),
                new Setting("target", $"a network of the shape of a U on both images, {sweep.Trials[0].Network.Manifest.Count:N0} generated weights; displacements in pixels"),
                new Setting("condition", $"weight of smoothness from 0 to 1, one a step; loss (1 - weight) {SimilarityScale} x mean squared error + weight x roughness"),
                new Setting("quality", $"loss by that without any displacement, mean over the weights {string.Join(", ", s_testedAt)}, {TestPairs} pairs of test images"),
                new Setting("hypernetwork", $"hidden {string.Join(" and ", s_hidden)}; default: condition as it is, nothing added; MIP: encoded, base weights added"),
                new Setting("data", $"pairs of one digit: {full.Description}, 14 x 14"),
                new Setting("runs", $"batch {Batch}, momentum 0.9, {Sweep.Seeds} seeds each"),
            ])
        {
            Pictures =
            [
                Picture.OfImages(
                    "Pairs of test images", $"Registered by one model ({best[^1].Form}, {best[^1].Rate}): the same pairs at several weights of smoothness.", height, width,
                [
                    ("to move", Channel(test, 0, height * width)[..(ShownPairs * height * width)]),
                    ("to meet", Channel(test, 1, height * width)[..(ShownPairs * height * width)]),
                    .. s_shownAt.Select((weight, i) => (string.Create(CultureInfo.InvariantCulture, $"at {weight}"), shown[i].Moved[..(ShownPairs * height * width)])),
                ]),
                Picture.OfCurves("Overlap by weight of smoothness", "One model for all weights, the best run of each form.", "weight", "overlap",
                    Curves(byWeight, static result => result.Overlap)),
                Picture.OfCurves("Roughness by weight of smoothness", "Mean square of the difference between displacements of neighbours.", "weight", "roughness",
                    Curves(byWeight, static result => result.Roughness)),
            ],
        };

        string Row(float weight) => string.Create(CultureInfo.InvariantCulture, $"{best[^1].Form}, {best[^1].Rate}, at weight {weight}");
    }

    private static Tensor Loss(Warp warp, Tensor images, Tensor moved, Tensor field, float weight) =>
        (Ops.MeanSquaredError(moved, Ops.Slice(images, 1, 1, 1)) * (SimilarityScale * (1 - weight))) + (warp.Roughness(field) * weight);

    // The loss at weight 0 where nothing moves.
    private static double Unlike(float[] pairs, int size) =>
        SimilarityScale * Channel(pairs, 0, size).Zip(Channel(pairs, 1, size), static (a, b) => (double)(a - b) * (a - b)).Average();

    private static Registration Register(HyperNetwork network, Warp warp, float[] pairs, float weight, Device device)
    {
        using MemoryScope scope = device.Scope();
        Tensor images = Tensor.From(pairs, [TestPairs, 2, warp.Height, warp.Width], device);
        Tensor field = network.Forward(images, Tensor.From([weight], [1], device));
        Tensor moved = warp.Apply(Ops.Slice(images, 1, 0, 1), field);
        float[] pixels = moved.ToArray();
        return new Registration(
            pixels, Loss(warp, images, moved, field, weight).ToScalar(), warp.Overlap(pixels, Channel(pairs, 1, warp.Height * warp.Width)),
            warp.Roughness(field).ToScalar(), warp.Folds(field.ToArray()));
    }

    private static float[] Channel(float[] pairs, int channel, int size) =>
        [.. pairs.Chunk(size).Where((_, i) => i % 2 == channel).SelectMany(static image => image)];

    private static IReadOnlyList<(string, IReadOnlyList<(double, double)>)> Curves((string Name, Registration[] Results)[] models, Func<Registration, double> value) =>
        [.. models.Select(model => (model.Name, (IReadOnlyList<(double, double)>)[.. model.Results.Select((result, i) => ((double)s_shownAt[i], value(result)))]))];

    private sealed record Registration(float[] Moved, double Loss, double Overlap, double Roughness, double Folds);
}
