using System.Text.Json;
using static HyperKernels.Tests.Cli.RecipeRun;

namespace HyperKernels.Tests.Cli;

/// <summary>
/// The recipes through the program, as a user runs them. The long ones repeat published or measured figures on real data:
/// <c>dotnet test -c Release --filter Category=Long</c> runs them.
/// </summary>
[Parallelizable(ParallelScope.All)]
public sealed class RecipeTests
{
    [Test]
    public void Train_MipOnDrawnDigits_LossesFall_AndAReportIsWritten()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run("train", "mip", "--steps", "60", "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        List<JsonElement> log = Log(folder);
        Assert.Multiple(() =>
        {
            Assert.That(Number(log[^1], "mip/loss"), Is.LessThan(0.7 * Number(log[0], "mip/loss")));
            Assert.That(Number(log[^1], "default/loss"), Is.LessThan(Number(log[0], "default/loss")));
            Assert.That(File.ReadAllText(folder.File("report.html")), Does.Contain("<svg").And.Contain("mip"));
            Assert.That(File.Exists(folder.File("mip.safetensors")) && File.Exists(folder.File("default.safetensors")));
        });
    }

    [Test]
    public void Train_StaticMnistOnDrawnDigits_TheGeneratedKernelLearns()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run("train", "static-mnist", "--steps", "12", "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        List<JsonElement> log = Log(folder);
        double[] parameters = [.. result.Json.GetProperty("figures").EnumerateArray()
            .Where(figure => figure.GetProperty("name").GetString() == "parameters").Select(figure => figure.GetProperty("value").GetDouble())];
        Assert.Multiple(() =>
        {
            Assert.That(parameters, Is.EqualTo(new[] { 21_210.0, 12_910 }), "the published counts");
            Assert.That(Number(log[^1], "hypernetwork/loss"), Is.LessThan(0.7 * Math.Log(10)));
            Assert.That(Number(log[^1], "hypernetwork/test accuracy"), Is.GreaterThan(0.5));
        });
    }

    [Test]
    public void Train_HyperLstmOnSentences_LearnsLetters_AndResumesWithItsMemory()
    {
        using TestData.TemporaryFolder whole = TestData.Temporary();
        using TestData.TemporaryFolder parts = TestData.Temporary();
        string[] arguments = ["train", "hyperlstm-shakespeare", "--threads", "1"];
        Assert.That(CliProcess.Run([.. arguments, "--steps", "12", "--out", whole.Root]).ExitCode, Is.Zero);
        Assert.That(CliProcess.Run([.. arguments, "--steps", "6", "--out", parts.Root]).ExitCode, Is.Zero);
        Assert.That(CliProcess.Run([.. arguments, "--steps", "12", "--out", parts.Root, "--resume"]).ExitCode, Is.Zero);
        JsonElement last = Log(whole)[^1];
        Assert.Multiple(() =>
        {
            Assert.That(File.ReadAllBytes(parts.File("checkpoint.safetensors")), Is.EqualTo(File.ReadAllBytes(whole.File("checkpoint.safetensors"))));
            // A guess among the grammar's symbols costs more than five bits.
            Assert.That(Number(last, "hyperlstm/validation bits"), Is.LessThan(4.9));
            Assert.That(Number(last, "lstm/validation bits"), Is.LessThan(5));
        });
    }

    [Test]
    public void Train_StnOnDrawnDigits_LearnsHyperparametersToo_AndResumesWithItsBest()
    {
        using TestData.TemporaryFolder whole = TestData.Temporary();
        using TestData.TemporaryFolder parts = TestData.Temporary();
        // Forty steps of warm-up, then every third tunes.
        string[] arguments = ["train", "stn-digits", "--threads", "1"];
        Assert.That(CliProcess.Run([.. arguments, "--steps", "50", "--out", whole.Root]).ExitCode, Is.Zero);
        Assert.That(CliProcess.Run([.. arguments, "--steps", "44", "--out", parts.Root]).ExitCode, Is.Zero);
        Assert.That(CliProcess.Run([.. arguments, "--steps", "50", "--out", parts.Root, "--resume"]).ExitCode, Is.Zero);
        List<JsonElement> log = Log(whole);
        Assert.Multiple(() =>
        {
            Assert.That(File.ReadAllBytes(parts.File("checkpoint.safetensors")), Is.EqualTo(File.ReadAllBytes(whole.File("checkpoint.safetensors"))));
            // From the logarithm of ten classes.
            Assert.That(Number(log[^1], "self-tuning/best validation loss"), Is.LessThan(0.96 * Math.Log(10)));
            // Three steps of Adam, 3e-3 each at first.
            Assert.That(Math.Log(Number(log[^1], "self-tuning/weight decay") / 1e-4), Is.Not.Zero.And.InRange(-0.0095, 0.0095));
            Assert.That(File.Exists(whole.File("self-tuning.safetensors")));
        });
    }

    [Test]
    public void Train_NeuMetaOnDrawnDigits_TheFieldLearns_AndNetworksOfAllWidthsAreRead()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run("train", "neumeta-mnist", "--steps", "200", "--threads", "1", "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        List<JsonElement> log = Log(folder);
        Assert.Multiple(() =>
        {
            // The first hundred steps are a plateau at a guess's 2.303, on which neighbouring neurons part.
            Assert.That(Number(log[^1], "field/loss"), Is.LessThan(2.1));
            Assert.That(result.Output, Does.Contain("width 11, not trained on"));
            Assert.That(File.Exists(folder.File("field.safetensors")));
        });
    }

    [Test]
    public void Train_GhnOnDrawnDigits_LossFalls_AndUnseenNetworksAreJudged()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run("train", "ghn-digits", "--steps", "40", "--threads", "1", "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        List<JsonElement> log = Log(folder);
        string[] runs = [.. result.Json.GetProperty("figures").EnumerateArray().Select(figure => figure.GetProperty("run").GetString()!).Distinct()];
        Assert.Multiple(() =>
        {
            // A guess among ten costs 2.303; the first predictions are worse.
            Assert.That(Number(log[0], "loss"), Is.GreaterThan(2.35));
            Assert.That(Number(log[^1], "loss"), Is.LessThan(2.33));
            Assert.That(Number(log[^1], "unseen accuracy"), Is.InRange(0.05, 0.5));
            Assert.That(runs, Does.Contain("median unseen network").And.Contain("mean after 10 steps"));
            Assert.That(File.ReadAllText(folder.File("report.html")), Does.Contain("Unseen architectures").And.Contain("Trained on from both starts"));
            Assert.That(File.Exists(folder.File("hypernetwork.safetensors")));
        });
    }

    [Test]
    [Explicit("trains a grid of 27 networks: minutes")]
    [Category("Long")]
    public void Train_StnDigits_OneRunBeatsTheGrid()
    {
        List<JsonElement> log = Train("stn-digits", TestData.Folder("optdigits"));
        Assert.That(Number(log[^1], "self-tuning/best validation loss"), Is.LessThan(Number(log[^1], "grid/best validation loss")).And.LessThan(0.145));
    }

    [Test]
    [Explicit("trains four networks for an epoch: minutes")]
    [Category("Long")]
    public void Train_MipMnist_IsAheadOfTheDefaultAtEveryCheckpoint()
    {
        List<JsonElement> log = Train("mip-mnist", TestData.Folder("mnist"), "--epochs", "1");
        Assert.Multiple(() =>
        {
            foreach (int step in (int[])[100, 300, 938])
            {
                JsonElement line = log.Single(l => l.GetProperty("step").GetInt64() == step);
                foreach (string rate in (string[])["-1e-3", "-1e-4"])
                {
                    Assert.That(
                        Number(line, $"mip{rate}/test accuracy"), Is.GreaterThan(Number(line, $"default{rate}/test accuracy")), $"step {step}, rate {rate[1..]}");
                }
            }
            Assert.That(Number(log[^1], "mip-1e-3/test accuracy"), Is.GreaterThanOrEqualTo(0.975));
        });
    }

    [Test]
    [Explicit("an epoch of two data sets: a minute")]
    [Category("Long")]
    public void Train_MnistFashion_OneHypernetworkLearnsBothTasks()
    {
        TestData.Folder("fashion-mnist");
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run(Longest, "train", "mnist-fashion", "--data", DataRoot(TestData.Folder("mnist")), "--epochs", "1", "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        JsonElement last = Log(folder)[^1];
        Assert.Multiple(() =>
        {
            Assert.That(Number(last, "mnist/test accuracy"), Is.GreaterThanOrEqualTo(0.975));
            Assert.That(Number(last, "fashion-mnist/test accuracy"), Is.GreaterThanOrEqualTo(0.845));
            Assert.That(result.Output, Does.Contain("2,216,856"));
        });
    }

    [Test]
    [Explicit("twenty epochs of a field, four of five networks: minutes")]
    [Category("Long")]
    public void Train_NeuMeta_UnseenWidthsAreCloseToTrainedOnes()
    {
        JsonElement last = Train("neumeta-mnist", TestData.Folder("mnist"))[^1];
        Assert.Multiple(() =>
        {
            Assert.That(Number(last, "field 16/test accuracy"), Is.GreaterThanOrEqualTo(0.97));
            Assert.That(Number(last, "field 11/test accuracy"), Is.GreaterThanOrEqualTo(0.965));
            Assert.That(Number(last, "field 15/test accuracy"), Is.GreaterThanOrEqualTo(0.965));
            Assert.That(Number(last, "alone 16/test accuracy"), Is.GreaterThanOrEqualTo(0.98));
        });
    }

    [Test]
    [Explicit("four epochs of two networks: minutes")]
    [Category("Long")]
    public void Train_StaticMnist_IsWhereItShouldBeAfterFourEpochs()
    {
        JsonElement last = Train("static-mnist", TestData.Folder("mnist"), "--epochs", "4")[^1];
        Assert.Multiple(() =>
        {
            Assert.That(Number(last, "plain/test accuracy"), Is.GreaterThanOrEqualTo(0.983));
            Assert.That(Number(last, "hypernetwork/test accuracy"), Is.GreaterThanOrEqualTo(0.975));
        });
    }

    [Test]
    [Explicit("3,000 steps of two recurrent networks: a quarter of an hour")]
    [Category("Long")]
    public void Train_HyperLstmOnShakespeare_IsAheadOfTheLstm()
    {
        JsonElement last = Train("hyperlstm-shakespeare", TestData.Folder("tinyshakespeare"))[^1];
        double bits = Number(last, "hyperlstm/validation bits");
        Assert.That(bits, Is.LessThan(2.71).And.LessThanOrEqualTo(Number(last, "lstm/validation bits")));
    }

    [Test]
    [Explicit("6,000 steps of a graph hypernetwork: minutes")]
    [Category("Long")]
    public void Train_GhnOnDigits_PredictsUnseenNetworks_AndIsTheBetterStart()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run(Longest, "train", "ghn-digits", "--data", DataRoot(TestData.Folder("optdigits")), "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        ILookup<string, (string Name, double Value)> figures = result.Json.GetProperty("figures").EnumerateArray().ToLookup(
            figure => figure.GetProperty("run").GetString()!, figure => (figure.GetProperty("name").GetString()!, figure.GetProperty("value").GetDouble()));
        Assert.Multiple(() =>
        {
            Assert.That(Of("median unseen network", "predicted"), Is.GreaterThan(0.9));
            Assert.That(Of("best unseen network", "predicted"), Is.GreaterThan(0.95));
            foreach (IGrouping<string, (string, double)> row in figures.Where(row => row.Key.StartsWith("mean after", StringComparison.Ordinal)))
            {
                Assert.That(Of(row.Key, "predicted"), Is.GreaterThan(Of(row.Key, "first values")), row.Key);
            }
        });

        double Of(string run, string name) => figures[run].Single(figure => figure.Name == name).Value;
    }

    // Bayes' networks and functions are learnt in so few steps; of the other two this shows that they run, and MipPartTests that their networks learn.
    [TestCase("mip-bayes", 20, "MIP 0.01/loss, Adam", 5)]
    [TestCase("mip-hypermorph", 6, "MIP 0.01/loss, Adam", 0.5)]
    [TestCase("mip-scale-space", 4, "MIP 0.003/loss, Adam", 2.7)]
    [TestCase("mip-ablation", 25, "MIP 0.001/test error, as usual, Adam", 0.2)]
    public void Train_MipSweep_RunsAllFormsAndFillsItsReport(string recipe, int steps, string quantity, double bound)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run("train", recipe, "--steps", $"{steps}", "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(Number(Log(folder)[^1], quantity), Is.LessThan(bound));
        string page = File.ReadAllText(folder.File("report.html"));
        Assert.That(page, Does.Contain("never").And.Contain("default").And.Contain("MIP"));
        Assert.That(page.Contains("<h2>Accuracy by", StringComparison.Ordinal) || recipe is "mip-hypermorph" or "mip-ablation");
        Assert.That(page.Contains("data:image/png", StringComparison.Ordinal), Is.EqualTo(recipe == "mip-hypermorph"));
    }

    [TestCase("mip-bayes", "test accuracy", "0.001", 1, 0.9)]
    [TestCase("mip-hypermorph", "loss left", "0.01", -1, -0.5)]
    [TestCase("mip-scale-space", "test accuracy", "0.01", 1, 0.8)]
    [Explicit("36 networks: minutes")]
    [Category("Long")]
    public void Train_MipSweep_MipIsFarAheadAtTheSmallestRateOfMomentum_AndReachesTheThresholdWithAdam(
        string recipe, string quality, string rate, int sign, double threshold)
    {
        JsonElement last = Train(recipe, TestData.Folder("mnist"))[^1];
        Assert.That(sign * Number(last, $"MIP {rate}/{quality}, SGD"), Is.GreaterThan((sign * Number(last, $"default {rate}/{quality}, SGD")) + 0.2));
        double best = last.EnumerateObject()
            .Where(number => number.Name.StartsWith("MIP", StringComparison.Ordinal) && number.Name.EndsWith($"/{quality}, Adam", StringComparison.Ordinal))
            .Max(number => sign * number.Value.GetDouble());
        Assert.That(best, Is.GreaterThan(threshold));
    }

    private static List<JsonElement> Train(string recipe, string dataFolder, params string[] more)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run(Longest, ["train", recipe, "--data", DataRoot(dataFolder), .. more, "--out", folder.Root]);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        return Log(folder);
    }

    // Recipes take the folder that holds the data sets.
    private static string DataRoot(string folder) => Path.GetDirectoryName(folder)!;
}
