using System.Text.Json;

namespace HyperKernels.Tests.Cli;

/// <summary>The campaign at its smallest: every part runs as a user runs it, and finds nothing.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class SoakTests
{
    [TestCase("files", "refused")]
    [TestCase("kill", "kills")]
    [TestCase("threads", "answers")]
    [TestCase("schedules", "documented refusals")]
    [TestCase("memory", "steps and inferences")]
    public void Soak_ForASecond_TriesAndFindsNothing(string part, string counted)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run("soak", part, "--seconds", "1", "--seed", "3", "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.Error);
        JsonElement report = result.Json[0];
        double count = report.GetProperty("figures").EnumerateArray().Single(figure => figure.GetProperty("name").GetString() == counted).GetProperty("value").GetDouble();
        Assert.That(count, Is.Positive);
        Assert.That(report.GetProperty("findings").GetArrayLength(), Is.Zero);
    }

    [Test]
    public void Soak_OfAnUnknownPart_NamesTheParts()
    {
        CliResult result = CliProcess.Run("soak", "fuzz");
        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Error, Does.Contain("a part must be one of files, kill, threads, schedules, memory; got \"fuzz\""));
    }
}
