using System.Text.Json;
using static HyperKernels.Tests.Cli.RecipeRun;

namespace HyperKernels.Tests.Cli;

/// <content>Of functions of coordinates.</content>
public sealed partial class ConditionalRecipeTests
{
    [Test]
    public void Train_HyperPinn_LearnsFromEquationsAlone_AndResumesToTheSameBits()
    {
        using TestData.TemporaryFolder whole = TestData.Temporary();
        using TestData.TemporaryFolder parts = TestData.Temporary();
        string[] arguments = ["train", "hyperpinn", "--steps", "200", "--threads", "1"];
        Assert.That(CliProcess.Run([.. arguments, "--out", whole.Root]).ExitCode, Is.Zero);
        List<JsonElement> log = Log(whole);
        Assert.Multiple(() =>
        {
            Assert.That(Number(log[^1], "hyperpinn/loss"), Is.LessThan(0.5 * Number(log[0], "hyperpinn/loss")));
            // A function of zeros is wrong by all of the solution.
            Assert.That(Number(log[^1], "own pinns/held-out error"), Is.LessThan(0.7));
            Assert.That(Number(log[^1], "one pinn/held-out error"), Is.LessThan(0.7));
            Assert.That(File.ReadAllText(whole.File("report.html")), Does.Contain("<h2>a = -0.75, nu = 0.0147</h2>"));
            Assert.That(File.Exists(whole.File("hyperpinn.safetensors")));
        });
        InParts(arguments, parts, "step");
        EndAlike(parts, whole);
    }

    [Test]
    [Explicit("ten thousand steps of six networks: minutes")]
    [Category("Long")]
    public void Train_HyperPinn_UnseenEquationsAreSolvedAsWellAsByNetworksOfTheirOwn()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        Assert.That(CliProcess.Run(Longest, "train", "hyperpinn", "--out", folder.Root).ExitCode, Is.Zero);
        JsonElement last = Log(folder)[^1];
        Assert.Multiple(() =>
        {
            Assert.That(Number(last, "hyperpinn/held-out error"), Is.LessThan(0.02).And.LessThan(Number(last, "one pinn/held-out error")));
            Assert.That(Number(last, "hyperpinn/held-out error"), Is.LessThan(1.2 * Number(last, "own pinns/held-out error")));
        });
    }

    [Test]
    public void Train_SirenImagesOnDrawnDigits_Learns_AndResumesToTheSameBits()
    {
        using TestData.TemporaryFolder whole = TestData.Temporary();
        using TestData.TemporaryFolder parts = TestData.Temporary();
        string[] arguments = ["train", "siren-images", "--steps", "60", "--threads", "1"];
        Assert.That(CliProcess.Run([.. arguments, "--out", whole.Root]).ExitCode, Is.Zero);
        List<JsonElement> log = Log(whole);
        Assert.Multiple(() =>
        {
            Assert.That(Number(log[^1], "hypernetwork/patch loss"), Is.LessThan(0.6 * Number(log[0], "hypernetwork/patch loss")));
            Assert.That(Number(log[^1], "alone/PSNR, four held-out patches"), Is.GreaterThan(Number(log[^1], "hypernetwork/PSNR, four held-out patches")));
            Assert.That(Number(log[^1], "D'OH 300/picture loss"), Is.LessThan(Number(log[0], "D'OH 300/picture loss")));
            Assert.That(File.ReadAllText(whole.File("report.html")), Does.Contain("Pictures from patches").And.Contain("Quality by stored numbers"));
            // A vector, its settings and a seed: not the 4,417 weights of the network.
            Assert.That(new FileInfo(whole.File("doh-100.safetensors")).Length, Is.LessThan(4_000));
        });
        InParts(arguments, parts, "step");
        EndAlike(parts, whole);
    }

    [Test]
    [Explicit("four thousand steps: minutes")]
    [Category("Long")]
    public void Train_SirenImages_GeneratedFunctionsDrawUnseenPatchesBetterThanALinearMap()
    {
        CliResult result = OnData("siren-images", TestData.Folder("images"));
        Assert.Multiple(() =>
        {
            Assert.That(Figure(result, "hypernetwork", "PSNR, held-out patches"), Is.GreaterThan(Figure(result, "linear", "PSNR, held-out patches") + 0.3));
            Assert.That(Figure(result, "hypernetwork", "PSNR, unseen picture"), Is.GreaterThan(Figure(result, "linear", "PSNR, unseen picture") + 0.5));
            Assert.That(Figure(result, "D'OH 100", "PSNR, one picture"), Is.EqualTo(Figure(result, "SIREN 105", "PSNR, one picture")).Within(0.5));
        });
    }

    [Test]
    public void Train_Transport_StandsBesideMapsThatNeedNoTraining_AndResumesToTheSameBits()
    {
        using TestData.TemporaryFolder whole = TestData.Temporary();
        using TestData.TemporaryFolder parts = TestData.Temporary();
        string[] arguments = ["train", "transport-2d", "--steps", "100", "--threads", "1"];
        CliResult result = CliProcess.Run([.. arguments, "--out", whole.Root, "--json"]);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.Multiple(() =>
        {
            // A sample of the distribution itself is at no distance, the best affine map is half way there.
            Assert.That(Figure(result, "the distribution itself", "unseen"), Is.Zero.Within(0.005));
            Assert.That(Figure(result, "left in place", "unseen"), Is.InRange(0.15, 0.2));
            Assert.That(Figure(result, "affine map", "unseen"), Is.InRange(0.07, 0.1));
            Assert.That(File.ReadAllText(whole.File("report.html")), Does.Contain("Where points go").And.Contain("0.2, unseen"));
            Assert.That(File.Exists(whole.File("transport.safetensors")));
        });
        InParts(arguments, parts, "step");
        EndAlike(parts, whole);
    }

    [Test]
    [Explicit("eight thousand steps of map and critic: minutes")]
    [Category("Long")]
    public void Train_Transport_UnseenConditionsAreReachedBetterThanByAffineMapsOfTheirOwn()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run(Longest, "train", "transport-2d", "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(Figure(result, "transport map", "unseen"), Is.LessThan(0.35 * Figure(result, "affine map", "unseen")));
    }
}
