using HyperKernels.Distributed;

namespace HyperKernels.Cli.Training;

/// <summary>What the command line asks of a recipe.</summary>
/// <param name="Recipe">The recipe's name.</param>
/// <param name="Data">The folder of the data sets; null means data that the program makes.</param>
/// <param name="Epochs">How often to go through the data; null leaves it to <paramref name="Steps"/> or the recipe.</param>
/// <param name="Steps">How many steps; null leaves it to <paramref name="Epochs"/> or the recipe.</param>
/// <param name="Seed">Of everything random.</param>
/// <param name="Device">Where to compute.</param>
/// <param name="Out">The folder of checkpoints; exists.</param>
/// <param name="Resume">Go on from the checkpoint in <paramref name="Out"/>.</param>
internal sealed record TrainOptions(string Recipe, string? Data, int? Epochs, int? Steps, int Seed, Device Device, string Out, bool Resume)
{
    /// <summary>When checkpoints are written.</summary>
    public CheckpointInterval Checkpoints { get; init; } = CheckpointInterval.Default;

    /// <summary>How many checkpoints stay under their step's number, besides the newest and the one before.</summary>
    public int Keep { get; init; }

    /// <summary>What was chosen of the recipe's <see cref="Recipes.IRecipe.Choices"/>: name and words.</summary>
    public IReadOnlyDictionary<string, string> Choices { get; init; } = new Dictionary<string, string>();

    /// <summary>The processes that train together; null for one alone.</summary>
    public DataParallel? Parallel { get; init; }

    /// <summary>Which rows of a batch are this process's own.</summary>
    public Range Own(int rows)
    {
        (int start, int count) = Parallel?.Share(rows) ?? (0, rows);
        return start..(start + count);
    }

    /// <summary>The number of steps asked for.</summary>
    public long TotalSteps(long stepsPerEpoch, long defaultSteps) =>
        Steps ?? (Epochs is { } epochs ? epochs * stepsPerEpoch : defaultSteps);

    /// <summary>A file in <see cref="Out"/>.</summary>
    public string File(string name) => Path.Combine(Out, name);
}
