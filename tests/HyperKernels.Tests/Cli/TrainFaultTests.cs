using System.Diagnostics;
using HyperKernels.IO;

namespace HyperKernels.Tests.Cli;

/// <summary>What takes the ground from under a training run: it stops with one line and an exit code, and its last checkpoint is whole.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class TrainFaultTests
{
    private const string CheckpointFile = "checkpoint.safetensors";

    private static readonly string[] s_training = ["train", "hgnn", "--steps", "1000000", "--checkpoint-every", "1", "--threads", "1", "--device", "cpu"];

    [Test]
    public void Train_WhoseFolderVanishes_Stops_AndTheCheckpointIsWholeWhereItWent()
    {
        Assume.That(OperatingSystem.IsWindows(), Is.False, "an open folder cannot be moved there");
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string output = Path.Combine(folder.Root, "run");
        string moved = Path.Combine(folder.Root, "moved");
        using CliProcess process = Begin(output, CliProcess.Start);
        Directory.Move(output, moved);
        // Where the folder goes between a file's making and its renaming, nothing can be tidied up.
        Stops(process, $"the folder {output} does not exist, or not any more", moved, leavesTemporary: true);
    }

    [Test]
    public void Train_WhoseFolderBecomesReadOnly_Stops_AndTheCheckpointIsWhole()
    {
        const string Unprivileged = "setpriv --bounding-set -dac_override --inh-caps -dac_override";
        Need($"{Unprivileged} true", "permissions hold for a user who may not override them");
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string output = Path.Combine(folder.Root, "run");
        using CliProcess process = Begin(output, arguments => CliProcess.StartUnder($"exec {Unprivileged} \"$0\" \"$@\"", arguments));
        Run("chmod", "555", output);
        Stops(process, $"no file may be made in the folder {output}", output, leavesTemporary: true);
        Run("chmod", "755", output);
    }

    [Test]
    public void Train_ThatMayOpenNoMoreFiles_Stops_AndTheCheckpointIsWhole()
    {
        Need("prlimit --version", "limits of a running process are set by it");
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using CliProcess process = Begin(folder.Root, CliProcess.Start);
        Run("prlimit", "--pid", $"{process.Id}", "--nofile=3:3");
        Stops(process, "Too many open files", folder.Root);
    }

    [Test]
    public void Train_OnADiskThatIsFull_Stops_AndGoesOnToTheSameBitsWhereThereIsRoomAgain()
    {
        // Room for two checkpoints and half of a third.
        const string Script = """
            exec unshare --map-root-user --mount /bin/sh -c '
                mount -t tmpfs -o size=450k none "$1" || exit 99
                out="$1"; shift
                "$0" "$@" --out "$out"; echo "full: $?"
                mount -o remount,size=10m "$out"
                "$0" "$@" --out "$out" --resume; echo "resumed: $?"
                cp "$out/checkpoint.safetensors" "$out/../resumed.safetensors"' "$0" "$@"
            """;
        Need("unshare --map-root-user --mount mount -t tmpfs none /mnt", "a small disk can be made");
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string disk = Path.Combine(folder.Root, "disk");
        Directory.CreateDirectory(disk);
        string[] training = ["train", "hgnn", "--steps", "6", "--checkpoint-every", "1", "--threads", "1", "--device", "cpu"];
        string whole = Path.Combine(folder.Root, "whole");
        Assert.That(CliProcess.Run([.. training, "--out", whole]).ExitCode, Is.Zero);

        using CliProcess process = CliProcess.StartUnder(Script, [disk, .. training]);
        CliResult result = process.Finish();

        Assert.That(result.Output, Does.Contain("full: 4").And.Contain("resumed at step 2").And.Contain("resumed: 0"), result.ToString());
        Assert.That(result.Error, Does.Match("^hyperkernels: No space left on device : '[^\n]*'\n$"));
        Assert.That(File.ReadAllBytes(Path.Combine(folder.Root, "resumed.safetensors")), Is.EqualTo(File.ReadAllBytes(Path.Combine(whole, CheckpointFile))));
    }

    private static CliProcess Begin(string output, Func<string[], CliProcess> start)
    {
        CliProcess process = start([.. s_training, "--out", output]);
        string second = Path.Combine(output, CheckpointFile + AtomicFile.PreviousSuffix);
        Assert.That(() => File.Exists(second), Is.True.After(60_000, 5), "two checkpoints");
        return process;
    }

    private static void Stops(CliProcess process, string saying, string folder, bool leavesTemporary = false)
    {
        CliResult result = process.Finish();
        Assert.That(result.ExitCode, Is.EqualTo(4), result.ToString());
        Assert.That(result.Error, Does.StartWith("hyperkernels: ").And.Contain(saying));
        Assert.That(result.Error.Trim().Split('\n'), Has.Length.EqualTo(1), "one line");
        Checkpoint left = Checkpoint.Load(Path.Combine(folder, CheckpointFile));
        Assert.That((left.Step > 0, left.Warning), Is.EqualTo((true, (string?)null)));
        Assert.That(Directory.GetFiles(folder, "*.tmp"), Has.Length.AtMost(leavesTemporary ? 1 : 0));
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, program);
    }

    // What the system does not let us try is skipped.
    private static void Need(string command, string why)
    {
        Assume.That(OperatingSystem.IsLinux(), $"{why} on Linux");
        using Process? trial = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"{command} > /dev/null 2>&1 < /dev/null"]));
        trial!.WaitForExit();
        Assume.That(trial.ExitCode, Is.Zero, $"{why}; \"{command}\" does not work here");
    }
}
