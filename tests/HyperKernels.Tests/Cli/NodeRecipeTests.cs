using System.Text.Json;
using static HyperKernels.Tests.Cli.RecipeRun;

namespace HyperKernels.Tests.Cli;

[Parallelizable(ParallelScope.All)]
public sealed class NodeRecipeTests
{
    private const string All = "hgnn,hgnn+,hcha,hnhn,unigcn,unigat,unigcnii,allset,edhnn,edhnn-deep,phenomnn,hypergcn,mlp";

    [Test]
    public void Train_AllNetworksOnPlantedCommunities_LowersEveryLoss()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run("train", "cora-cocitation", "--model", All, "--splits", "1", "--epochs", "20", "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.Multiple(() =>
        {
            foreach (string model in All.Split(','))
            {
                // Each has its 20 epochs in turn, of which the log has two.
                double[] losses = Losses(folder, model);
                Assert.That(losses, Has.Length.EqualTo(2), model);
                Assert.That(losses[^1], Is.LessThan(losses[0]), model);
            }
            // Few words tell the community, neighbours do.
            Assert.That(Figure(result, "edhnn", "above the perceptron"), Is.GreaterThan(0.1));
            Assert.That(File.ReadAllText(folder.File("report.html")), Does.Contain("Degrees and sizes").And.Contain("1 splits of 50 %"));
        });
    }

    [Test]
    public void Train_PublishedProtocol_IsWorseWithoutLoops_AndTakesTheLastEpoch()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        double looped = Run();
        Assert.That(Run("--loops", "none"), Is.LessThan(looped - 0.01), "a tenth of the nodes is in no hyperedge");

        double Run(params string[] more)
        {
            CliResult result = CliProcess.Run(
                ["train", "cora-cocitation", "--model", "hgnn", "--protocol", "published", "--epochs", "35", "--out", folder.Root, "--json", .. more]);
            Assert.That(result.ExitCode, Is.Zero, result.ToString());
            Assert.That(Figure(result, "hgnn", "epoch"), Is.EqualTo(35));
            return Figure(result, "hgnn", "test accuracy");
        }
    }

    [TestCase("--model", "hgnn,gcn", "got \"gcn\"")]
    [TestCase("--protocol", "quarter", "one of published, half; got \"quarter\"")]
    [TestCase("--loops", "1", "one of none, isolated, all; got \"1\"")]
    [TestCase("--splits", "4", "from 1 to the 3 that the data has; got \"4\"")]
    public void Train_WithAChoiceThatIsNone_SaysWhichThereAre(string option, string value, string words)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run("train", "cora-cocitation", option, value, "--out", folder.Root);
        Assert.That(result.ExitCode, Is.EqualTo(2), result.ToString());
        Assert.That(result.Error, Does.Contain(words));
    }

    [Test]
    public void Train_ARecipeWithoutTheChoice_NamesThoseThatHaveIt()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run("train", "lenet", "--model", "hgnn", "--out", folder.Root);
        Assert.That(result.ExitCode, Is.EqualTo(2), result.ToString());
        Assert.That(result.Error, Does.Contain("--model").And.Contain("hgnn, cora-cocitation").And.Contain("got lenet"));
    }

    [Test]
    public void Train_ResumedWithOtherNetworks_IsRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string[] run = ["train", "cora-cocitation", "--splits", "1", "--epochs", "2", "--out", folder.Root];
        Assert.That(CliProcess.Run([.. run, "--model", "hgnn"]).ExitCode, Is.Zero);
        CliResult result = CliProcess.Run([.. run, "--model", "hypergcn", "--resume"]);
        Assert.That(result.ExitCode, Is.EqualTo(2), result.ToString());
        Assert.That(result.Error, Does.Contain("with --model hgnn,mlp; got --model hypergcn,mlp."));
    }

    // Bounds are a point below what was published or what PyTorch reached on these files, the higher of the two; HGNN's set-up is known well enough for one above.
    [TestCase("hgnn", "hgnn", "half", 0.787, 0.807)]
    [TestCase("cora-cocitation", "edhnn", "half", 0.80)]
    [TestCase("cora-cocitation", "hypergcn", "published", 0.666)]
    [TestCase("cora-coauthorship", "hgnn", "published", 0.721)]
    [TestCase("citeseer-cocitation", "hgnn", "published", 0.631)]
    [Category("Long")]
    [Explicit("ten splits of hundreds of epochs: minutes")]
    public void Train_OnPapers_IsWithinAPointOfTheTarget(string recipe, string model, string protocol, double least, double most = 1)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string data = Path.GetDirectoryName(TestData.Folder("hypergraph"))!;
        CliResult result = CliProcess.Run(
            TimeSpan.FromMinutes(30), "train", recipe, "--model", model, "--protocol", protocol, "--data", data, "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(Figure(result, model, "test accuracy"), Is.InRange(least, most));
    }

    private static double[] Losses(TestData.TemporaryFolder folder, string model) =>
    [
        .. File.ReadLines(folder.File("metrics.jsonl"))
            .Select(line => JsonSerializer.Deserialize<JsonElement>(line).TryGetProperty($"{model}/loss", out JsonElement loss) ? loss.GetDouble() : double.NaN)
            .Where(double.IsFinite),
    ];
}
