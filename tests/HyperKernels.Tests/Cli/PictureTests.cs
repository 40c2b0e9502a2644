using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using HyperKernels.Cli.Training;

namespace HyperKernels.Tests.Cli;

/// <summary>What the pictures of reports show.</summary>
public sealed partial class PictureTests
{
    [Test]
    public void ConfusionMatrix_CountsAnswersByClass_AndShowsThem()
    {
        ConfusionMatrix matrix = new(2);
        matrix.Add([1, 0, 0, 1, 3, 2, -1, -2], [0, 0, 1, 1]);
        Assert.That((matrix[0, 0], matrix[0, 1], matrix[1, 0], matrix[1, 1]), Is.EqualTo((1, 1, 2, 0)));
        Assert.That(matrix.Accuracy, Is.EqualTo(0.25));
        XElement svg = Drawing(ConfusionMatrix.Picture("m", ("<a>", matrix)));
        Assert.That(svg.Descendants("title").Select(title => title.Value), Is.EqualTo(new[] { "0 read as 0: 1", "0 read as 1: 1", "1 read as 0: 2", "1 read as 1: 0" }));
    }

    [Test]
    public void RoundedHull_OfPoints_KeepsItsDistanceFromAll()
    {
        (double X, double Y)[][] sets = [[(5, 5)], [(0, 0), (10, 0)], [(0, 0), (10, 0), (20, 0)], [(0, 0), (10, 0), (10, 10), (0, 10), (5, 5)]];
        foreach ((double X, double Y)[] points in sets)
        {
            string path = RoundedHull.Path(points, 3);
            Assert.That(path, Does.StartWith("M").And.EndsWith("Z").And.Not.Contain("NaN"));
            if (points.Length == 1)
            {
                continue;
            }
            // Every corner of the path is the distance away from a point, and from no point less.
            foreach (Match corner in Corner().Matches(path))
            {
                double x = double.Parse(corner.Groups[1].Value, CultureInfo.InvariantCulture);
                double y = double.Parse(corner.Groups[2].Value, CultureInfo.InvariantCulture);
                Assert.That(points.Min(p => Math.Sqrt(((p.X - x) * (p.X - x)) + ((p.Y - y) * (p.Y - y)))), Is.EqualTo(3).Within(0.1), path);
            }
        }
        Assert.That(Corner().Count(RoundedHull.Path(sets[3], 3)), Is.EqualTo(9), "a square has four sides, and the path closes: what lies inside is no corner");
    }

    [Test]
    public void Around_OfAHypergraph_DrawsEveryMemberInItsClass_AndRingsWrongAnswers()
    {
        // Two hyperedges that share node 2, and one of a single node, which is not drawn.
        XElement svg = Drawing(HypergraphDrawing.Around("h", "", [0, 1, 2, 2, 3, 4], [0, 0, 0, 1, 1, 2], [0, 0, 0, 1, 1], [0, 0, 1, 1, 1]));
        XElement[] dots = [.. svg.Descendants("circle")];
        Assert.Multiple(() =>
        {
            Assert.That(svg.Descendants("path").Count(), Is.EqualTo(2));
            Assert.That(svg.Descendants("path").Count(area => area.Attribute("fill")!.Value == "var(--c0)"), Is.EqualTo(1), "the area of one class");
            Assert.That(dots, Has.Length.EqualTo(4));
            Assert.That(dots.Where(dot => dot.Attribute("stroke")!.Value == "var(--c1)").Select(dot => dot.Value), Is.EqualTo(new[] { "node 2: class 0, answered 1" }));
            Assert.That(dots.Select(dot => ((double)dot.Attribute("cx")!, (double)dot.Attribute("cy")!)), Is.Unique);
        });
        foreach (XElement dot in dots)
        {
            Assert.That((double)dot.Attribute("cx")!, Is.InRange(20, 700));
            Assert.That((double)dot.Attribute("cy")!, Is.InRange(20, 440));
        }
        Assert.That(HypergraphDrawing.Around("h", "", [0, 1], [0, 1], [0, 0]).Html, Is.Empty, "nothing has two members");
    }

    [Test]
    public void Filters_OfWeights_AreAsManyPixelsAsWeights_AndZeroIsAlmostClear()
    {
        string svg = FilterPicture.Svg("n", [0, 45], "°", [[1, -1, 0, 0.5f, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0]], side: 2);
        byte[] png = Convert.FromBase64String(svg.Split("base64,")[1].Split('"')[0]);
        // Two columns and two rows of two pixels and a gap.
        byte[] pixels = ReportTests.Pixels(png, channels: 4);
        Assert.That(pixels, Has.Length.EqualTo(6 * 6 * 4));
        Assert.That(pixels[3], Is.EqualTo(255), "the largest weight");
        Assert.That((pixels[0] < pixels[2], pixels[4] > pixels[6]), Is.EqualTo((true, true)), "positive is blue, negative orange");
        Assert.That(pixels[(6 * 4) + 3], Is.EqualTo(16), "zero");
        Assert.That(pixels[(2 * 4) + 3], Is.Zero, "the gap");
    }

    private static XElement Drawing(Picture picture)
    {
        int start = picture.Html.IndexOf("<svg", StringComparison.Ordinal);
        return XElement.Parse(picture.Html[start..(picture.Html.IndexOf("</svg>", start, StringComparison.Ordinal) + 6)]);
    }

    [GeneratedRegex(@"(?:[ML]|0 0 1 )(-?[\d.]+) (-?[\d.]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Corner();
}
