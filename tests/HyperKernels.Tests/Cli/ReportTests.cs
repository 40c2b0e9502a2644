using System.Xml.Linq;
using HyperKernels.Cli.Training;

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
        ReportPage.Write(path, "demo", "A run.", summary, [new Setting("cores", "2")], steps);
        string page = File.ReadAllText(path);
        Assert.Multiple(() =>
        {
            Assert.That(page, Does.Contain("98.7 %").And.Contain("&lt;tiny&gt;").And.Contain("a &amp; b").And.Contain("viewport"));
            Assert.That(page, Does.Contain("prefers-color-scheme: dark"));
            Assert.That(page, Does.Not.Contain("http").And.Not.Contain("src=").And.Not.Contain("NaN").And.Not.Contain("∞"));
        });
        int start = page.IndexOf("<svg", StringComparison.Ordinal);
        XElement svg = XElement.Parse(page[start..(page.IndexOf("</svg>", start, StringComparison.Ordinal) + 6)]);
        string[] paths = [.. svg.Elements("path").Select(curve => curve.Attribute("d")!.Value)];
        Assert.That(paths, Has.Length.EqualTo(2));
        Assert.That(paths[0].Count(c => c == 'M'), Is.EqualTo(1));
        Assert.That(paths[1].Count(c => c == 'M'), Is.EqualTo(2), "a gap where the value is not a number");
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
        foreach (XElement dot in svg.Elements("circle"))
        {
            Assert.That((double)dot.Attribute("cx")!, Is.InRange(0, 720));
            Assert.That((double)dot.Attribute("cy")!, Is.InRange(0, 320));
        }
        Assert.That(svg.Elements("text").Count(), Is.InRange(3, 40));
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
