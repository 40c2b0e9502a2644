using static HyperKernels.Tests.Cli.RecipeRun;

namespace HyperKernels.Tests.Cli;

[Parallelizable(ParallelScope.All)]
public sealed class EnronClosureRecipeTests
{
    [Test]
    public void Train_OnDrawnMessages_PairsOfBusyGroupsTellWhatCloses()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run("train", "enron-closure", "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        int[] strong = [0, 1, 2, 3];
        Assert.Multiple(() =>
        {
            Assert.That(strong.Sum(pairs => Figure(result, $"with {pairs} strong pairs", "open")), Is.EqualTo(Figure(result, "first 80 %", "open")));
            Assert.That(strong.Sum(pairs => Figure(result, $"with {pairs} strong pairs", "of these close")), Is.EqualTo(Figure(result, "first 80 %", "of these close")));
            Assert.That(Figure(result, "all", "closed") + Figure(result, "all", "open"), Is.EqualTo(Figure(result, "all", "triangles")));
            // Groups that write often write to three sooner.
            Assert.That(Figure(result, "harmonic mean", "relative to random"), Is.GreaterThan(2));
            Assert.That(File.ReadAllText(folder.File("report.html")), Does.Contain("Precision over recall"));
        });
    }

    [TestCase("--steps")]
    [TestCase("--epochs")]
    public void Train_WithALength_IsRefused(string option)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run("train", "enron-closure", option, "3", "--out", folder.Root);
        Assert.That(result.ExitCode, Is.EqualTo(2), result.ToString());
        Assert.That(result.Error, Does.Contain("leave --steps and --epochs out"));
    }

    [Test]
    [Category("Long")]
    [Explicit("reads Enron's e-mails")]
    public void Train_OnEnron_CountsWhatWasPublished()
    {
        CliResult result = OnData("enron-closure", TestData.Folder("hypergraph"));
        (string Row, string Column, double Value)[] published =
        [
            ("all", "projected pairs", 1_800), ("all", "triangles", 9_895), ("all", "closed", 6_578), ("all", "open", 3_317),
            ("first 80 %", "open", 2_574), ("first 80 %", "of these close", 119),
            ("with 0 strong pairs", "open", 75), ("with 1 strong pairs", "open", 449), ("with 2 strong pairs", "open", 1_162), ("with 3 strong pairs", "open", 888),
            ("with 1 strong pairs", "of these close", 14), ("with 2 strong pairs", "of these close", 56), ("with 3 strong pairs", "of these close", 49),
        ];
        Assert.Multiple(() =>
        {
            foreach ((string row, string column, double value) in published)
            {
                Assert.That(Figure(result, row, column), Is.EqualTo(value), $"{row}, {column}");
            }
            Assert.That(Figure(result, "harmonic mean", "relative to random"), Is.EqualTo(1.31).Within(0.01));
        });
    }
}
