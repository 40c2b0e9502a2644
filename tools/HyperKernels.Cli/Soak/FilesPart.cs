namespace HyperKernels.Cli.Soak;

/// <summary>Damages files at random and has them read: what a reader cannot read it must refuse as <see cref="FileJudge"/> says.</summary>
internal static class FilesPart
{
    private const int Round = 100;
    private const int LongestFile = 1 << 16;
    private const long PackedBytes = 40 << 20;
    private const int MostFindings = 20;

    public static SoakOutcome Run(SoakRun run)
    {
        Random random = new(run.Seed);
        IReadOnlyList<DamagedFiles> formats = DamagedFiles.All(run.Folder);
        FileJudge[] judges = [.. formats.Select(format => new FileJudge(format, run.Folder, PackedBytes))];
        List<string> findings = [];
        for (int i = 0; findings.Count < MostFindings && run.GoesOn($"{formats[i % formats.Count].Name}"); i++)
        {
            TryMany(formats[i % formats.Count], judges[i % formats.Count], random, run.Folder, Round, findings);
        }
        return new SoakOutcome(
            [
                .. formats.Select((format, i) => new SoakFigure($"{format.Name}, files", judges[i].Files)),
                new SoakFigure("files", judges.Sum(static judge => (double)judge.Files)),
                new SoakFigure("refused", judges.Sum(static judge => (double)judge.Refused)),
                new SoakFigure("slowest, ms", judges.Max(static judge => judge.Slowest.TotalMilliseconds)),
                new SoakFigure("most memory of one, MB", judges.Max(static judge => judge.MostAllocated) / 1e6),
            ],
            findings);
    }

    /// <summary>Damages a format's files so many times, and notes what the reader does with them.</summary>
    /// <returns>The judge, who has counted.</returns>
    public static FileJudge TryMany(DamagedFiles format, Random random, string folder, int count, List<string> findings)
    {
        FileJudge judge = new(format, folder, PackedBytes);
        TryMany(format, judge, random, folder, count, findings);
        return judge;
    }

    private static void TryMany(DamagedFiles format, FileJudge judge, Random random, string folder, int count, List<string> findings)
    {
        FileMutator mutator = new(random, LongestFile);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> damaged = mutator.Change(format.Good[random.Next(format.Good.Count)], format.Good[random.Next(format.Good.Count)]);
            if (judge.Try(damaged) is { } verdict)
            {
                string kept = Path.Combine(folder, $"finding-{findings.Count}-{format.FileName}");
                File.WriteAllBytes(kept, damaged);
                findings.Add($"{format.Name}: {verdict.Text} ({kept})");
            }
        }
    }
}
