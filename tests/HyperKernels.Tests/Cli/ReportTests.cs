using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Xml.Linq;
using HyperKernels.Cli.Training;
using HyperKernels.Interchange;

namespace HyperKernels.Tests.Cli;

public sealed class ReportTests
{
    [Test]
    public void Write_WithCurves_GivesAPageThatNeedsNothingElse()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("report.html");
        LoggedStep[] steps =
        [
            .. Enumerable.Range(1, 50).Select(i => new LoggedStep(i * 10, i, [new Metric("a & b/loss", 2.0 / i), new Metric("<c>/loss", i == 7 ? double.NaN : 3.0 / i)])),
        ];
        TrainSummary summary = new([new Figure("a & b", "accuracy", 0.987, "P1")], [new Setting("net", "<tiny>")]);
        ReportPage.Write(path, "{{charts}}", "A run.", summary, [new Setting("cores", "2")], steps);
        string page = File.ReadAllText(path);
        Assert.Multiple(() =>
        {
            Assert.That(page, Does.Contain("98.7 %").And.Contain("&lt;tiny&gt;").And.Contain("a &amp; b").And.Contain("viewport"));
            Assert.That(page, Does.Contain("prefers-color-scheme: dark"));
            Assert.That(page, Does.Not.Contain("http").And.Not.Contain("src=").And.Not.Contain("NaN").And.Not.Contain("∞").And.Not.Contain("{{lead"));
            Assert.That(page, Does.Contain("<h1>{{charts}}</h1>"), "what is put into a place is no place itself");
        });
        int start = page.IndexOf("<svg", StringComparison.Ordinal);
        XElement svg = XElement.Parse(page[start..(page.IndexOf("</svg>", start, StringComparison.Ordinal) + 6)]);
        // Lines of more than two points are curves; those of the grid and the legend have two.
        string[] colours =
        [
            .. svg.Descendants("polyline").Where(line => line.Attribute("points")!.Value.Split(' ').Length > 2).Select(line => line.Attribute("style")!.Value),
        ];
        Assert.That(colours.Count(style => style.Contains("var(--c0)", StringComparison.Ordinal)), Is.EqualTo(1));
        Assert.That(colours.Count(style => style.Contains("var(--c1)", StringComparison.Ordinal)), Is.EqualTo(2), "a gap where the value is not a number");
        Assert.That(svg.Descendants("text").Select(text => text.Value), Is.SupersetOf(new[] { "a & b", "<c>", "step", "loss" }), "legend and axes");
        Assert.That(svg.ToString(), Does.Not.Contain("rgb("), "every colour is the page's");
    }

    [Test]
    public void Write_WithPictures_HasThemInThePageItself()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("report.html");
        (string, IReadOnlyList<(double, double)>)[] curves = [("one <model>", [(0, 0.25), (0.5, 0.5)])];
        TrainSummary summary = new([new Figure("a", "steps", double.NaN, NotANumber: "never")], [])
        {
            Pictures =
            [
                Picture.OfImages("digits", "Two & two.", 1, 2, [("first", [0, 1, 0.5f, 2]), ("second", [0, 0, 0, 0])]),
                Picture.OfCurves("share by weight", "", "weight", "share", curves),
                Picture.OfCurves("share by cost", "", "cost", "share", curves),
            ],
        };
        ReportPage.Write(path, "pictures", "A run.", summary, [], []);
        string page = File.ReadAllText(path);
        Assert.Multiple(() =>
        {
            Assert.That(page, Does.Contain("Two &amp; two.").And.Contain("<td class=\"n\">never</td>").And.Contain("one &lt;model&gt;").And.Contain(">weight<"));
            Assert.That(page, Does.Not.Contain("http").And.Not.Contain("NaN"));
            Assert.That(page.Split("src=\"").Skip(1), Has.Exactly(2).Items.And.All.StartsWith("data:image/png;base64,"));
        });
        string[] clips = [.. page.Split("<clipPath id=\"").Skip(1).Select(text => text[..text.IndexOf('"', StringComparison.Ordinal)])];
        Assert.That(clips, Is.Not.Empty.And.Unique, "in one page the first of a name would cut all");
        string image = page.Split("base64,")[1];
        Assert.That(Pixels(Convert.FromBase64String(image[..image.IndexOf('"', StringComparison.Ordinal)]), channels: 1), Is.EqualTo(new byte[] { 0, 255, 127, 128, 255 }));
    }

    [Test]
    public void Colour_OfAnImage_IsAFileThatGivesItBack()
    {
        byte[] pixels = [.. Enumerable.Range(0, 2 * 3 * 3).Select(i => (byte)(i * 14))];
        byte[] file = PngFile.Colour(pixels, 2, 3);
        Assert.That(Pixels(file, channels: 3), Is.EqualTo(pixels));
        Assert.That(file[^4..], Is.EqualTo(new byte[] { 0xAE, 0x42, 0x60, 0x82 }), "the code of an end without content, which every PNG file has");
        Assert.That(() => PngFile.Grey(pixels, 2, 3), Throws.ArgumentException.With.Message.Contains("18"));
    }

    // What stands in a PNG file of rows without filters.
    internal static byte[] Pixels(byte[] file, int channels)
    {
        int width = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(16));
        int data = file.AsSpan().IndexOf("IDAT"u8);
        int length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(data - 4));
        using ZLibStream zlib = new(new MemoryStream(file, data + 4, length), CompressionMode.Decompress);
        using MemoryStream rows = new();
        zlib.CopyTo(rows);
        return [.. rows.ToArray().Chunk((width * channels) + 1).SelectMany(row => row[1..])];
    }

    [TestCase(new double[] { 5, 5, 5 })]
    [TestCase(new double[] { 0, 0 })]
    [TestCase(new double[] { 1e-9, 1e9 })]
    [TestCase(new double[] { -3, 4 })]
    [TestCase(new double[] { 1e300, 2e300 })]
    public void Svg_OfAnyFiniteCurve_StaysInItsPicture(double[] values)
    {
        string text = LineChart.Svg("q", [("run", [.. values.Select((v, i) => ((double)i, v))])]);
        XElement svg = XElement.Parse(text);
        double[] box = [.. svg.Attribute("viewBox")!.Value.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
        XElement[] dots = [.. svg.Descendants("ellipse")];
        // One for each point, and one in the legend.
        Assert.That(dots, Has.Length.EqualTo(values.Length + 1));
        foreach (XElement dot in dots)
        {
            Assert.That((double)dot.Attribute("cx")!, Is.InRange(0, box[2]));
            Assert.That((double)dot.Attribute("cy")!, Is.InRange(0, box[3]));
        }
        Assert.That(svg.Descendants("text").Count(), Is.InRange(3, 40));
    }

    [Test]
    public void Svg_OfDifferentQuantities_ShareNoIdentifier()
    {
        string[] svgs = [.. new[] { "loss", "test accuracy" }.Select(name => LineChart.Svg(name, [("", [(1, 0.5), (2, 0.25)])]))];
        string[][] ids = [.. svgs.Select(svg => XElement.Parse(svg).Descendants("clipPath").Select(clip => clip.Attribute("id")!.Value).ToArray())];
        Assert.That(ids[0], Is.Not.Empty.And.Unique);
        Assert.That(ids[0].Intersect(ids[1]), Is.Empty, "in one page the first of a name would cut all");
        string[] used = [.. svgs[0].Split("url(#").Skip(1).Select(text => text[..text.IndexOf(')', StringComparison.Ordinal)])];
        Assert.That(used, Is.Not.Empty.And.SubsetOf(ids[0]));
    }

    [Test]
    public void ResumeAt_DropsWhatWasLoggedBehindTheStep_AndGoesOn()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("metrics.jsonl");
        using (MetricsLog log = new(path))
        {
            log.Write(10, 1, [new Metric("loss", 0.5)]);
            log.Write(20, 2, [new Metric("loss", double.NaN), new Metric("mip/accuracy", 0.25)]);
            log.Write(30, 3, [new Metric("loss", 0.3)]);
        }
        using (MetricsLog log = new(path))
        {
            log.ResumeAt(20);
            Assert.That(log.Steps.Select(step => step.Step), Is.EqualTo(new long[] { 10, 20 }));
            log.Write(30, 1.5, [new Metric("loss", 0.2)]);
            Assert.That(log.Steps[^1].Seconds, Is.EqualTo(3.5), "seconds go on from the log");
        }
        Assert.That(File.ReadAllLines(path), Is.EqualTo(new[]
        {
            """{"step":10,"seconds":1,"loss":0.5}""",
            """{"step":20,"seconds":2,"loss":null,"mip/accuracy":0.25}""",
            """{"step":30,"seconds":3.5,"loss":0.2}""",
        }));
    }

    [Test]
    public void ResumeAt_WithADamagedLine_NamesIt()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("metrics.jsonl", "{\"step\":10,\"seconds\":1}\nnonsense\n"u8);
        using MetricsLog log = new(path);
        Assert.That(() => log.ResumeAt(20), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("line 2"));
    }
}
