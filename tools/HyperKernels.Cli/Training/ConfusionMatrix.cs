using System.Globalization;
using System.Net;
using System.Numerics.Tensors;
using System.Text;
using HyperKernels.Cli.Data;

namespace HyperKernels.Cli.Training;

/// <summary>How often each class was answered for each class, and its picture.</summary>
/// <param name="classes">How many there are.</param>
internal sealed class ConfusionMatrix(int classes)
{
    private const int Cell = 40;
    private const int Margin = 44;

    // Counts on darker cells are written in the colour of paper.
    private const double Dark = 0.55;

    private readonly int[] _counts = new int[classes * classes];

    /// <summary>How often <paramref name="answer"/> was given where <paramref name="label"/> was right.</summary>
    public int this[int label, int answer] => _counts[(label * classes) + answer];

    /// <summary>The share of right answers.</summary>
    public double Accuracy => (double)Enumerable.Range(0, classes).Sum(one => this[one, one]) / _counts.Sum();

    /// <summary>The answers of a network on a set of images.</summary>
    /// <param name="images">The set.</param>
    /// <param name="device">Where to compute.</param>
    /// <param name="logits">Gives [B, 10] for [B, 1, height, width]; called inside a memory scope.</param>
    public static ConfusionMatrix Of(ImageSet images, Device device, Func<Tensor, Tensor> logits)
    {
        ConfusionMatrix matrix = new(ImageSet.Classes);
        Training.Accuracy.Visit(images, device, logits, (given, labels) => matrix.Add(given.ToArray(), labels));
        return matrix;
    }

    /// <summary>Takes an answer.</summary>
    public void Add(int answer, int label) => _counts[(label * classes) + answer]++;

    /// <summary>Takes the class of the largest number of every row.</summary>
    public void Add(ReadOnlySpan<float> logits, ReadOnlySpan<int> labels)
    {
        for (int i = 0; i < labels.Length; i++)
        {
            Add(TensorPrimitives.IndexOfMax(logits.Slice(i * classes, classes)), labels[i]);
        }
    }

    /// <summary>Several matrices beside each other.</summary>
    /// <param name="title">The heading, which no other picture of the report has.</param>
    /// <param name="matrices">Name and counts of each.</param>
    public static Picture Picture(string title, params IReadOnlyList<(string Name, ConfusionMatrix Matrix)> matrices) => Training.Picture.OfFigures(
        title,
        "A row for every class, a column for every answer: right ones are blue, wrong ones red, the darker the larger their share of the row.",
        [.. matrices.Select(static one => (one.Name, one.Matrix.Svg(one.Name)))]);

    /// <summary>The counts as a square whose cells are shaded by their share of the row.</summary>
    private string Svg(string name)
    {
        int side = Margin + (classes * Cell) + 4;
        StringBuilder svg = new($"<svg class=\"drawn grid\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"confusion matrix of {WebUtility.HtmlEncode(name)}\">\n");
        svg.Append($"<text class=\"axis\" x=\"{Margin + (classes * Cell / 2)}\" y=\"14\" text-anchor=\"middle\">answer</text>");
        svg.Append($"<text class=\"axis\" transform=\"translate(14 {Margin + (classes * Cell / 2)}) rotate(-90)\" text-anchor=\"middle\">class</text>\n");
        for (int label = 0; label < classes; label++)
        {
            int middle = Margin + (label * Cell) + (Cell / 2);
            svg.Append($"<text class=\"axis\" x=\"{middle}\" y=\"{Margin - 8}\" text-anchor=\"middle\">{label}</text>");
            svg.Append($"<text class=\"axis\" x=\"{Margin - 8}\" y=\"{middle + 5}\" text-anchor=\"end\">{label}</text>\n");
            int all = Enumerable.Range(0, classes).Sum(answer => this[label, answer]);
            for (int answer = 0; answer < classes; answer++)
            {
                Append(svg, label, answer, all == 0 ? 0 : (double)this[label, answer] / all);
            }
        }
        return svg.Append("</svg>\n").ToString();
    }

    private void Append(StringBuilder svg, int label, int answer, double share)
    {
        int count = this[label, answer];
        int x = Margin + (answer * Cell);
        int y = Margin + (label * Cell);
        // A wrong answer in a hundred should be seen: the root spreads small shares.
        double shade = label == answer ? share : Math.Sqrt(share);
        string paint = count == 0 ? "fill=\"var(--line)\" fill-opacity=\"0.35\""
            : string.Create(CultureInfo.InvariantCulture, $"fill=\"var(--{(label == answer ? "c0" : "c5")})\" fill-opacity=\"{0.1 + (0.9 * shade):F2}\"");
        svg.Append($"<g><title>{label} read as {answer}: {count}</title><rect x=\"{x}\" y=\"{y}\" width=\"{Cell - 2}\" height=\"{Cell - 2}\" rx=\"4\" {paint}/>");
        if (count > 0)
        {
            string ink = shade > Dark ? " class=\"paper\"" : "";
            svg.Append($"<text x=\"{x + (Cell / 2) - 1}\" y=\"{y + (Cell / 2) + 4}\" text-anchor=\"middle\"{ink}>{count}</text>");
        }
        svg.Append("</g>\n");
    }
}
