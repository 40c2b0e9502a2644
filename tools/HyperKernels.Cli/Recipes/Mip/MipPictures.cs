using System.Globalization;
using System.Numerics.Tensors;
using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;

namespace HyperKernels.Cli.Recipes;

/// <summary>What the report of <see cref="MipRecipe"/> shows of two trained hypernetworks.</summary>
internal sealed class MipPictures
{
    private const int Columns = 13;
    private const int Bins = 9;
    private const int MostMisread = 16;

    // For the picture of networks that are told another angle.
    private const int ToldImages = 400;

    private readonly HyperRun[] _runs;
    private readonly float _most;
    private readonly float[] _angles;
    private readonly (double Angle, double Norm)[][] _normsAtStart;

    /// <summary>Keeps what can only be seen before training.</summary>
    /// <param name="runs">The networks.</param>
    /// <param name="mostDegrees">Angles go from 0 to here.</param>
    public MipPictures(HyperRun[] runs, float mostDegrees)
    {
        _runs = runs;
        _most = mostDegrees;
        _angles = [.. Enumerable.Range(0, Columns).Select(i => mostDegrees * i / (Columns - 1))];
        _normsAtStart = [.. runs.Select(Norms)];
    }

    /// <summary>The pictures, of the networks as they are now.</summary>
    /// <param name="test">Turned test images.</param>
    /// <param name="upright">The same set, not turned.</param>
    /// <param name="device">Where to compute.</param>
    public IReadOnlyList<Picture> Of(TurnedDigits test, ImageSet upright, Device device)
    {
        (float[] Image, float Angle, int Label, float[] Logits)[][] answers =
            [.. _runs.Select(run => test.Answers(device, (images, angles) => run.Network.Forward(images, angles)).ToArray())];
        return
        [
            Cards("Digits as they were read", "One of each, with the angle by which it is turned.", upright, answers, OneOfEach(answers[0])),
            Cards("Misread digits", "Those of the test images that one of the two misreads.", upright, answers, Misread(answers)),
            Picture.OfFigures(
                "First-layer filters as the angle moves", "Ten filters of 5 by 5 for every angle: blue is positive, orange negative, strength is size.",
                [.. _runs.Select(Filters)]),
            Picture.OfCurves(
                "Norm of the generated weights by angle", "", "angle", "norm",
                [
                    .. _runs.Zip(_normsAtStart, static (run, norms) => ($"{run.Name}, start", (IReadOnlyList<(double, double)>)norms)),
                    .. _runs.Select(run => ($"{run.Name}, trained", (IReadOnlyList<(double, double)>)Norms(run))),
                ]),
            Picture.OfCurves(
                "Accuracy by angle", "Test images by their angle.", "angle", "test accuracy",
                [.. _runs.Zip(answers, (run, all) => (run.Name, ByAngle(all)))]),
            Picture.OfCurves(
                "Told another angle", $"Digits turned by {_most / 2} degrees, read by weights for every other angle: what the condition is worth.", "angle told", "accuracy",
                [.. _runs.Select(run => (run.Name, Told(run, upright.Take(ToldImages), device)))]),
            ConfusionMatrix.Picture("What was answered", [.. _runs.Zip(answers, static (run, all) => (run.Name, Matrix(all)))]),
        ];
    }

    private (double Angle, double Norm)[] Norms(HyperRun run) => [.. _angles.Select(angle => ((double)angle, run.Norm(angle)))];

    private (string Name, string Svg) Filters(HyperRun run)
    {
        FirstFilters filters = FirstFilters.Of(run.Network)!;
        return (run.Name, FilterPicture.Svg(run.Name, _angles, "°", [.. _angles.Select(angle => filters.At(angle).Weights)], filters.Side));
    }

    private static int[] OneOfEach((float[] Image, float Angle, int Label, float[] Logits)[] all) =>
        [.. Enumerable.Range(0, ImageSet.Classes).Select(label => Array.FindIndex(all, one => one.Label == label)).Where(static place => place >= 0)];

    private static int[] Misread((float[] Image, float Angle, int Label, float[] Logits)[][] answers) =>
        [.. Enumerable.Range(0, answers[0].Length).Where(i => answers.Any(all => Answer(all[i].Logits) != all[i].Label)).Take(MostMisread)];

    private Picture Cards(string title, string words, ImageSet images, (float[] Image, float Angle, int Label, float[] Logits)[][] answers, int[] which) => DigitCards.Picture(
        title, words, images.Height, images.Width,
        [
            .. which.Select(i => new DigitCard(
                answers[0][i].Image,
                string.Create(CultureInfo.InvariantCulture, $"{answers[0][i].Label} at {answers[0][i].Angle:F0}°"),
                [.. _runs.Select((run, place) => (run.Name, Words(answers[place][i].Logits), Answer(answers[place][i].Logits) == answers[place][i].Label))])),
        ]);

    private static int Answer(float[] logits) => TensorPrimitives.IndexOfMax<float>(logits);

    // The class and its probability.
    private static string Words(float[] logits)
    {
        float[] shares = new float[logits.Length];
        TensorPrimitives.SoftMax<float>(logits, shares);
        return string.Create(CultureInfo.InvariantCulture, $"{Answer(logits)} {100 * shares.Max():F0} %");
    }

    private IReadOnlyList<(double X, double Y)> ByAngle((float[] Image, float Angle, int Label, float[] Logits)[] all) =>
    [
        .. all.GroupBy(one => Math.Min((int)(one.Angle / _most * Bins), Bins - 1)).OrderBy(static bin => bin.Key)
            .Select(bin => ((bin.Key + 0.5) * _most / Bins, bin.Average(static one => Answer(one.Logits) == one.Label ? 1.0 : 0))),
    ];

    private IReadOnlyList<(double X, double Y)> Told(HyperRun run, ImageSet upright, Device device)
    {
        (float[] pixels, int[] labels) = (new float[upright.Pixels.Length], new int[upright.Count]);
        upright.Fill([.. Enumerable.Range(0, upright.Count)], pixels, labels);
        float[] turned = new float[pixels.Length];
        float[] turns = new float[upright.Count];
        Array.Fill(turns, _most / 2);
        ImageRotation.Turn(pixels, turns, upright.Height, upright.Width, turned);
        return [.. _angles.Select(angle => ((double)angle, Share(angle)))];

        double Share(float angle)
        {
            using MemoryScope scope = device.Scope();
            Tensor images = Tensor.From(turned, [upright.Count, 1, upright.Height, upright.Width], device);
            return (double)Accuracy.Right(run.Network.Forward(images, Tensor.From([angle], [1], device)).ToArray(), labels) / labels.Length;
        }
    }

    private static ConfusionMatrix Matrix((float[] Image, float Angle, int Label, float[] Logits)[] all)
    {
        ConfusionMatrix matrix = new(ImageSet.Classes);
        foreach ((_, _, int label, float[] logits) in all)
        {
            matrix.Add(Answer(logits), label);
        }
        return matrix;
    }
}
