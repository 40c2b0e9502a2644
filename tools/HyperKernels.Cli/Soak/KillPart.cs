using System.Diagnostics;
using System.Globalization;
using HyperKernels.Cli.Training;
using HyperKernels.IO;

namespace HyperKernels.Cli.Soak;

/// <summary>
/// Kills a run that writes a checkpoint at every step, at random moments, and lets it go on until it is done. The checkpoint must be readable whenever there was
/// one, never of an earlier step than before, and in the end that of a run that nobody killed, bit for bit, with the same log.
/// </summary>
internal static class KillPart
{
    private const int Steps = 40;
    private const string CheckpointFile = "checkpoint.safetensors";

    // About so many kills are to fall into a run before it is done.
    private const double KillsPerRun = 10;

    // Among so many kills one may fall at any moment: while the program starts, reads its checkpoint and cuts its log, too.
    private const int EarlyEvery = 8;

    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(2);

    public static SoakOutcome Run(SoakRun run)
    {
        Random random = new(run.Seed);
        string reference = Path.Combine(run.Folder, "whole");
        string victim = Path.Combine(run.Folder, "killed");
        string path = Path.Combine(victim, CheckpointFile);
        if (!TryTimeWholeRun(reference, out TimeSpan start, out TimeSpan working))
        {
            return new SoakOutcome([], ["the run that is not killed did not end with exit code 0"]);
        }
        Checkpoint expected = Checkpoint.Load(Path.Combine(reference, CheckpointFile));
        IReadOnlyList<LoggedStep> log = Log(reference);

        (int kills, int early, int finished, long step) = (0, 0, 0, 0);
        List<string> findings = [];
        while (findings.Count == 0 && (run.GoesOn($"{kills} kills, {finished} runs went on to their end") || kills == 0))
        {
            using Process process = Train(victim, resume: File.Exists(path) || File.Exists(path + AtomicFile.PreviousSuffix));
            bool isEarly = random.Next(EarlyEvery) == 0;
            bool ended = isEarly
                ? process.WaitForExit(start * random.NextDouble())
                : EndsBeforeCheckpoint(process, path) || process.WaitForExit(working * (2 / KillsPerRun * random.NextDouble()));
            if (!ended)
            {
                process.Kill();
                process.WaitForExit();
                kills++;
                early += isEarly ? 1 : 0;
                step = Check(path, step, findings);
                continue;
            }
            // Also the pipes, or they would be open still where there are thousands of runs.
            process.WaitForExit();
            if (process.ExitCode != ExitCode.Ok)
            {
                findings.Add($"after {kills} kills the run ended with exit code {process.ExitCode}");
                break;
            }
            finished++;
            if (!HaveSameBits(Checkpoint.Load(path), expected))
            {
                findings.Add($"after {kills} kills the finished run has other weights than one that nobody killed ({path})");
            }
            else if (!HaveSameNumbers(Log(victim), log))
            {
                findings.Add($"after {kills} kills the finished run has another log than one that nobody killed ({victim})");
            }
            else
            {
                step = 0;
                Directory.Delete(victim, recursive: true);
            }
        }
        return new SoakOutcome(
            [
                new SoakFigure("kills", kills),
                new SoakFigure("of them before the first new checkpoint", early),
                new SoakFigure("runs that went on to the same bits", finished - Math.Min(finished, findings.Count)),
            ],
            findings);
    }

    // How long a run needs to its first checkpoint, and from there to its end.
    private static bool TryTimeWholeRun(string folder, out TimeSpan start, out TimeSpan working)
    {
        long begin = Stopwatch.GetTimestamp();
        using Process whole = Train(folder, resume: false);
        bool ended = EndsBeforeCheckpoint(whole, Path.Combine(folder, CheckpointFile));
        start = Stopwatch.GetElapsedTime(begin);
        whole.WaitForExit();
        working = Stopwatch.GetElapsedTime(begin) - start;
        return !ended && whole.ExitCode == ExitCode.Ok;
    }

    // Waits for a checkpoint that was not there when the process started; one that is killed before has tried nothing.
    private static bool EndsBeforeCheckpoint(Process process, string path)
    {
        DateTime before = File.GetLastWriteTimeUtc(path);
        while (File.GetLastWriteTimeUtc(path) == before)
        {
            if (process.WaitForExit(s_look))
            {
                return true;
            }
        }
        return false;
    }

    // The step that the run will go on from; what was there before must not be lost.
    private static long Check(string path, long before, List<string> findings)
    {
        if (!File.Exists(path) && !File.Exists(path + AtomicFile.PreviousSuffix))
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

    private static IReadOnlyList<LoggedStep> Log(string folder)
    {
        using MetricsLog log = new(Path.Combine(folder, "metrics.jsonl"));
        log.ResumeAt(long.MaxValue);
        return log.Steps;
    }

    private static bool HaveSameNumbers(IReadOnlyList<LoggedStep> a, IReadOnlyList<LoggedStep> b) =>
        a.Count == b.Count && a.Zip(b).All(static pair => pair.First.Step == pair.Second.Step && pair.First.Metrics.SequenceEqual(pair.Second.Metrics));

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
