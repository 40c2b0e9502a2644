using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// Digits as sets of tokens that soft hyperedges join (SoftHGNN), all of them or a few that each image keeps (SoftHGNN-SeS), beside the same network whose
/// tokens learn nothing of each other, and one with attention.
/// </summary>
internal sealed class ImageSoftRecipe : IRecipe
{
    private const int DefaultEpochs = 3;
    private const float BalanceWeight = 1;
    private const int Pictured = 6;
    private const string Plain = "tokens alone";
    private const string Soft = "SoftHGNN";
    private const string Selected = "SoftHGNN-SeS";

    public string Name => "image-soft";

    public string Description => "Tokens of digits joined by soft hyperedges (SoftHGNN, SoftHGNN-SeS), beside the same network without and one with attention.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        DigitData data = DigitData.Load(options);
        (string Name, TokenNet Net)[] nets =
        [
            (Plain, Network(TokenMixer.None)), (Soft, Network(TokenMixer.Soft)), (Selected, Network(TokenMixer.Selected)), ("attention", Network(TokenMixer.Attention)),
        ];
        // The gain of the authors' networks for CIFAR-10, of 78.6 % without.
        Dictionary<string, double> published = new() { [Soft] = 0.019, [Selected] = 0.025 };
        IReadOnlyList<SideBySideResult> results = SideBySide.Train(
            data, nets, DefaultEpochs, options, progress, cancel,
            further: static net => net.Balance is { } balance ? Ops.MultiplyScalar(balance, BalanceWeight) : null,
            draws: static net => net.Random);
        SideBySideResult plain = results[0];
        return new TrainSummary(
            [.. results.SelectMany(FiguresOf)],
            [
                new Setting(
                    "network",
                    $"squares of {TokenNet.Patch} by {TokenNet.Patch} pixels, {TokenNet.Blocks} blocks of norm, mixer, norm and perceptron, {TokenNet.Width} wide, mean of tokens"),
                new Setting(Soft, $"{TokenNet.SoftEdges} soft hyperedges, {TokenNet.Heads} heads, dropout 0.1"),
                new Setting(
                    Selected,
                    $"{TokenNet.FixedEdges} fixed and {TokenNet.Kept} of {TokenNet.DynamicEdges} soft hyperedges, {TokenNet.Heads} heads, dropout 0.1, "
                    + $"balance loss times {BalanceWeight}"),
                new Setting("published", "gains on CIFAR-10, over 78.6 %, of larger networks"),
                new Setting("data", data.Description),
                SideBySide.Optimiser,
            ])
        {
            Pictures = [Memberships(data.Test, options), ConfusionMatrix.Picture("What was answered", [.. results.Select(static one => (one.Name, one.Answers))])],
        };

        TokenNet Network(TokenMixer mixer) => new(data.Training.Height, mixer, new RandomStream((ulong)options.Seed));

        IEnumerable<Figure> FiguresOf(SideBySideResult one)
        {
            yield return new Figure(one.Name, "test accuracy", one.Accuracy, "P2");
            yield return new Figure(one.Name, "gain", one.Accuracy - plain.Accuracy, "P2");
            if (published.TryGetValue(one.Name, out double gain))
            {
                yield return new Figure(one.Name, "published gain", gain, "P1");
            }
            yield return new Figure(one.Name, "parameters", one.Parameters, "N0");
            yield return new Figure(one.Name, "microseconds an image", 1e6 * one.SecondsAnImage, "F1");
            yield return new Figure(one.Name, "time ratio", one.SecondsAnImage / plain.SecondsAnImage, "F2");
            yield return new Figure(one.Name, "seconds an epoch", one.SecondsAnEpoch, "F1", "resumed");
        }
    }

    /// <summary>Test images, and beside each how much of every soft hyperedge of the first block is at which place: white where most is.</summary>
    private static Picture Memberships(ImageSet images, TrainOptions options)
    {
        using TokenNet net = Layer.Load<TokenNet>(options.File($"{Soft}.safetensors"));
        net.Eval();
        ImageBatch batch = new(Pictured, images.Height, images.Width);
        batch.Fill(images, [.. Enumerable.Range(0, Pictured)]);
        using MemoryScope scope = new();
        Tensor shown = batch.Images(Device.Default);
        float[] pixels = shown.ToArray();
        float[] memberships = net.Memberships(shown).ToArray();
        int size = images.Height * images.Width;
        return Picture.OfImages(
            "Soft hyperedges", "Test images, and the places of their soft hyperedges of the first block: each is white where most of it is.", images.Height, images.Width,
            [
                .. Enumerable.Range(0, Pictured).Select(image => (
                    $"{image + 1}",
                    (float[])[
                        .. pixels.AsSpan(image * size, size),
                        .. Enumerable.Range(0, TokenNet.SoftEdges).SelectMany(edge => Enlarged(memberships.AsSpan(image * net.Tokens * TokenNet.SoftEdges), edge, images.Width)),
                    ])),
            ]);
    }

    // One soft hyperedge's memberships, a square of pixels for each token.
    private static float[] Enlarged(ReadOnlySpan<float> memberships, int edge, int width)
    {
        int across = width / TokenNet.Patch;
        float[] pixels = new float[width * width];
        float largest = 0;
        for (int i = 0; i < pixels.Length; i++)
        {
            int token = (i / width / TokenNet.Patch * across) + (i % width / TokenNet.Patch);
            pixels[i] = memberships[(token * TokenNet.SoftEdges) + edge];
            largest = Math.Max(largest, pixels[i]);
        }
        return Array.ConvertAll(pixels, pixel => pixel / largest);
    }
}
