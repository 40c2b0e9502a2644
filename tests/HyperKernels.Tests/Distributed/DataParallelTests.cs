using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using HyperKernels.IO;
using HyperKernels.Tests.Cli;

namespace HyperKernels.Tests.Distributed;

/// <summary>Recipes trained by several processes are those trained by one, to rounding, and end as one does.</summary>
public sealed class DataParallelTests
{
    private const int CancelledExit = 130;

    // Rows of a batch, bytes of a bucket, whether factors are gathered: only where shares are equal.
    [TestCase(2, 48, 1 << 20, true)]
    [TestCase(3, 48, 1 << 20, true)]
    [TestCase(3, 49, 4096, false)]
    public void Steps_OfShares_AreThoseOfTheWholeBatch(int processes, int rows, int bucketBytes, bool gathers)
    {
        MpiResult result = Mpi.Ranks(processes, "steps", $"{rows}", $"{bucketBytes}", $"{gathers}");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
    }

    // 64 rows make 22, 21 and 21; two networks side by side.
    [TestCase("lenet", 3)]
    [TestCase("mip", 2)]
    [TestCase("mnist-fashion", 2, Category = "Long", Explicit = true)]
    [TestCase("mip-mnist", 2, Category = "Long", Explicit = true)]
    [TestCase("static-mnist", 2, Category = "Long", Explicit = true)]
    public void Recipe_ByProcesses_LogsWhatOneProcessLogs_AndRepeatsBitForBit(string recipe, int processes)
    {
        Mpi.Need();
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string[] common = ["train", recipe, "--steps", "10", "--threads", "1", "--device", "cpu", "--seed", "3"];
        string one = Path.Combine(folder.Root, "one");
        Assert.That(CliProcess.Run([.. common, "--out", one]).ExitCode, Is.Zero);
        string[] runs = [Path.Combine(folder.Root, "a"), Path.Combine(folder.Root, "b")];
        foreach (string run in runs)
        {
            MpiResult result = Mpi.Cli(processes, [.. common, "--out", run]);
            Assert.That(result.ExitCode, Is.Zero, result.ToString());
        }
        AssertSameLog(one, runs[0]);
        Assert.That(File.ReadAllBytes(CheckpointOf(runs[1])), Is.EqualTo(File.ReadAllBytes(CheckpointOf(runs[0]))));
    }

    [Test]
    public void Resume_ByAnotherNumberOfProcesses_GoesOn()
    {
        Mpi.Need();
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string one = Path.Combine(folder.Root, "one");
        string several = Path.Combine(folder.Root, "several");
        string[] common = ["train", "lenet", "--threads", "1", "--device", "cpu", "--checkpoint-every", "5"];
        Assert.That(CliProcess.Run([.. common, "--steps", "30", "--out", one]).ExitCode, Is.Zero);
        foreach ((int processes, string steps, string[] more) in new (int, string, string[])[] { (2, "10", []), (3, "20", ["--resume"]), (1, "30", ["--resume"]) })
        {
            MpiResult result = Mpi.Cli(processes, [.. common, "--steps", steps, "--out", several, .. more]);
            Assert.That(result.ExitCode, Is.Zero, result.ToString());
        }
        AssertSameLog(one, several);
    }

    [Test]
    public void Train_WhoseSecondProcessIsKilled_EndsWithinSeconds_AndItsCheckpointIsWhole()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using Process run = Endless(folder.Root);
        Task<string> output = run.StandardOutput.ReadToEndAsync();
        Task<string> error = run.StandardError.ReadToEndAsync();
        Signal(run, "-KILL");
        Stopwatch watch = Stopwatch.StartNew();
        Assert.That(run.WaitForExit(TimeSpan.FromSeconds(30)), "the others must end");
        string said = output.GetAwaiter().GetResult() + error.GetAwaiter().GetResult();
        Assert.Multiple(() =>
        {
            Assert.That(run.ExitCode, Is.Not.Zero);
            Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(15)));
            Assert.That(said, Does.Contain("rank 1").And.Contain("signal 9"));
            Assert.That(Checkpoint.Load(CheckpointOf(folder.Root)).Step, Is.Positive);
        });
    }

    [Test]
    public void Train_OfWhichOneProcessIsAskedToStop_StopsAllWithACheckpoint()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using Process run = Endless(folder.Root);
        Task<string> error = run.StandardError.ReadToEndAsync();
        Task<string> output = run.StandardOutput.ReadToEndAsync();
        Signal(run, "-INT");
        Assert.That(run.WaitForExit(TimeSpan.FromSeconds(60)), "all must stop");
        string said = error.GetAwaiter().GetResult() + output.GetAwaiter().GetResult();
        Assert.That(run.ExitCode, Is.EqualTo(CancelledExit), said);
        Assert.That(said, Does.Contain("cancelled at step"));
        Assert.That(Checkpoint.Load(CheckpointOf(folder.Root)).Step, Is.Positive);
    }

    [Test]
    public void Train_ARecipeThatDoesNotSplitItsBatches_NamesThoseThatDo()
    {
        MpiResult result = Mpi.Cli(2, "train", "hgnn");
        Assert.That(result.ExitCode, Is.EqualTo(2), result.ToString());
        Assert.That(result.Error + result.Output, Does.Contain("does not split its batches over 2 processes. Those that do: mip"));
    }

    // Two processes that train until somebody ends them, and have written a checkpoint.
    private static Process Endless(string folder)
    {
        Process run = Mpi.Begin(2,
            [
                Mpi.Program("HyperKernels.Cli", "hyperkernels"), "train", "lenet", "--steps", "1000000", "--threads", "1", "--device", "cpu",
                "--checkpoint-every", "5", "--out", folder,
            ]);
        DateTime latest = DateTime.UtcNow + TimeSpan.FromMinutes(2);
        while (!File.Exists(CheckpointOf(folder)))
        {
            if (run.HasExited || DateTime.UtcNow > latest)
            {
                run.Kill(entireProcessTree: true);
                throw new AssertionException($"no checkpoint: {run.StandardError.ReadToEnd()}");
            }
            Thread.Sleep(100);
        }
        return run;
    }

    // To the youngest child of mpirun, which is its last rank.
    private static void Signal(Process run, string signal)
    {
        using Process list = Process.Start(new ProcessStartInfo("ps", ["-o", "pid=,comm=", "--ppid", $"{run.Id}"]) { RedirectStandardOutput = true })!;
        string[] ranks = [.. list.StandardOutput.ReadToEnd().Split('\n').Where(static line => line.Contains("hyperkernels", StringComparison.Ordinal))];
        Assert.That(ranks, Has.Length.EqualTo(2));
        int last = ranks.Max(static line => int.Parse(line.Trim().Split(' ')[0], CultureInfo.InvariantCulture));
        using Process kill = Process.Start("kill", [signal, $"{last}"]);
        kill.WaitForExit();
    }

    private static string CheckpointOf(string folder) => Path.Combine(folder, "checkpoint.safetensors");

    // The same steps and names, and numbers to rounding.
    private static void AssertSameLog(string expected, string actual)
    {
        Dictionary<string, double>[] theirs = Log(expected);
        Dictionary<string, double>[] ours = Log(actual);
        // A run in pieces evaluates at the end of each.
        foreach (Dictionary<string, double> line in theirs)
        {
            Dictionary<string, double> own = ours.Single(one => one["step"] == line["step"]);
            foreach ((string name, double value) in line.Where(static pair => pair.Key != "seconds"))
            {
                bool isShare = name.EndsWith("accuracy", StringComparison.Ordinal);
                Assert.That(own[name], Is.EqualTo(value).Within(isShare ? 0.005 : 2e-5 * Math.Abs(value)), $"{name} after step {line["step"]}");
            }
        }
        Assert.That(ours, Has.Length.EqualTo(theirs.Length));
    }

    private static Dictionary<string, double>[] Log(string folder) =>
    [
        .. File.ReadAllLines(Path.Combine(folder, "metrics.jsonl")).Select(static line =>
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return document.RootElement.EnumerateObject().ToDictionary(static one => one.Name, static one => one.Value.GetDouble());
        }),
    ];
}
