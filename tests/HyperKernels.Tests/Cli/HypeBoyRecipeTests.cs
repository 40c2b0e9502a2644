using System.Text.Json;
using static HyperKernels.Tests.Cli.RecipeRun;

namespace HyperKernels.Tests.Cli;

[Parallelizable(ParallelScope.All)]
public sealed class HypeBoyRecipeTests
{
    [Test]
    public void Train_OnPlantedCommunities_BothStagesLearn_AndEachResumes()
    {
        using TestData.TemporaryFolder whole = TestData.Temporary();
        using TestData.TemporaryFolder parts = TestData.Temporary();
        string[] arguments = ["train", "hypeboy-cora", "--threads", "1", "--epochs", "12"];
        CliResult result = CliProcess.Run([.. arguments, "--out", whole.Root, "--json"]);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        InParts(arguments, parts, "reconstruction/loss", "filling/loss", "tuned/loss");
        EndAlike(parts, whole);
        double[] reconstruction = Losses(whole, "reconstruction/loss");
        double[] filling = Losses(whole, "filling/loss");
        Assert.Multiple(() =>
        {
            Assert.That(reconstruction[^1], Is.LessThan(reconstruction[0]));
            Assert.That(filling[^1], Is.LessThan(filling[0]));
            // There are six classes.
            Assert.That(Losses(whole, "HypeBoy, tuned/loss")[^1], Is.LessThan(Math.Log(6)));
            Assert.That(File.Exists(whole.File("encoder.safetensors")));
        });
    }

    [Test]
    [Explicit("500 epochs without labels, 200 on each of ten splits: minutes")]
    [Category("Long")]
    public void Train_OnCora_PretrainingIsWorthMoreThanLabels()
    {
        CliResult result = OnData("hypeboy-cora", TestData.Folder("hypergraph"));
        Assert.Multiple(() =>
        {
            Assert.That(Figure(result, "HypeBoy, tuned", "gain over scratch"), Is.GreaterThan(0.05));
            Assert.That(Figure(result, "HypeBoy, linear", "test accuracy"), Is.GreaterThan(Figure(result, "untrained encoder, linear", "test accuracy") + 0.05));
        });
    }

    private static double[] Losses(TestData.TemporaryFolder folder, string name) =>
    [
        .. File.ReadLines(folder.File("metrics.jsonl")).Select(static line => JsonSerializer.Deserialize<JsonElement>(line))
            .Where(line => line.TryGetProperty(name, out _)).Select(line => line.GetProperty(name).GetDouble()),
    ];
}
