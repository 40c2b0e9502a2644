using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// Parameterised hypercomplex networks for clothes: the same convolutional network with real weights, and with its hidden layers over 2, 3 and 4 components, which
/// leaves about a half, a third and a quarter of their parameters.
/// </summary>
internal sealed class PhcRecipe : IRecipe
{
    private const int DefaultEpochs = 6;

    // Twelve and its multiples, which 2, 3 and 4 divide.
    private const int Channels = 12;
    private const int Real = 1;

    public string Name => "phc-images";

    public string Description => "Convolutional networks of hypercomplex layers with 2, 3 and 4 components and so 1/n of the weights, beside the real one.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        DigitData data = DigitData.Load(options, "fashion-mnist");
        (int N, Sequential Net)[] nets = [.. new[] { Real, 2, 3, 4 }.Select(n => (n, Network(n, data.Training, options.Seed)))];
        long[] hidden = [.. nets.Select(static one => Hidden(one.Net))];
        string network = nets[^1].Net.ToString();
        IReadOnlyList<SideBySideResult> results =
            SideBySide.Train(data, [.. nets.Select(static one => (NameOf(one.N), one.Net))], DefaultEpochs, options, progress, cancel);
        SideBySideResult real = results[0];
        return new TrainSummary(
            [
                .. results.SelectMany((one, i) => new[]
                {
                    new Figure(one.Name, "test accuracy", one.Accuracy, "P2"),
                    new Figure(one.Name, "beyond real", one.Accuracy - real.Accuracy, "P2"),
                    new Figure(one.Name, "parameters", one.Parameters, "N0"),
                    new Figure(one.Name, "hidden weights", hidden[i], "N0"),
                    new Figure(one.Name, "of real", (double)hidden[i] / hidden[0], "P1"),
                    new Figure(one.Name, "published of real", 1.0 / nets[i].N, "P1"),
                    new Figure(one.Name, "time of real", one.SecondsAnEpoch / real.SecondsAnEpoch, "F2", "resumed"),
                    new Figure(one.Name, "seconds an epoch", one.SecondsAnEpoch, "F1", "resumed"),
                }),
            ],
            [
                new Setting("network", network),
                new Setting("published", "1/n of the parameters at the accuracy of real networks, on larger images; no figure for this network"),
                new Setting("hidden weights", "without biases; of n components (weights of the real network) / n, and n^3 for each layer's rule of multiplication"),
                new Setting("data", data.Description),
                SideBySide.Optimiser,
            ])
        {
            Pictures =
            [
                Picture.OfCurves(
                    "Accuracy by parameters", "From four components to one.", "hidden weights", "test accuracy",
                    [("n = 4, 3, 2, 1", [.. results.Select((one, i) => ((double)hidden[i], one.Accuracy)).Reverse()])]),
                ConfusionMatrix.Picture("What was answered", [.. results.Select(static one => (one.Name, one.Answers))]),
            ],
        };
    }

    private static string NameOf(int n) => n == Real ? "real" : $"n-{n}";

    /// <summary>
    /// Three convolutions of 3 by 3 with normalisation, ReLU and pooling, and two linear layers. The first layer, which reads one channel, and the last, which
    /// gives ten classes, are real in all networks.
    /// </summary>
    private static Sequential Network(int n, ImageSet images, int seed)
    {
        RandomStream random = new((ulong)seed);
        int places = images.Height / 8 * (images.Width / 8);
        return new Sequential(
            new Conv2d(1, Channels, 3, padding: 1, random: random), new BatchNorm(Channels), new Relu(), new MaxPool2d(2),
            Convolution(Channels, 2 * Channels), new BatchNorm(2 * Channels), new Relu(), new MaxPool2d(2),
            Convolution(2 * Channels, 4 * Channels), new BatchNorm(4 * Channels), new Relu(), new MaxPool2d(2),
            // Flattened channel by channel, so that features still go by component.
            new Flatten(), Matrix(4 * Channels * places, 4 * Channels), new BatchNorm(4 * Channels), new Relu(),
            new Linear(4 * Channels, ImageSet.Classes, random: random));

        TensorLayer Convolution(int inChannels, int outChannels) => n == Real
            ? new Conv2d(inChannels, outChannels, 3, padding: 1, random: random)
            : new KroneckerConv2d(inChannels, outChannels, 3, n, padding: 1, random: random);

        TensorLayer Matrix(int inFeatures, int outFeatures) => n == Real
            ? new Linear(inFeatures, outFeatures, random: random)
            : new KroneckerLinear(inFeatures, outFeatures, n, random: random);
    }

    // The weights of the layers between the first and the last.
    private static long Hidden(Sequential net) => net.Skip(1).SkipLast(1).SelectMany(static layer => layer.Parameters)
        .Where(static parameter => parameter.Shape.Rank > 1).Sum(static parameter => parameter.Shape.Count);
}
