using System.Text.Json;

namespace HyperKernels.Tests.Cli;

/// <summary>A recipe run through the program, and what it left in its folder.</summary>
internal static class RecipeRun
{
    /// <summary>How long a run on real data may take.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(30);

    /// <summary>Trains with the recipe's defaults on real data.</summary>
    /// <param name="recipe">Its name.</param>
    /// <param name="dataFolder">The folder of one data set; recipes take the one that holds it.</param>
    public static CliResult OnData(string recipe, string dataFolder)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run(Longest, "train", recipe, "--data", Path.GetDirectoryName(dataFolder)!, "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        return result;
    }

    /// <summary>Trains, interrupted as soon as each of some words is in the log, to the end.</summary>
    public static void InParts(string[] arguments, TestData.TemporaryFolder folder, params string[] words)
    {
        string[] more = ["--out", folder.Root];
        foreach (string word in words)
        {
            using CliProcess process = CliProcess.Start([.. arguments, .. more]);
            Assert.That(
                () => File.Exists(folder.File("metrics.jsonl")) && File.ReadAllText(folder.File("metrics.jsonl")).Contains(word, StringComparison.Ordinal),
                Is.True.After(60_000, 5));
            process.SendInterrupt();
            Assert.That(process.Finish().ExitCode, Is.EqualTo(130));
            more = ["--out", folder.Root, "--resume"];
        }
        Assert.That(CliProcess.Run([.. arguments, .. more]).ExitCode, Is.Zero);
    }

    /// <summary>Makes sure that two runs ended with the same bits.</summary>
    public static void EndAlike(TestData.TemporaryFolder one, TestData.TemporaryFolder other) =>
        Assert.That(File.ReadAllBytes(one.File("checkpoint.safetensors")), Is.EqualTo(File.ReadAllBytes(other.File("checkpoint.safetensors"))));

    /// <summary>A number of the final table.</summary>
    public static double Figure(CliResult result, string run, string name) => result.Json.GetProperty("figures").EnumerateArray()
        .Single(figure => figure.GetProperty("run").GetString() == run && figure.GetProperty("name").GetString() == name).GetProperty("value").GetDouble();

    /// <summary>The lines of the log.</summary>
    public static List<JsonElement> Log(TestData.TemporaryFolder folder) =>
        [.. File.ReadLines(folder.File("metrics.jsonl")).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];

    /// <summary>A number of a line of the log.</summary>
    public static double Number(JsonElement line, string name) => line.GetProperty(name).GetDouble();

    /// <summary>A number of the log's last line.</summary>
    public static double Last(TestData.TemporaryFolder folder, string name) => Number(Log(folder)[^1], name);
}
