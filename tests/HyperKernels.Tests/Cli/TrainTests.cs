using System.Text.Json;
using HyperKernels.Cli.Data;
using HyperKernels.IO;

namespace HyperKernels.Tests.Cli;

[Parallelizable(ParallelScope.All)]
public sealed class TrainTests
{
    [Test]
    public void Train_WithList_NamesTheRecipes()
    {
        CliResult result = CliProcess.Run("train", "--list", "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        JsonElement[] recipes = [.. result.Json.EnumerateArray()];
        Assert.That(recipes.Select(recipe => recipe.GetProperty("name").GetString()), Does.Contain("lenet").And.Unique);
        Assert.That(recipes.Select(recipe => recipe.GetProperty("description").GetString()), Has.All.Not.Empty);
    }

    [Test]
    public void Train_OnDrawnDigits_LearnsAndWritesItsFolder()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run("train", "lenet", "--steps", "150", "--seed", "3", "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        JsonElement figure = result.Json.GetProperty("figures").EnumerateArray().First(f => f.GetProperty("name").GetString() == "test accuracy");
        string[] lines = File.ReadAllLines(folder.File("metrics.jsonl"));
        Assert.Multiple(() =>
        {
            Assert.That(result.Json.GetProperty("steps").GetInt64(), Is.EqualTo(150));
            Assert.That(figure.GetProperty("value").GetDouble(), Is.GreaterThan(0.8));
            Assert.That(lines, Has.Length.EqualTo(15));
            Assert.That(File.ReadAllText(folder.File("report.html")), Does.Contain("<svg").And.Contain("test accuracy"));
            Assert.That(File.Exists(folder.File("checkpoint.safetensors")));
        });
        using JsonDocument last = JsonDocument.Parse(lines[^1]);
        Assert.That(last.RootElement.GetProperty("step").GetInt64(), Is.EqualTo(150));
        Assert.That(last.RootElement.GetProperty("test accuracy").GetDouble(), Is.EqualTo(figure.GetProperty("value").GetDouble()));
    }

    [Test]
    public void Train_HgnnOnPlantedCommunities_IsFarAboveChance_AndResumesAcrossSplits()
    {
        using TestData.TemporaryFolder whole = TestData.Temporary();
        using TestData.TemporaryFolder parts = TestData.Temporary();
        CliResult result = CliProcess.Run("train", "hgnn", "--epochs", "40", "--out", whole.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        JsonElement mean = result.Json.GetProperty("figures").EnumerateArray().First(f => f.GetProperty("run").GetString() == "hgnn");
        // Six communities: a guess is right in one of six.
        Assert.That(mean.GetProperty("value").GetDouble(), Is.GreaterThan(0.6));

        using (CliProcess process = CliProcess.Start("train", "hgnn", "--epochs", "40", "--out", parts.Root))
        {
            Assert.That(
                () => File.Exists(parts.File("metrics.jsonl")) && File.ReadAllText(parts.File("metrics.jsonl")).Contains("\"step\":90", StringComparison.Ordinal),
                Is.True.After(60_000, 5));
            process.SendInterrupt();
            Assert.That(process.Finish().ExitCode, Is.EqualTo(130));
        }
        Assert.That(CliProcess.Run("train", "hgnn", "--epochs", "40", "--out", parts.Root, "--resume").ExitCode, Is.Zero);
        Assert.That(File.ReadAllBytes(parts.File("checkpoint.safetensors")), Is.EqualTo(File.ReadAllBytes(whole.File("checkpoint.safetensors"))));
    }

    [Test]
    public void Train_InterruptedAndResumed_EndsWithTheSameBitsAsInOneGo()
    {
        Assume.That(OperatingSystem.IsWindows(), Is.False, "signals are sent by kill");
        using TestData.TemporaryFolder whole = TestData.Temporary();
        using TestData.TemporaryFolder parts = TestData.Temporary();
        string[] arguments = ["train", "lenet", "--steps", "400", "--seed", "4"];
        Assert.That(CliProcess.Run([.. arguments, "--out", whole.Root]).ExitCode, Is.Zero);

        CliResult stopped;
        using (CliProcess process = CliProcess.Start([.. arguments, "--out", parts.Root]))
        {
            Assert.That(() => File.Exists(parts.File("metrics.jsonl")), Is.True.After(60_000, 5), "the run never began");
            process.SendInterrupt();
            stopped = process.Finish();
        }
        Assert.That(stopped.ExitCode, Is.EqualTo(130), stopped.ToString());
        Assert.That(stopped.Error, Does.StartWith("hyperkernels: cancelled at step").And.Contain("--resume"));
        Assert.That(File.Exists(parts.File("checkpoint.safetensors")));

        CliResult resumed = CliProcess.Run([.. arguments, "--out", parts.Root, "--resume"]);
        Assert.That(resumed.ExitCode, Is.Zero, resumed.ToString());
        Assert.That(resumed.Output, Does.Contain("resumed at step"));
        Assert.That(File.ReadAllBytes(parts.File("checkpoint.safetensors")), Is.EqualTo(File.ReadAllBytes(whole.File("checkpoint.safetensors"))));
        Assert.That(Losses(parts), Is.EqualTo(Losses(whole)));
    }

    [Test]
    public void Train_WithCheckpointEvery_KeepsTheTwoLatestAndThoseAskedFor_AndResumesOverATornLogLine()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string[] arguments = ["train", "lenet", "--checkpoint-every", "2", "--keep", "2", "--out", folder.Root];
        Assert.That(CliProcess.Run([.. arguments, "--steps", "5"]).ExitCode, Is.Zero);
        Assert.That(Checkpoint.Load(folder.File("checkpoint.safetensors")).Step, Is.EqualTo(5));
        Assert.That(Checkpoint.Load(folder.File("checkpoint.safetensors.previous")).Step, Is.EqualTo(4));
        string other = folder.File("checkpoint-9.safetensors", [1, 2, 3]);
        File.AppendAllText(folder.File("metrics.jsonl"), "{\"step\":6,\"sec");

        CliResult resumed = CliProcess.Run([.. arguments, "--steps", "8", "--resume"]);

        Assert.That(resumed.ExitCode, Is.Zero, resumed.ToString());
        Assert.That(Losses(folder).Count(), Is.EqualTo(2), "the last steps of both runs");
        Assert.That(
            Directory.GetFiles(folder.Root, "checkpoint-*").Select(Path.GetFileName),
            Is.EquivalentTo(["checkpoint-6.safetensors", "checkpoint-8.safetensors", Path.GetFileName(other)]), "what is of a later step than the run is not touched");
        Assert.That(Checkpoint.Load(folder.File("checkpoint-6.safetensors")).Step, Is.EqualTo(6));
    }

    [Test]
    public void Train_WhoseCheckpointIsLargerThanFilesMayBe_SaysSo_AndLeavesNothingHalfWritten()
    {
        Assume.That(OperatingSystem.IsWindows(), Is.False, "limits are set by ulimit");
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.RunUnder("ulimit -f 40000", "train", "mip", "--steps", "2", "--out", folder.Root);
        Assert.That(result.ExitCode, Is.EqualTo(4), result.ToString());
        Assert.That(result.Error, Does.Contain("checkpoint.safetensors: a file of that size is not allowed here"));
        Assert.That(Directory.GetFiles(folder.Root, "*checkpoint*"), Is.Empty);
    }

    [TestCase("--seed 4", "--seed 5", "--seed", "5")]
    [TestCase("no --data", "--data DATA", "--seed", "4", "--data", "DATA")]
    [TestCase("--seed 4 and no --data", "--seed 7 and --data DATA", "--seed", "7", "--data", "DATA")]
    public void Train_ResumedWithOtherOptions_NamesBothAndTouchesNothing(string made, string came, params string[] arguments)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using TestData.TemporaryFolder data = TestData.Temporary();
        WriteDigits(data, "train");
        WriteDigits(data, "t10k");
        string[] run = ["train", "lenet", "--out", folder.Root];
        Assert.That(CliProcess.Run([.. run, "--seed", "4", "--steps", "3"]).ExitCode, Is.Zero);
        byte[] checkpoint = File.ReadAllBytes(folder.File("checkpoint.safetensors"));
        string log = File.ReadAllText(folder.File("metrics.jsonl"));

        CliResult result = CliProcess.Run([.. run, "--steps", "6", "--resume", .. arguments.Select(a => a == "DATA" ? data.Root : a)]);

        Assert.Multiple(() =>
        {
            Assert.That(result.ExitCode, Is.EqualTo(2), result.ToString());
            Assert.That(result.Error, Does.Contain($"with {made}; got {came.Replace("DATA", data.Root, StringComparison.Ordinal)}. Give the same, or start a new run"));
            Assert.That(File.ReadAllBytes(folder.File("checkpoint.safetensors")), Is.EqualTo(checkpoint));
            Assert.That(File.ReadAllText(folder.File("metrics.jsonl")), Is.EqualTo(log));
        });
        Assert.That(CliProcess.Run([.. run, "--seed", "4", "--steps", "6", "--resume"]).ExitCode, Is.Zero, "the same run goes on, for longer too");
    }

    [Test]
    public void Train_ResumedByAnotherRecipe_OrWithOtherSplits_IsRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        Assert.That(CliProcess.Run("train", "hgnn", "--epochs", "2", "--out", folder.Root).ExitCode, Is.Zero);
        CliResult longer = CliProcess.Run("train", "hgnn", "--epochs", "3", "--out", folder.Root, "--resume");
        CliResult other = CliProcess.Run("train", "lenet", "--steps", "3", "--out", folder.Root, "--resume");
        Assert.Multiple(() =>
        {
            Assert.That(longer.ExitCode, Is.EqualTo(2), longer.ToString());
            Assert.That(longer.Error, Does.Contain("with --epochs 2; got --epochs 3."));
            Assert.That(other.ExitCode, Is.EqualTo(2), other.ToString());
            Assert.That(other.Error, Does.Contain("with recipe hgnn; got recipe lenet."));
        });
    }

    [Test]
    public void Train_ResumedWithoutCheckpoint_ExitsWithDataCode()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run("train", "lenet", "--steps", "1", "--out", folder.Root, "--resume");
        Assert.That(result.ExitCode, Is.EqualTo(4), result.ToString());
        Assert.That(result.Error.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
    }

    [Test]
    public void Train_WithEmptyDataFolder_ExitsWithDataCodeAndSaysWhatIsMissing()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run("train", "lenet", "--data", folder.Root, "--out", folder.File("out"), "--json");
        Assert.That(result.ExitCode, Is.EqualTo(4), result.ToString());
        Assert.That(result.Json.GetProperty("error").GetString(), Does.Contain("train-images-idx3-ubyte.gz"));
    }

    [TestCase(2, "train")]
    [TestCase(2, "train", "nothing")]
    [TestCase(2, "train", "lenet", "--steps", "0")]
    [TestCase(2, "train", "lenet", "--steps", "5", "--epochs", "1")]
    [TestCase(2, "train", "lenet", "--seed", "many")]
    [TestCase(2, "train", "lenet", "--threads", "1025")]
    [TestCase(2, "train", "lenet", "--checkpoint-every", "0")]
    [TestCase(2, "train", "lenet", "--checkpoint-every", "1m")]
    [TestCase(4, "train", "lenet", "--out", "/dev/null/runs")]
    [TestCase(3, "train", "lenet", "--device", "abacus")]
    [TestCase(4, "train", "lenet", "--data", "/no/such/folder")]
    public void Train_WithBadArguments_ExitsWithItsCodeAndOneLine(int code, params string[] arguments)
    {
        CliResult result = CliProcess.Run(arguments);
        Assert.That(result.ExitCode, Is.EqualTo(code), result.ToString());
        Assert.That(result.Error.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
    }

    /// <summary>A few digits as MNIST's makers would publish them.</summary>
    private static void WriteDigits(TestData.TemporaryFolder folder, string part)
    {
        ImageSet digits = DrawnDigits.Make(70, seed: 1, threads: 1);
        Directory.CreateDirectory(folder.File("mnist"));
        folder.File(Path.Combine("mnist", $"{part}-images-idx3-ubyte"), [0, 0, 8, 3, 0, 0, 0, 70, 0, 0, 0, 28, 0, 0, 0, 28, .. digits.Pixels]);
        folder.File(Path.Combine("mnist", $"{part}-labels-idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, 70, .. digits.Labels.Select(label => (byte)label)]);
    }

    private static IEnumerable<string> Losses(TestData.TemporaryFolder folder) =>
        File.ReadLines(folder.File("metrics.jsonl")).Select(line => System.Text.RegularExpressions.Regex.Replace(line, "\"seconds\":[^,]+,", ""));
}
