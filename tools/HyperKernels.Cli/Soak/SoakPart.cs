namespace HyperKernels.Cli.Soak;

/// <summary>One part of the campaign that tries to break the program, for as long as it is given.</summary>
/// <param name="Name">The word of the command line.</param>
/// <param name="Description">What is tried, and what must hold.</param>
/// <param name="Run">Does it.</param>
internal sealed record SoakPart(string Name, string Description, Func<SoakRun, SoakOutcome> Run)
{
    public static IReadOnlyList<SoakPart> All { get; } =
    [
        new("files", "damages valid files of every format: each is read or refused with its path and place, in little time and memory", FilesPart.Run),
        new("kill", "kills a training run at random moments: no checkpoint is lost, and what goes on ends with the same bits", KillPart.Run),
        new("threads", "runs one hypernetwork on eight threads at once: every answer has the bits of the first", ThreadsPart.Run),
        new("memory", "trains and serves without end: no tensor is left behind, and memory stands still", MemoryPart.Run),
    ];
}

/// <summary>What a part is given.</summary>
/// <param name="Time">How long it may try; what has begun is finished.</param>
/// <param name="Seed">Of everything random in it.</param>
/// <param name="Folder">A folder of its own; findings are kept there.</param>
/// <param name="Report">Takes the share of the time that is used up, and a few words.</param>
/// <param name="Cancel">Asks it to stop.</param>
internal sealed record SoakRun(TimeSpan Time, int Seed, string Folder, Action<double, string> Report, CancellationToken Cancel)
{
    private readonly long _start = System.Diagnostics.Stopwatch.GetTimestamp();

    private bool _began;

    private TimeSpan Elapsed => System.Diagnostics.Stopwatch.GetElapsedTime(_start);

    /// <summary>Whether there is time for more, as there is for a first time always; also shows how far it is.</summary>
    /// <exception cref="OperationCanceledException">Asked to stop.</exception>
    public bool GoesOn(string words)
    {
        Cancel.ThrowIfCancellationRequested();
        Report(Math.Min(1, Elapsed / Time), words);
        bool goesOn = !_began || Elapsed < Time;
        _began = true;
        return goesOn;
    }
}

/// <summary>What a part saw.</summary>
/// <param name="Figures">What was counted and measured.</param>
/// <param name="Findings">What did not hold; none is what is hoped for.</param>
internal sealed record SoakOutcome(IReadOnlyList<SoakFigure> Figures, IReadOnlyList<string> Findings);

/// <summary>Something counted or measured.</summary>
internal sealed record SoakFigure(string Name, double Value);
