using static HyperKernels.Tests.Cli.RecipeRun;

namespace HyperKernels.Tests.Cli;

[Parallelizable(ParallelScope.All)]
public sealed class SharedNumbersRecipeTests
{
    [Test]
    public void Train_RoastOnDrawnDigits_BanksLearn_AndAreStoredAsTheirNumbers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run("train", "roast-mnist", "--steps", "6", "--threads", "1", "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.Multiple(() =>
        {
            Assert.That(Figure(result, "all weights", "numbers trained"), Is.EqualTo(199_210));
            Assert.That(Figure(result, "fold-1", "numbers trained"), Is.EqualTo(199_210));
            Assert.That(Figure(result, "fold-1000", "numbers trained"), Is.EqualTo(198 + 410));
            Assert.That(Last(folder, "fold-1/loss"), Is.LessThan(2.1));
            Assert.That(Last(folder, "fold-100/loss"), Is.LessThan(2.28));
            Assert.That(Figure(result, "fold-1", "test accuracy"), Is.GreaterThan(0.4));
            // The bank in float32, the settings of the network and its biases.
            Assert.That(new FileInfo(folder.File("fold-1000.safetensors")).Length, Is.LessThan(10_000));
            Assert.That(File.ReadAllText(folder.File("report.html")), Does.Contain("Accuracy by compression").And.Contain("Weights of the first layer"));
        });
    }

    [Test]
    public void Train_ModulationFieldsOnDrawnDigits_Learn_AndResumeToTheSameBits()
    {
        using TestData.TemporaryFolder whole = TestData.Temporary();
        using TestData.TemporaryFolder parts = TestData.Temporary();
        string[] arguments = ["train", "modulation-fields", "--steps", "30", "--threads", "1"];
        CliResult result = CliProcess.Run([.. arguments, "--out", whole.Root, "--json"]);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        string largest = result.Json.GetProperty("figures").EnumerateArray().Select(figure => figure.GetProperty("run").GetString()!).Distinct().ElementAt(2);
        Assert.Multiple(() =>
        {
            Assert.That(Last(whole, $"{largest}/loss"), Is.LessThan(0.95 * Number(Log(whole)[0], $"{largest}/loss")));
            Assert.That(File.ReadAllText(whole.File("report.html")), Does.Contain("Pictures and what networks draw").And.Contain("Quality by the numbers of a picture"));
            Assert.That(File.Exists(whole.File("modulation-field.safetensors")));
        });
        InParts(arguments, parts, "step");
        EndAlike(parts, whole);
    }

    [Test]
    [Explicit("twenty-one perceptrons on MNIST: minutes")]
    [Category("Long")]
    public void Train_RoastOnMnist_BeatsNarrowNetworksAndTheProjectionOfAsManyNumbers()
    {
        CliResult result = OnData("roast-mnist", TestData.Folder("mnist"));
        double Accuracy(string run) => Figure(result, run, "test accuracy");
        Assert.Multiple(() =>
        {
            Assert.That(Accuracy("fold-1"), Is.EqualTo(Accuracy("all weights")).Within(0.01));
            Assert.That(Accuracy("fold-100"), Is.GreaterThan(Accuracy("narrow-100") + 0.05));
            Assert.That(Accuracy("fold-1000"), Is.GreaterThan(0.6));
            Assert.That(Accuracy("sgd-divided-small"), Is.EqualTo(Accuracy("sgd-divided")).Within(0.02));
            Assert.That(Accuracy("sgd-undivided-small"), Is.LessThan(Accuracy("sgd-undivided") - 0.1));
        });
    }

    [Test]
    [Explicit("six fields of sixteen pictures: minutes")]
    [Category("Long")]
    public void Train_ModulationFields_DrawPicturesBetterThanLatentVectorsOfAsManyNumbers()
    {
        CliResult result = OnData("modulation-fields", TestData.Folder("images"));
        string[] runs = [.. result.Json.GetProperty("figures").EnumerateArray().Select(figure => figure.GetProperty("run").GetString()!).Distinct()];
        double[] quality = [.. runs.Select(run => Figure(result, run, "PSNR"))];
        Assert.That(quality[2], Is.GreaterThan(quality[5] + 1), "the largest of each kind");
    }
}
