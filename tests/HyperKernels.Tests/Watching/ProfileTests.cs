using System.Text.Json;
using System.Xml.Linq;
using HyperKernels.Tests.Cli;

namespace HyperKernels.Tests.Watching;

/// <summary>Profiles account for the time of steps, op by op.</summary>
[NonParallelizable]
public sealed class ProfileTests
{
    [Test]
    public void OpProfile_NotesOpsWithPassStepBytesAndCallers()
    {
        using OpProfile profile = new(Device.Cpu, takesCallers: true);
        TelemetryTests.Train(steps: 3);
        OpRecord[] products = [.. profile.Ops.Where(static op => op.Name == "Matmul" && op.Step == 2)];
        Assert.Multiple(() =>
        {
            Assert.That(profile.Steps.Select(static step => step.Number), Is.EqualTo([0, 1, 2]));
            Assert.That(products.Count(static op => op.Pass == OpPass.Forward), Is.EqualTo(2));
            Assert.That(products.Count(static op => op.Pass == OpPass.Backward), Is.EqualTo(3), "the input's gradient is not wanted");
            // x [8, 5] times w [7, 5]' plus bias [7] gives [8, 7].
            Assert.That(products[0].Operations, Is.EqualTo(2 * 8 * 5 * 7));
            Assert.That(products[0].Bytes, Is.EqualTo(4 * ((8 * 5) + (5 * 7) + 7 + (8 * 7))));
            // The compiler may have put a small layer's Forward into its caller, once that ran often enough.
            Assert.That(products[0].Callers, Does.Contain("TelemetryTests.Train").And.Some.EndsWith(".Forward").And.None.StartsWith("OpProfile."));
            Assert.That(products[^1].Callers, Does.Contain("Tape.Backward"));
            Assert.That(profile.Ops.Count(static op => op.Pass == OpPass.Update), Is.EqualTo(3));
        });
        foreach (StepRecord step in profile.Steps)
        {
            double ops = profile.Ops.Where(op => op.Step == step.Number).Sum(static op => op.Seconds);
            Assert.That(ops, Is.GreaterThan(0).And.LessThan(step.Seconds), "ops are a part of their step");
        }
    }

    [Test]
    public void OpProfile_Disposed_NotesNothingMore()
    {
        OpProfile profile = new(Device.Cpu);
        profile.Dispose();
        TelemetryTests.Train(steps: 1);
        Assert.That(profile.Ops, Is.Empty);
        Assert.That(profile.Steps, Is.Empty);
    }

    [Test]
    public void Command_AccountsForTheTimeOfSteps_AndWritesBothFiles()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run("profile", "lenet", "--steps", "5", "--json", "--out", folder.Root);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        JsonElement report = result.Json;
        double ops = report.GetProperty("ops").EnumerateArray().Sum(static op => op.GetProperty("ms").GetDouble());
        Assert.Multiple(() =>
        {
            Assert.That(report.GetProperty("steps").GetInt32(), Is.EqualTo(5));
            Assert.That(ops, Is.EqualTo(report.GetProperty("opsMs").GetDouble()).Within(0.1).Percent);
            Assert.That(ops + report.GetProperty("unaccountedMs").GetDouble(), Is.EqualTo(report.GetProperty("stepMs").GetDouble()).Within(0.1).Percent);
            Assert.That(report.GetProperty("unaccountedMs").GetDouble(), Is.GreaterThan(0));
            Assert.That(report.GetProperty("ops").EnumerateArray().Select(static op => op.GetProperty("shareOfBound").GetDouble()), Is.All.InRange(0, 20));
            Assert.That(report.GetProperty("ops").EnumerateArray().Select(static op => $"{op.GetProperty("op")} {op.GetProperty("pass")}"),
                Does.Contain("Convolve Forward forward").And.Contain("Convolve Kernel backward").And.Contain("Optimize Adam update"));
        });

        using JsonDocument speedscope = JsonDocument.Parse(File.ReadAllText(report.GetProperty("speedscope").GetString()!));
        JsonElement profile = speedscope.RootElement.GetProperty("profiles")[0];
        string[] frames = [.. speedscope.RootElement.GetProperty("shared").GetProperty("frames").EnumerateArray().Select(static frame => frame.GetProperty("name").GetString()!)];
        double weights = profile.GetProperty("weights").EnumerateArray().Sum(static weight => weight.GetDouble());
        Assert.Multiple(() =>
        {
            Assert.That(weights * 1e3 / 5, Is.EqualTo(ops).Within(0.1).Percent);
            Assert.That(profile.GetProperty("endValue").GetDouble(), Is.EqualTo(weights).Within(0.1).Percent);
            Assert.That(profile.GetProperty("samples").GetArrayLength(), Is.EqualTo(profile.GetProperty("weights").GetArrayLength()));
            Assert.That(profile.GetProperty("samples").EnumerateArray().SelectMany(static sample => sample.EnumerateArray()).Select(static frame => frame.GetInt32()),
                Is.All.InRange(0, frames.Length - 1));
            Assert.That(frames, Does.Contain("LeNetRecipe.Run").And.Contain("Conv2d.Forward").And.Contain("Tape.Backward"));
            Assert.That(frames, Has.None.StartsWith("TrainingLoop.").And.None.StartsWith("OpProfile."), "what says nothing of where time went");
        });

        XDocument flame = XDocument.Load(report.GetProperty("flameGraph").GetString()!);
        XNamespace svg = "http://www.w3.org/2000/svg";
        string[] titles = [.. flame.Descendants(svg + "title").Select(static title => title.Value)];
        Assert.That(titles[0], Does.StartWith("training steps: ").And.EndWith("100.0%").Or.EndWith("100.0 %"));
        Assert.That(titles, Has.Some.StartsWith("Conv2d.Forward: ").And.Some.StartsWith("outside ops: "));
    }

    [Test]
    public void Command_OfAnUnknownRecipe_NamesThoseThereAre()
    {
        CliResult result = CliProcess.Run("profile", "nothing");
        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Error, Does.Contain("no recipe is called \"nothing\"").And.Contain("lenet"));
    }

    [Test]
    public void Command_TakesChecksFromTheEnvironment()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult good = CliProcess.Run(new Dictionary<string, string> { ["HYPERKERNELS_CHECK"] = "finite" }, "train", "lenet", "--steps", "2", "--out", folder.Root);
        Assert.That(good.ExitCode, Is.Zero, good.ToString());
        CliResult wrong = CliProcess.Run(new Dictionary<string, string> { ["HYPERKERNELS_CHECK"] = "infinite" }, "first");
        Assert.That(wrong.ExitCode, Is.EqualTo(3), wrong.ToString());
        Assert.That(wrong.Error, Does.Contain("HYPERKERNELS_CHECK must be finite, twin or both"));
    }
}
