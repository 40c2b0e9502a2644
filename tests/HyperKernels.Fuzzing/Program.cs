using HyperKernels.Cli.Soak;
using HyperKernels.Fuzzing;
using SharpFuzz;

// targets                                   the names of all readers but those through packages of others, which may end the process: see docs/reliability.md
// seeds TARGET FOLDER                       writes the reader's valid files
// loop TARGETS FOLDER KEPT SECONDS SEED     changes files in this process, led by coverage: of each of TARGETS, a,b,c, so many seconds
// afl TARGET FOLDER                         reads what afl-fuzz gives it
// try TARGET FOLDER FILE...                 says what is wrong with files
// Instrumented code sets marks from its first branch on.
using Coverage coverage = new();
FileLimits.AlwaysBytes = FuzzTargets.PackedContent;
FileLimits.Expansion = 1;
return args switch
{
    ["targets"] => Targets(),
    ["seeds", string name, string folder] => Seeds(Find(name, Path.GetTempPath()), folder),
    ["loop", string names, string folder, string kept, string seconds, string seed] => Run(names.Split(','), folder, kept, double.Parse(seconds), int.Parse(seed), coverage),
    ["afl", string name, string folder] => Afl(Find(name, folder), folder),
    ["try", string name, string folder, .. string[] files] => Try(Find(name, folder), folder, files),
    _ => 2,
};

static DamagedFiles Find(string name, string folder) => FuzzTargets.All(folder).SingleOrDefault(target => target.Name == name)
    ?? throw new ArgumentException($"there is no target {name}; targets lists them.");

static int Targets()
{
    DirectoryInfo folder = Directory.CreateTempSubdirectory();
    Console.WriteLine(string.Join('\n', FuzzTargets.All(folder.FullName).Where(static target => !target.IsForeign).Select(static target => target.Name)));
    folder.Delete(recursive: true);
    return 0;
}

static int Seeds(DamagedFiles target, string folder)
{
    Directory.CreateDirectory(folder);
    for (int i = 0; i < target.Good.Count; i++)
    {
        File.WriteAllBytes(Path.Combine(folder, $"seed{i}"), target.Good[i]);
    }
    return 0;
}

static int Run(string[] names, string folder, string kept, double seconds, int seed, Coverage coverage)
{
    IReadOnlyList<DamagedFiles> all = FuzzTargets.All(folder);
    foreach (DamagedFiles target in names.Select(name => all.Single(target => target.Name == name)))
    {
        new Loop(target, folder, Path.Combine(kept, target.Name), seed, coverage).Run(TimeSpan.FromSeconds(seconds));
        File.WriteAllBytes(Path.Combine(folder, target.FileName), target.Good[0]);
        coverage.Forget();
    }
    return 0;
}

static int Afl(DamagedFiles target, string folder)
{
    FileJudge judge = new(target, folder, FuzzTargets.PackedBytes);
    using MemoryStream file = new();
    Fuzzer.OutOfProcess.Run(stream =>
    {
        file.SetLength(0);
        stream.CopyTo(file);
        if (judge.Try(file.GetBuffer().AsSpan(0, (int)file.Length)) is { } verdict)
        {
            throw new InvalidOperationException(verdict.Text);
        }
    });
    return 0;
}

static int Try(DamagedFiles target, string folder, string[] files)
{
    FileJudge judge = new(target, folder, FuzzTargets.PackedBytes);
    bool isGood = true;
    foreach (string file in files)
    {
        FileVerdict? verdict = judge.Try(File.ReadAllBytes(file));
        isGood &= verdict is null;
        Console.WriteLine($"{file}: {verdict?.Text ?? "nothing is wrong"}; {judge.Slowest.TotalMilliseconds:F0} ms, {judge.MostAllocated:N0} bytes");
    }
    return isGood ? 0 : 1;
}
