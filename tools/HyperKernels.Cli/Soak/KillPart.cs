using System.Diagnostics;
using System.Globalization;
using HyperKernels.IO;

namespace HyperKernels.Cli.Soak;

/// <summary>
/// Kills a run that writes a checkpoint at every step, at random moments, and lets it go on until it is done. The checkpoint must be readable whenever there was
/// one, never of an earlier step than before, and in the end that of a run that nobody killed, bit for bit.
/// </summary>
internal static class KillPart
{
    private const int Steps = 12;
    private const string CheckpointFile = "checkpoint.safetensors";

    public static SoakOutcome Run(SoakRun run)
    {
        Random random = new(run.Seed);
        string reference = Path.Combine(run.Folder, "whole");
        string victim = Path.Combine(run.Folder, "killed");
        long start = Stopwatch.GetTimestamp();
        using (Process whole = Train(reference, resume: false))
        {
            whole.WaitForExit();
            if (whole.ExitCode != ExitCode.Ok)
            {
                return new SoakOutcome([], [$"the run that is not killed ended with exit code {whole.ExitCode}"]);
            }
        }
        TimeSpan longest = Stopwatch.GetElapsedTime(start);
        Checkpoint expected = Checkpoint.Load(Path.Combine(reference, CheckpointFile));

        (int kills, int finished, long step) = (0, 0, 0);
        List<string> findings = [];
        while (findings.Count == 0 && (run.GoesOn($"{kills} kills") || kills == 0))
        {
            string path = Path.Combine(victim, CheckpointFile);
            using Process process = Train(victim, resume: File.Exists(path) || File.Exists(path + ".previous"));
            if (!process.WaitForExit(longest * random.NextDouble()))
            {
                process.Kill();
                process.WaitForExit();
                kills++;
                step = Check(path, step, findings);
                continue;
            }
            if (process.ExitCode != ExitCode.Ok)
            {
                findings.Add($"after {kills} kills the run ended with exit code {process.ExitCode}");
                break;
            }
            finished++;
            if (!HaveSameBits(Checkpoint.Load(path), expected))
            {
                findings.Add($"after {kills} kills the finished run has other weights than one that nobody killed ({path})");
                break;
            }
            step = 0;
            Directory.Delete(victim, recursive: true);
        }
        return new SoakOutcome([new SoakFigure("kills", kills), new SoakFigure("runs that went on to the same bits", finished)], findings);
    }

    // The step that the run will go on from; what was there before must not be lost.
    private static long Check(string path, long before, List<string> findings)
    {
        if (!File.Exists(path) && !File.Exists(path + ".previous"))
        {
            if (before > 0)
            {
                findings.Add($"the checkpoint of step {before} is gone ({path})");
            }
            return before;
        }
        try
        {
            long step = Checkpoint.Load(path).Step;
            if (step < before)
            {
                findings.Add($"the checkpoint is of step {step}; before there was one of step {before} ({path})");
            }
            return step;
        }
        catch (InvalidDataException failure)
        {
            findings.Add($"after a kill: {failure.Message}");
            return before;
        }
    }

    private static bool HaveSameBits(Checkpoint a, Checkpoint b) => Same(a.Weights, b.Weights) && Same(a.Optimizer, b.Optimizer);

    private static bool Same(IReadOnlyDictionary<string, HostArray> a, IReadOnlyDictionary<string, HostArray> b) =>
        a.Count == b.Count && a.All(named => b.TryGetValue(named.Key, out HostArray? other)
            && named.Value.Values.AsSpan().SequenceEqual(other.Values));

    // This program once more: an executable of its own, or what the runtime was started with.
    private static Process Train(string output, bool resume)
    {
        string program = Environment.ProcessPath!;
        bool isHost = Path.GetFileNameWithoutExtension(program) == "dotnet";
        ProcessStartInfo start = new(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] words =
        [
            .. isHost ? [Path.Combine(AppContext.BaseDirectory, $"{typeof(Program).Assembly.GetName().Name}.dll")] : Array.Empty<string>(),
            "train", "hgnn", "--steps", Steps.ToString(CultureInfo.InvariantCulture), "--checkpoint-every", "1", "--threads", "1", "--device", "cpu", "--out", output,
            .. resume ? ["--resume"] : Array.Empty<string>(),
        ];
        foreach (string word in words)
        {
            start.ArgumentList.Add(word);
        }
        Process process = Process.Start(start)!;
        // Nobody reads it, but a full pipe would stop the run.
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }
}
