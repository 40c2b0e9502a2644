using HyperKernels.Cli.Recipes;
using static HyperKernels.Tests.Cli.RecipeRun;

namespace HyperKernels.Tests.Cli;

[Parallelizable(ParallelScope.All)]
public sealed class IntrinsicDimensionRecipeTests
{
    // The accuracy of a network that gains a hundredth with every ten dimensions, of a usual 0.9.
    [TestCase(50, 1000, 7, new[] { 0, 50, 100, 200, 400, 800, 566, 673 }, 673)]
    [TestCase(400, 1000, 3, new[] { 0, 400, 800, 566 }, 800)]
    [TestCase(900, 1000, 4, new[] { 0, 900, 450, 636, 757 }, 757)]
    [TestCase(200, 500, 3, new[] { 0, 200, 400, 500 }, double.NaN)]
    public void Search_BracketsThenHalves_AndGoesOnFromItsNote(int start, int most, int rounds, int[] dimensions, double found)
    {
        DimensionSearch search = new("network", start, most, share: 0.9);
        DimensionSearch resumed = new("network", start, most, share: 0.9);
        for (int round = 0; round <= rounds; round++)
        {
            resumed.Take(search.Note());
            Assert.That(resumed.Dimension(round), Is.EqualTo(search.Dimension(round)), $"resumed before round {round}");
            Assert.That(search.Dimension(round), Is.EqualTo(dimensions[round]), $"round {round}");
            double accuracy = round == 0 ? 0.9 : 0.15 + (search.Dimension(round) / 1000.0);
            search.Record(round, accuracy);
            search.Record(round, 1);
        }
        Assert.That(search.Threshold, Is.EqualTo(0.81));
        Assert.That(search.Found, Is.EqualTo(found));
        Assert.That(() => search.Take("0.9 many"), Throws.ArgumentException.With.Message.Contains("0.9 many"));
    }

    [Test]
    public void Train_OnDrawnDigits_SearchesInSubspaces_AndResumesInsideARound()
    {
        using TestData.TemporaryFolder whole = TestData.Temporary();
        using TestData.TemporaryFolder parts = TestData.Temporary();
        string[] arguments = ["train", "intrinsic-dimension", "--threads", "1", "--steps", "3"];
        CliResult result = CliProcess.Run([.. arguments, "--out", whole.Root, "--json"]);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        InParts(arguments, parts, "\"lenet/dimension\":50");
        EndAlike(parts, whole);
        Assert.Multiple(() =>
        {
            Assert.That(Figure(result, "perceptron", "numbers trained"), Is.EqualTo(199_210), "the paper's size");
            Assert.That(Figure(result, "lenet", "numbers trained"), Is.EqualTo(44_426), "the paper's size");
            Assert.That(Figure(result, "perceptron in 400 dimensions", "of the usual"), Is.GreaterThan(Figure(result, "perceptron in 100 dimensions", "of the usual")));
            Assert.That(Last(whole, "perceptron/loss"), Is.LessThan(2.29));
            Assert.That(File.ReadAllText(whole.File("report.html")), Does.Contain("Accuracy by dimension: lenet"));
        });
    }

    [Test]
    [Explicit("fourteen networks in random subspaces: minutes")]
    [Category("Long")]
    public void Train_OnMnist_FindsDimensionsOfThePublishedSize()
    {
        CliResult result = OnData("intrinsic-dimension", TestData.Folder("mnist"));
        double perceptron = Figure(result, "perceptron", "dimension for 90 %");
        double lenet = Figure(result, "lenet", "dimension for 90 %");
        Assert.Multiple(() =>
        {
            Assert.That(perceptron, Is.InRange(300, 1000));
            Assert.That(lenet, Is.InRange(120, 400));
            Assert.That(perceptron, Is.GreaterThan(1.5 * lenet));
        });
    }
}
