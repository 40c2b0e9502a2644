using System.Text.Json;

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
        using (CliProcess process = CliProcess.Start([.. arguments, "--out", parts.Root]))
        {
            Assert.That(() => File.Exists(parts.File("metrics.jsonl")), Is.True.After(60_000, 5));
            process.SendInterrupt();
            Assert.That(process.Finish().ExitCode, Is.EqualTo(130));
        }
        Assert.That(CliProcess.Run([.. arguments, "--out", parts.Root, "--resume"]).ExitCode, Is.Zero);
        Assert.That(File.ReadAllBytes(parts.File("checkpoint.safetensors")), Is.EqualTo(File.ReadAllBytes(whole.File("checkpoint.safetensors"))));
    }

    [Test]
    [Explicit("ten thousand steps of six networks: minutes")]
    [Category("Long")]
    public void Train_HyperPinn_UnseenEquationsAreSolvedAsWellAsByNetworksOfTheirOwn()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        Assert.That(CliProcess.Run(s_longest, "train", "hyperpinn", "--out", folder.Root).ExitCode, Is.Zero);
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
        using (CliProcess process = CliProcess.Start([.. arguments, "--out", parts.Root]))
        {
            Assert.That(() => File.Exists(parts.File("metrics.jsonl")), Is.True.After(60_000, 5));
            process.SendInterrupt();
            Assert.That(process.Finish().ExitCode, Is.EqualTo(130));
        }
        Assert.That(CliProcess.Run([.. arguments, "--out", parts.Root, "--resume"]).ExitCode, Is.Zero);
        Assert.That(File.ReadAllBytes(parts.File("checkpoint.safetensors")), Is.EqualTo(File.ReadAllBytes(whole.File("checkpoint.safetensors"))));
    }

    [Test]
    [Explicit("four thousand steps: minutes")]
    [Category("Long")]
    public void Train_SirenImages_GeneratedFunctionsDrawUnseenPatchesBetterThanALinearMap()
    {
        CliResult result = Train("siren-images", TestData.Folder("images"));
        foreach (string column in (string[])["PSNR, held-out patches", "PSNR, unseen picture"])
        {
            Assert.That(Figure(result, "hypernetwork", column), Is.GreaterThan(Figure(result, "linear", column) + 1), column);
        }
    }
}
