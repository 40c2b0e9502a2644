using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// Experts that are mixed before they are applied: a small convolutional network for clothes, beside the same with 4 and 8 experts in every layer but the first,
/// mixed anew for every image. What is gained, and what it costs in arithmetic and in time.
/// </summary>
internal sealed class CondConvRecipe : IRecipe
{
    private const int DefaultEpochs = 10;
    private const int Channels = 8;
    private const string Plain = "plain";

    // EfficientNet-B0 on ImageNet as the authors trained it: plain, with 4 and with 8 experts, top-1 accuracy and millions of multiply-adds.
    private const double PublishedPlain = 0.773;
    private const double PublishedPlainCost = 391;

    public string Name => "condconv-fashion";

    public string Description => "A small convolutional network beside the same with 4 and 8 experts mixed for every image: accuracy, parameters, multiply-adds and time.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        DigitData data = DigitData.Load(options, "fashion-mnist");
        (string Name, Sequential Net)[] nets =
        [
            (Plain, Network(options.Seed, static (layer, _) => layer)),
            ("condconv-4", Network(options.Seed, static (layer, random) => CondConv.For(layer, experts: 4, random: random))),
            ("condconv-8", Network(options.Seed, static (layer, random) => CondConv.For(layer, experts: 8, random: random))),
            ("parameternet-4", Network(options.Seed, static (layer, random) => ParameterNet.For(layer, experts: 4, random: random))),
        ];
        Dictionary<string, (double Accuracy, double Cost)> published = new()
        {
            [Plain] = (PublishedPlain, PublishedPlainCost),
            ["condconv-4"] = (0.778, 402),
            ["condconv-8"] = (0.783, 413),
        };
        Dictionary<string, double> costs = nets.ToDictionary(
            static one => one.Name, one => (double)MultiplyAdds.Of(one.Net, [1, 1, data.Training.Height, data.Training.Width], options.Device));
        string network = nets[0].Net.ToString();
        IReadOnlyList<SideBySideResult> results = SideBySide.Train(data, nets, DefaultEpochs, options, progress, cancel);
        SideBySideResult plain = results[0];
        return new TrainSummary(
            [.. results.SelectMany(FiguresOf)],
            [
                new Setting("network", network),
                new Setting("experts", "in every layer but the first convolution; condconv: weighed by a sigmoid each; parameternet: by a softmax behind a hidden layer"),
                new Setting("published", "EfficientNet-B0 on ImageNet, 391 million multiply-adds and 77.3 % without experts"),
                new Setting("ratios", "to the plain network; the time of an image is that of a test image in the fastest evaluation, reading and counting included"),
                new Setting("data", data.Description),
                SideBySide.Optimiser,
            ])
        {
            Pictures =
            [
                Picture.OfCurves(
                    "Accuracy by arithmetic", "Plain, 4 and 8 experts.", "multiply-adds an image", "test accuracy",
                    [("condconv", [.. results.Take(3).Select(one => (costs[one.Name], one.Accuracy))])]),
                ConfusionMatrix.Picture("What was answered", [.. results.Select(static one => (one.Name, one.Answers))]),
            ],
        };

        IEnumerable<Figure> FiguresOf(SideBySideResult one)
        {
            string name = one.Name;
            bool isPublished = published.TryGetValue(name, out (double Accuracy, double Cost) theirs);
            yield return new Figure(name, "test accuracy", one.Accuracy, "P2");
            yield return new Figure(name, "gain", one.Accuracy - plain.Accuracy, "P2");
            if (isPublished)
            {
                yield return new Figure(name, "published gain", theirs.Accuracy - PublishedPlain, "P2");
            }
            yield return new Figure(name, "parameters", one.Parameters, "N0");
            yield return new Figure(name, "multiply-adds", costs[name], "N0");
            yield return new Figure(name, "ratio", costs[name] / costs[Plain], "F3");
            if (isPublished)
            {
                yield return new Figure(name, "published ratio", theirs.Cost / PublishedPlainCost, "F3");
            }
            yield return new Figure(name, "microseconds an image", 1e6 * one.SecondsAnImage, "F1");
            yield return new Figure(name, "time ratio", one.SecondsAnImage / plain.SecondsAnImage, "F2");
            yield return new Figure(name, "training ratio", one.SecondsAnEpoch / plain.SecondsAnEpoch, "F2", "resumed");
            yield return new Figure(name, "seconds an epoch", one.SecondsAnEpoch, "F1", "resumed");
        }
    }

    /// <summary>Three convolutions of 3 by 3 with normalisation and ReLU, and a linear layer on the means of the channels.</summary>
    /// <param name="seed">Of the first values.</param>
    /// <param name="conditional">Makes a layer conditional, or leaves it as it is.</param>
    private static Sequential Network(int seed, Func<TensorLayer, RandomStream, TensorLayer> conditional)
    {
        RandomStream random = new((ulong)seed);
        return new Sequential(
            new Conv2d(1, Channels, 3, padding: 1, random: random), new BatchNorm(Channels), new Relu(), new MaxPool2d(2),
            conditional(new Conv2d(Channels, 2 * Channels, 3, padding: 1, random: random), random), new BatchNorm(2 * Channels), new Relu(), new MaxPool2d(2),
            conditional(new Conv2d(2 * Channels, 4 * Channels, 3, padding: 1, random: random), random), new BatchNorm(4 * Channels), new Relu(),
            new AdaptiveAveragePool2d(1), new Flatten(),
            conditional(new Linear(4 * Channels, ImageSet.Classes, random: random), random));
    }
}
