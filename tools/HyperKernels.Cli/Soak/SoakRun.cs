using System.Diagnostics;

namespace HyperKernels.Cli.Soak;

/// <summary>What a part is given.</summary>
/// <param name="Time">How long it may try; what has begun is finished.</param>
/// <param name="Seed">Of everything random in it.</param>
/// <param name="Folder">A folder of its own; findings are kept there.</param>
/// <param name="Report">Takes the share of the time that is used up, and a few words.</param>
/// <param name="Cancel">Asks it to stop.</param>
internal sealed record SoakRun(TimeSpan Time, int Seed, string Folder, Action<double, string> Report, CancellationToken Cancel)
{
    private readonly long _start = Stopwatch.GetTimestamp();

    private bool _began;

    private TimeSpan Elapsed => Stopwatch.GetElapsedTime(_start);

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
