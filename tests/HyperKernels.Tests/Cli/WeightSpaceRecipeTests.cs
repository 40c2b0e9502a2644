using static HyperKernels.Tests.Cli.RecipeRun;

namespace HyperKernels.Tests.Cli;

[Parallelizable(ParallelScope.All)]
public sealed class WeightSpaceRecipeTests
{
    [Test]
    public void Train_ZooPredict_LearnsFromNetworksTrainedOnTheSpot_AndResumes()
    {
        using TestData.TemporaryFolder whole = TestData.Temporary();
        using TestData.TemporaryFolder parts = TestData.Temporary();
        string[] arguments = ["train", "zoo-predict", "--threads", "1", "--steps", "80"];
        CliResult result = CliProcess.Run([.. arguments, "--out", whole.Root, "--json"]);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        InParts(arguments, parts, "metanetwork/squared error");
        EndAlike(parts, whole);
        Assert.Multiple(() =>
        {
            Assert.That(Last(whole, "metanetwork/squared error"), Is.LessThan(0.5 * Number(First(whole, "metanetwork/squared error"), "metanetwork/squared error")));
            Assert.That(Figure(result, "metanetwork", "change when hidden units are exchanged"), Is.LessThan(1e-6));
            Assert.That(Figure(result, "weights as they are", "change when hidden units are exchanged"), Is.GreaterThan(1e-3));
            Assert.That(File.ReadAllText(whole.File("report.html")), Does.Contain("Guessed from weights").And.Contain("<circle"));
            Assert.That(File.Exists(whole.File("metanetwork.safetensors")));
        });
    }

    [Test]
    public void Train_PruneDigits_PrunesInEveryWay_AndTrainsOn()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run("train", "prune-digits", "--threads", "1", "--steps", "42", "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.Multiple(() =>
        {
            foreach (string make in (string[])["convolutional", "perceptron"])
            {
                string loss = $"{make}/metanetwork loss";
                Assert.That(Number(Log(folder).Last(line => line.TryGetProperty(loss, out _)), loss), Is.LessThan(Number(First(folder, loss), loss)), make);
                // A guess among ten costs 2.303; a third of the networks have lost units at random.
                Assert.That(Last(folder, $"{make}/loss after pruning"), Is.LessThan(2.295), make);
                Assert.That(Figure(result, $"{make}, 50 % pruned", "magnitude"), Is.GreaterThan(Figure(result, $"{make}, 90 % pruned", "magnitude")), make);
                Assert.That(Figure(result, $"{make}, 50 % pruned", "metanetwork"), Is.GreaterThan(0.15), make);
            }
            Assert.That(File.ReadAllText(folder.File("report.html")), Does.Contain("Pruning perceptron networks"));
        });
    }

    [Test]
    [Explicit("four hundred networks, and those who judge them: minutes")]
    [Category("Long")]
    public void Train_ZooPredictOnMnist_TheMetaNetworkOrdersUnseenNetworks()
    {
        CliResult result = OnData("zoo-predict", TestData.Folder("mnist"));
        Assert.That(Figure(result, "metanetwork", "rank correlation"), Is.GreaterThan(0.6));
        Assert.That(Figure(result, "metanetwork", "mean error"), Is.LessThan(0.5 * Figure(result, "constant", "mean error")));
    }

    private static System.Text.Json.JsonElement First(TestData.TemporaryFolder folder, string name) =>
        Log(folder).First(line => line.TryGetProperty(name, out _));
}
