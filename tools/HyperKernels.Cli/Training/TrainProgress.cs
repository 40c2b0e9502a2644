using HyperKernels.IO;

namespace HyperKernels.Cli.Training;

/// <summary>How far a run is.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Steps">Steps in all.</param>
/// <param name="Words">What the progress bar says beside it: loss, images a second.</param>
/// <param name="Logged">Numbers for the log and the curves; null between logged steps.</param>
/// <param name="Notable">A line of text is due, not only a line of the log.</param>
/// <param name="Resumed">The run begins here, from a checkpoint: what was logged behind this step is void.</param>
internal sealed record TrainProgress(long Step, long Steps, string Words = "", IReadOnlyList<Metric>? Logged = null, bool Notable = false, bool Resumed = false)
{
    /// <summary>The numbers of the newest step and evaluation.</summary>
    public IReadOnlyList<Metric> Values { get; init; } = [];

    /// <summary>Since the report before.</summary>
    public double ExamplesPerSecond { get; init; }

    /// <summary>What examples are called.</summary>
    public string ExamplesName { get; init; } = "examples";

    /// <summary>The checkpoint that was just written.</summary>
    public Checkpoint? Saved { get; init; }
}
