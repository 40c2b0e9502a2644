using System.Globalization;
using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// A perceptron for digits whose weights read a bank of fewer numbers, from as many as weights to a thousandth: by folds (STABLE-RPS), runs (ROAST) and single places, beside
/// narrower networks and a dense random projection of as many numbers. And under plain gradient descent with and without the bank's gradient divided.
/// </summary>
internal sealed class RoastRecipe : IRecipe
{
    private const int DefaultEpochs = 2;
    private const int Hidden = 200;
    private const int ShownUnits = 14;
    private const float ProjectionRate = 0.1f;
    private const float Momentum = 0.9f;
    private const int PlainCompression = 100;

    // Each does well at the usual first values; the smaller ones ask for weights of larger scale.
    private const float DividedRate = 2;
    private const float UndividedRate = 0.05f;
    private const float SmallFirstValues = 0.01f;

    // A dense projection costs weights times numbers in every step.
    private const int ProjectedCompression = 1000;
    private const string AllWeights = "all weights";

    private static readonly int[] s_folds = [1, 3, 10, 30, 100, 300, 1000];
    private static readonly int[] s_others = [10, 100, 1000];
    private static readonly int[] s_narrow = [10, 100];

    public string Name => "roast-mnist";

    public string Description => "A perceptron's accuracy on digits when its weights share a hashed bank (ROAST, STABLE-RPS), 1 to 1000 weights a number.";

    public bool SplitsBatches => true;

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        DigitData data = DigitData.Load(options);
        Variant[] variants = [.. Variants(data.Training.Height * data.Training.Width, options.Seed)];
        IReadOnlyList<SideBySideResult> results = SideBySide.Train(
            data, [.. variants.Select(static variant => (variant.Name, variant.Net))], DefaultEpochs, options, progress, cancel,
            optimizer: (name, net) => variants.Single(variant => variant.Name == name).Optimiser(net));
        (Variant Variant, SideBySideResult Result)[] all = [.. variants.Zip(results)];
        double usual = results[0].Accuracy;
        double seconds = results[0].SecondsAnEpoch;
        return new TrainSummary(
            [
                .. all.SelectMany(pair => new[]
                {
                    new Figure(pair.Result.Name, "weights a number", pair.Variant.Compression, "N0"),
                    new Figure(pair.Result.Name, "numbers trained", pair.Result.Parameters, "N0"),
                    new Figure(pair.Result.Name, "test accuracy", pair.Result.Accuracy, "P2"),
                    new Figure(pair.Result.Name, "of all weights", pair.Result.Accuracy / usual, "P1"),
                    new Figure(pair.Result.Name, "seconds an epoch", pair.Result.SecondsAnEpoch, "F1", "resumed"),
                    new Figure(pair.Result.Name, "time of all weights", pair.Result.SecondsAnEpoch / seconds, "F2", "resumed"),
                }),
            ],
            [
                new Setting("network", $"perceptron of {Hidden} and {Hidden} units, as in intrinsic-dimension; biases are no part of the bank"),
                new Setting("fold, chunk, single", "all weights folded onto the bank, each fold turned; runs of 32 weights from a place by chance; each weight by itself"),
                new Setting("narrow, projection", "a perceptron of as many numbers; first values plus a dense random matrix times the numbers (intrinsic dimension)"),
                new Setting("sgd", $"gradient descent with momentum {Momentum} instead of Adam: folds whose gradient is divided as in STABLE-RPS (v1), rate {DividedRate}, or not, "
                    + $"rate {UndividedRate}; small: first values within {SmallFirstValues}, not {new SharedBankOptions().FirstValues}, at the same rates"),
                new Setting("data", data.Description),
                SideBySide.Optimiser,
                new Setting("projection's rate", ProjectionRate.ToString(CultureInfo.InvariantCulture)),
            ])
        {
            Pictures = [Curves(all), FirstLayers(data, options)],
        };
    }

    private static IEnumerable<Variant> Variants(int pixels, int seed)
    {
        RandomStream Stream() => new((ulong)seed);
        TensorLayer Perceptron(int hidden) => new Sequential(new Flatten(), new Mlp([pixels, hidden, hidden, ImageSet.Classes], Activation.Relu, random: Stream()));
        int weights = (pixels * Hidden) + (Hidden * Hidden) + (Hidden * ImageSet.Classes);
        TensorLayer Bank(int compression, SharedBankOptions options) =>
            new SharedBankNetwork(Perceptron(Hidden), weights / compression, options with { Seed = (ulong)seed }, random: Stream());

        yield return new Variant(AllWeights, "", 1, Perceptron(Hidden));
        foreach (int compression in s_folds)
        {
            yield return new Variant($"fold-{compression}", "fold", compression, Bank(compression, new SharedBankOptions()));
        }
        foreach ((string name, BankMap map) in new[] { ("chunk", BankMap.Chunk), ("single", BankMap.Independent) })
        {
            foreach (int compression in s_others)
            {
                yield return new Variant($"{name}-{compression}", name, compression, Bank(compression, new SharedBankOptions { Map = map, Gradient = BankGradient.None }));
            }
        }
        foreach (int compression in s_narrow)
        {
            int hidden = Enumerable.Range(1, Hidden).Last(width => (width * (pixels + width + ImageSet.Classes)) <= weights / compression);
            yield return new Variant($"narrow-{compression}", "narrow", compression, Perceptron(hidden));
        }
        yield return new Variant(
            $"projection-{ProjectedCompression}", "projection", ProjectedCompression,
            IntrinsicDimension.For(Perceptron(Hidden), weights / ProjectedCompression, (ulong)seed), ProjectionRate);
        foreach ((string name, BankGradient gradient, float rate) in new[] { ("divided", BankGradient.SquareOfSum, DividedRate), ("undivided", BankGradient.None, UndividedRate) })
        {
            SharedBankOptions options = new() { Gradient = gradient };
            foreach ((string end, float first) in new[] { ("", options.FirstValues), ("-small", SmallFirstValues) })
            {
                TensorLayer net = Bank(PlainCompression, options with { FirstValues = first });
                yield return new Variant($"sgd-{name}{end}", "sgd", PlainCompression, net, rate);
            }
        }
    }

    private static Picture Curves((Variant Variant, SideBySideResult Result)[] all) => Picture.OfCurves(
        "Accuracy by compression", "Weights that share a number, as a logarithm to base ten: 0 is none, 3 a thousand.", "log10(weights a number)", "test accuracy",
        [
            .. all.Where(static pair => pair.Variant.Group is "fold" or "chunk" or "single" or "narrow").GroupBy(static pair => pair.Variant.Group).Select(
                static group => (group.Key, (IReadOnlyList<(double, double)>)[.. group.Select(static pair => (Math.Log10(pair.Variant.Compression), pair.Result.Accuracy))])),
        ]);

    // What the first units look for: with more compression the same pieces come back, turned and with either sign.
    private static Picture FirstLayers(DigitData data, TrainOptions options)
    {
        List<(string, float[])> rows = [];
        foreach (string name in new[] { AllWeights, "fold-1", "fold-10", "fold-100", "fold-1000" })
        {
            using TensorLayer loaded = Layer.Load<TensorLayer>(options.File($"{name}.safetensors"));
            using TensorLayer? written = (loaded as SharedBankNetwork)?.Network.Materialize();
            Linear first = (written ?? loaded).Find<Linear>()[0].Layer;
            float[] weights = first.Weight.OwnValue.ToArray()[..(ShownUnits * first.InFeatures)];
            float most = weights.Max(Math.Abs);
            rows.Add((name, [.. weights.Select(weight => 0.5f + (weight / (2 * most)))]));
        }
        return Picture.OfImages(
            "Weights of the first layer", $"Of {ShownUnits} units, after training; grey is zero.", data.Training.Height, data.Training.Width, rows);
    }

    private sealed record Variant(string Name, string Group, int Compression, TensorLayer Net, float Rate = 0)
    {
        /// <summary>What trains it where the others' optimiser would not do.</summary>
        public Optimizer? Optimiser(TensorLayer net) => Group switch
        {
            "sgd" => new Sgd(net.Parameters, Rate, Momentum),
            "projection" => new Adam([((ProjectedNetwork)net).Latent], learningRate: Rate),
            _ => null,
        };
    }
}
