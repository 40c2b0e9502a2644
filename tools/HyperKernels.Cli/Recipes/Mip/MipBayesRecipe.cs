using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// Bayesian networks for digits at every weight of the prior from one hypernetwork, default against MIP: it generates means and spreads of Gaussian weights
/// from the weight, which is drawn anew every step.
/// </summary>
internal sealed class MipBayesRecipe : IRecipe
{
    private const int Batch = 64;
    private const int DefaultSteps = 1500;
    private const int HiddenUnits = 32;
    private const int TestImages = 500;
    private const int EvaluateEvery = 50;
    private const double Threshold = 0.9;

    // The divergence counts so much beside the evidence; 1 is Bayes' rule.
    private const double LowestWeight = 1e-3;
    private const double HighestWeight = 10;
    private static readonly float[] s_testedAt = [0.01f, 0.1f, 1];
    private static readonly int[] s_hidden = [16, 64];

    public string Name => "mip-bayes";

    public string Description => "Bayesian networks for digits at every weight of the prior from one hypernetwork: default and MIP at several rates of SGD and Adam.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        DigitData full = DigitData.Load(options);
        DigitData data = new(full.Training.Halved(), full.Test.Take(TestImages).Halved());
        int pixels = data.Training.Height * data.Training.Width;
        BatchOrder order = new(data.Training.Count, Batch, options.Seed);
        Condition condition = Condition.LogRange("weight", LowestWeight, HighestWeight);
        using Sweep sweep = new(
            Sweep.Cross(MipForms.Two, TrialRate.Of([1e-3f, 1e-2f, 0.1f], [1e-4f, 1e-3f, 1e-2f]), options.Seed, (choices, random) =>
                HyperNetwork.For(new Classifier(pixels, random), condition, s_hidden, options: choices)),
            "test accuracy", "P1", Threshold, largerIsBetter: true);
        float[] images = new float[Batch * pixels];
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
                SplitMix random = new(options.Seed, step);
                float weight = (float)(LowestWeight * Math.Pow(HighestWeight / LowestWeight, random.Unit()));
                ulong noise = random.Next();
                return sweep.Step(trial =>
                {
                    Classifier target = (Classifier)trial.Network.Target;
                    using IDisposable weights = trial.Network.Apply(Tensor.From([weight], [1], options.Device));
                    Tensor x = Tensor.From(images.AsSpan(0, count * pixels), [count, pixels], options.Device);
                    Tensor logits = target.Forward(x, new RandomStream(noise));
                    Tensor evidence = Ops.CrossEntropy(logits, Tensor.From(labels.AsSpan(0, count), [count], options.Device));
                    return evidence + (target.Divergence() * (weight / data.Training.Count));
                });
            },
            Evaluate = step => sweep.Evaluate(step, trial => s_testedAt.Average(weight => TestAccuracy(trial.Network, data.Test, weight, options.Device))),
            EvaluateAfter = static step => step % EvaluateEvery == 0,
            Save = sweep.Save,
            Load = sweep.Load,
        };
        loop.Run(options, progress, cancel);
        Trial[] best = [.. MipForms.Two.Select(form => sweep.Best(form.Name))];
        best[^1].Network.Save(options.File("mip.safetensors"));
        float[] range = [.. Enumerable.Range(0, 9).Select(static i => (float)(LowestWeight * Math.Pow(HighestWeight / LowestWeight, i / 8.0)))];
        return new TrainSummary(
            [.. sweep.Figures()],
            [
                .. sweep.Verdicts(),
                new Setting("target", $"{pixels}-{HiddenUnits}-10, ReLU, Gaussian weights: {sweep.Trials[0].Network.Manifest.Count:N0} generated means and spreads"),
                new Setting("condition", $"weight of the prior, {LowestWeight} to {HighestWeight} by its logarithm, one a step; tested at {string.Join(", ", s_testedAt)}"),
                new Setting("hypernetwork", $"hidden {string.Join(" and ", s_hidden)}; default: condition as it is, nothing added; MIP: encoded, base weights added"),
                new Setting("data", $"{data.Description}, 14 x 14"),
                new Setting("runs", $"batch {Batch}, momentum 0.9, {Sweep.Seeds} seeds each"),
            ])
        {
            Pictures =
            [
                Picture.OfCurves("Accuracy by weight of the prior", "One model for all weights, the best run of each form; the means compute.", "log10 of the weight",
                    "test accuracy", Curves(best, range, (network, weight) => TestAccuracy(network, data.Test, weight, options.Device))),
                Picture.OfCurves("Distance from the prior by its weight", "The same models: a higher weight draws the distribution to the prior.", "log10 of the weight",
                    "divergence", Curves(best, range, (network, weight) => Divergence(network, weight, options.Device))),
            ],
        };
    }

    private static double TestAccuracy(HyperNetwork network, ImageSet test, float weight, Device device)
    {
        Classifier target = (Classifier)network.Target;
        return Accuracy.Of(test, device, images =>
        {
            using IDisposable weights = network.Apply(Tensor.From([weight], [1], device));
            return target.Forward(Ops.Flatten(images), noise: null);
        });
    }

    private static double Divergence(HyperNetwork network, float weight, Device device)
    {
        using MemoryScope scope = device.Scope();
        using IDisposable weights = network.Apply(Tensor.From([weight], [1], device));
        return ((Classifier)network.Target).Divergence().ToScalar();
    }

    private static IReadOnlyList<(string, IReadOnlyList<(double, double)>)> Curves(Trial[] trials, float[] range, Func<HyperNetwork, float, double> value) =>
        [.. trials.Select(trial => (trial.Form, (IReadOnlyList<(double, double)>)[.. range.Select(weight => (Math.Log10(weight), value(trial.Network, weight)))]))];

    /// <summary>Two layers of Gaussian weights.</summary>
    private sealed class Classifier : Layer
    {
        private readonly GaussianLinear _first;
        private readonly GaussianLinear _second;

        public Classifier(int pixels, RandomStream random)
        {
            _first = Add("first", new GaussianLinear(pixels, HiddenUnits, random));
            _second = Add("second", new GaussianLinear(HiddenUnits, ImageSet.Classes, random));
        }

        /// <summary>[B, pixels] to [B, 10], with noise or by the means.</summary>
        public Tensor Forward(Tensor images, RandomStream? noise)
        {
            _first.Noise = _second.Noise = noise;
            return _second.Forward(Ops.Relu(_first.Forward(images)));
        }

        public Tensor Divergence() => _first.Divergence() + _second.Divergence();
    }
}
