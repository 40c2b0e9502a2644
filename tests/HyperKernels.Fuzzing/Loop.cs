using HyperKernels.Cli.Soak;
using System.Diagnostics;

namespace HyperKernels.Fuzzing;

/// <summary>
/// Changes files and has them read in this process, without end or for a time. A file that leads through branches that none did before is kept and changed further:
/// AFL's method, without a process, two pipes and a scheduler between one file and the next.
/// </summary>
internal sealed class Loop
{
    private const int Longest = 1 << 14;
    private const int ChangesOfOne = 200;

    // Of files that were kept, the latest: they lead where nothing was tried yet.
    private const int Latest = 16;

    private static readonly TimeSpan s_hang = TimeSpan.FromSeconds(10);

    private readonly DamagedFiles _target;
    private readonly string _corpus;
    private readonly FileJudge _judge;
    private readonly Findings _findings;
    private readonly Coverage _coverage;
    private readonly Random _random;
    private readonly List<byte[]> _files = [];

    /// <summary>Prepares a run.</summary>
    /// <param name="target">What is read.</param>
    /// <param name="folder">Where the file that is read lies, and others that its reader wants.</param>
    /// <param name="kept">Where what is found is kept: <c>corpus</c>, <c>findings</c> and <c>figures</c>. A run goes on from what is there.</param>
    /// <param name="seed">Of what is changed.</param>
    /// <param name="coverage">What the assemblies' marks are read from.</param>
    public Loop(DamagedFiles target, string folder, string kept, int seed, Coverage coverage)
    {
        _coverage = coverage;
        _target = target;
        _corpus = Path.Combine(kept, "corpus");
        Directory.CreateDirectory(_corpus);
        _judge = new FileJudge(target, folder, FuzzTargets.PackedBytes);
        _findings = new Findings(Path.Combine(kept, "findings"));
        _random = new Random(seed);
        Figures = Path.Combine(kept, "figures");
    }

    private string Figures { get; }

    public void Run(TimeSpan time)
    {
        foreach (byte[] file in _target.Good.Concat(Directory.EnumerateFiles(_corpus).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)))
        {
            Try(file, isKept: true);
        }
        using Timer watch = new(_ => Watch(), null, s_hang, TimeSpan.FromSeconds(1));
        FileMutator mutator = new(_random, Longest);
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < time)
        {
            byte[] parent = _files[_random.Next(2) == 0 ? _random.Next(Math.Max(0, _files.Count - Latest), _files.Count) : _random.Next(_files.Count)];
            for (int i = 0; i < ChangesOfOne; i++)
            {
                Try(mutator.Change(parent, _files[_random.Next(_files.Count)]), isKept: false);
            }
            WriteFigures();
        }
        WriteFigures();
    }

    private void Try(ReadOnlySpan<byte> file, bool isKept)
    {
        _coverage.Clear();
        if (_judge.Try(file) is { } verdict)
        {
            _findings.Keep(verdict, file);
        }
        if (!_coverage.FindsNew() && !isKept)
        {
            return;
        }
        byte[] copy = file.ToArray();
        _files.Add(copy);
        if (!isKept)
        {
            File.WriteAllBytes(Path.Combine(_corpus, $"{_files.Count:D6}-{Guid.NewGuid():N}"), copy);
        }
    }

    // A reader that does not come back cannot be stopped: the file is kept, and the process ends. Who started it starts another.
    private void Watch()
    {
        if (_judge.Since is var since and not 0 && Stopwatch.GetElapsedTime(since) > s_hang)
        {
            _findings.Keep(new FileVerdict("hang", $"was read for more than {s_hang.TotalSeconds} s"), File.ReadAllBytes(_judge.Path));
            WriteFigures();
            Process.GetCurrentProcess().Kill();
        }
    }

    // One line a process: how many files, refused, in ms the slowest, most bytes; pairs of branches, files kept.
    private void WriteFigures() => File.WriteAllText(
        $"{Figures}-{Environment.ProcessId}",
        $"{_judge.Files} {_judge.Refused} {_judge.Slowest.TotalMilliseconds:F0} {_judge.MostAllocated} {_coverage.Pairs} {_files.Count} {_findings.Count}\n");
}
