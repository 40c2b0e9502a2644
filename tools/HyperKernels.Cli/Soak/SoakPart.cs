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
        new("schedules", "interleaves flows with tapes, scopes, disposal and cancellation by a seed: every misuse is refused, and no number is wrong", SchedulesPart.Run),
        new("memory", "trains and serves without end: no tensor is left behind, and memory stands still", MemoryPart.Run),
    ];
}
