using System.Diagnostics;

namespace HyperKernels.Cli.Soak;

/// <summary>Reads damaged files: what a reader cannot read it must refuse by <see cref="InvalidDataException"/>, with the file's path, soon, and in little memory.</summary>
internal static class FilesPart
{
    private const int Round = 100;
    private const long MostBytes = 64 << 20;
    private const int MostFindings = 20;

    public static SoakOutcome Run(SoakRun run)
    {
        Random random = new(run.Seed);
        IReadOnlyList<DamagedFiles> formats = DamagedFiles.All(run.Folder);
        Tally[] tallies = [.. formats.Select(_ => new Tally())];
        List<string> findings = [];
        for (int i = 0; findings.Count < MostFindings && run.GoesOn($"{formats[i % formats.Count].Name}"); i++)
        {
            TryMany(formats[i % formats.Count], random, run.Folder, Round, tallies[i % formats.Count], findings);
        }
        return new SoakOutcome(
            [
                .. formats.Select((format, i) => new SoakFigure($"{format.Name}, files", tallies[i].Files)),
                new SoakFigure("files", tallies.Sum(tally => (double)tally.Files)),
                new SoakFigure("refused", tallies.Sum(tally => (double)tally.Refused)),
                new SoakFigure("slowest, ms", tallies.Max(tally => tally.Slowest.TotalMilliseconds)),
                new SoakFigure("most memory of one, MB", tallies.Max(tally => tally.MostBytes) / 1e6),
            ],
            findings);
    }

    /// <summary>Damages a file so many times, and notes what the reader does with it.</summary>
    public static void TryMany(DamagedFiles format, Random random, string folder, int count, Tally tally, List<string> findings)
    {
        string path = Path.Combine(folder, format.FileName);
        for (int i = 0; i < count; i++)
        {
            byte[] damaged = format.Damage(random);
            File.WriteAllBytes(path, damaged);
            if (Try(format, path, tally) is { } finding)
            {
                string kept = Path.Combine(folder, $"finding-{findings.Count}-{format.FileName}");
                File.WriteAllBytes(kept, damaged);
                findings.Add($"{format.Name}: {finding} ({kept})");
            }
        }
    }

    private static string? Try(DamagedFiles format, string path, Tally tally)
    {
        tally.Files++;
        long before = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        string? finding = null;
        try
        {
            format.Read(path);
        }
        catch (InvalidDataException failure)
        {
            tally.Refused++;
            bool says = failure.Message.Contains(path, StringComparison.Ordinal) && failure.Message.Contains(format.Place, StringComparison.Ordinal);
            finding = says ? null : $"a refusal that does not say the file and the place: {failure.Message}";
        }
        catch (Exception failure)
        {
            finding = $"{failure.GetType().Name}: {failure.Message}";
        }
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        tally.Slowest = elapsed > tally.Slowest ? elapsed : tally.Slowest;
        tally.MostBytes = Math.Max(tally.MostBytes, bytes);
        return finding ?? (bytes > MostBytes ? $"{bytes:N0} bytes of memory" : null);
    }

    /// <summary>What was seen of one format.</summary>
    public sealed class Tally
    {
        public long Files { get; set; }

        public long Refused { get; set; }

        public TimeSpan Slowest { get; set; }

        public long MostBytes { get; set; }
    }
}
