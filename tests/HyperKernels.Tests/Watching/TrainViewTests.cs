using HyperKernels.Cli.Training;
using Spectre.Console;

namespace HyperKernels.Tests.Watching;

/// <summary>The picture of a training run in a terminal, and the lines that stand in its place where there is none.</summary>
public sealed class TrainViewTests
{
    [Test]
    public void Picture_ShowsProgressNumbersThroughputAndMemory()
    {
        TrainView view = new("mip", Device.Cpu);
        string text = "";
        for (int step = 1; step <= 100; step++)
        {
            text = Draw(view, new TrainProgress(step, 400)
            {
                Values = [new Metric("mip/loss", 2.0 / step), new Metric("plain/loss", 3)],
                ExamplesPerSecond = 12345,
                ExamplesName = "images",
            });
        }
        Assert.Multiple(() =>
        {
            Assert.That(text, Does.Contain("step 100 of 400").And.Contain("25 %").And.Match(@"\d+:\d\d left"));
            Assert.That(text, Does.Match(@"mip/loss +0\.02 +█[▁▂▃▄▅▆▇█]*▁").And.Match(@"plain/loss +3 +▁+"));
            Assert.That(text, Does.Contain("12,345 images/s").And.Match(@"[\d,.]+ MiB live").And.Match(@"MiB pooled, [\d,.]+ MiB at most"));
        });
    }

    [Test]
    public void Picture_AfterAResume_CountsTheTimeOfItsOwnSteps()
    {
        TrainView view = new("mip", Device.Cpu);
        Assert.That(Draw(view, new TrainProgress(300, 400, Resumed: true)), Does.Contain("time left not known yet"));
        Assert.That(Draw(view, new TrainProgress(350, 400)), Does.Match(@"0:0\d left"));
    }

    [Test]
    public void Picture_OfASweep_StaysOnTheScreen()
    {
        TrainView view = new("sweep", Device.Cpu);
        string text = Draw(view, new TrainProgress(1, 2) { Values = [.. Enumerable.Range(0, 50).Select(static run => new Metric($"run{run}/loss", double.NaN))] });
        Assert.That(text.Split('\n'), Has.Length.LessThan(20));
        Assert.That(text, Does.Contain("and 38 more"));
    }

    [TestCase(65, "1:05")]
    [TestCase(3661, "1:01:01")]
    [TestCase(90000, "25:00:00")]
    public void Time_IsMinutesAndSeconds(int seconds, string text) => Assert.That(TrainView.Time(TimeSpan.FromSeconds(seconds)), Is.EqualTo(text));

    [Test]
    public void Lines_SayThroughputAndTimeLeft()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MetricsLog log = new(Path.Combine(folder.Root, "metrics.jsonl"));
        List<string> lines = [];
        TrainReporter reporter = new(log, picture: null, lines.Add);
        reporter.Report(new TrainProgress(10, 20, Logged: [new Metric("loss", 0.5)], Notable: true) { ExamplesPerSecond = 1000, ExamplesName = "images" });
        Assert.That(lines, Has.Exactly(1).Items);
        Assert.That(lines[0], Does.Match(@"^step 10 of 20  loss 0\.5  1,000 images/s  0:0\d left$"));
    }

    private static string Draw(TrainView view, TrainProgress progress)
    {
        using StringWriter text = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = 120;
        console.Write(view.Show(progress));
        return text.ToString();
    }
}
