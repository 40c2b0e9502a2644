using HyperKernels.IO;

namespace HyperKernels.Cli.Training;

/// <summary>What a run's results follow from besides the device: its checkpoints say it, and only the same run may go on from them.</summary>
internal sealed class RunIdentity
{
    private const string Prefix = "run.";

    // Name in the checkpoint, and the words of the command line that give it.
    private readonly (string Name, string Words)[] _settings;

    private RunIdentity((string Name, string Words)[] settings) => _settings = settings;

    /// <summary>The identity of a run.</summary>
    /// <param name="options">Recipe, seed and data folder count.</param>
    /// <param name="further">What else the recipe's steps follow from: <c>("epochs", "--epochs 300")</c>.</param>
    public static RunIdentity Of(TrainOptions options, IEnumerable<(string Name, string Words)> further) => new(
    [
        ("recipe", $"recipe {options.Recipe}"),
        ("seed", $"--seed {options.Seed}"),
        ("data", options.Data is null ? "no --data" : $"--data {Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.Data))}"),
        .. further,
    ]);

    /// <summary>The checkpoint with the identity among its notes.</summary>
    public Checkpoint Sign(Checkpoint checkpoint)
    {
        Dictionary<string, string> notes = new(checkpoint.Metadata);
        foreach ((string name, string words) in _settings)
        {
            notes.Add(Prefix + name, words);
        }
        return new Checkpoint
        {
            Weights = checkpoint.Weights,
            Optimizer = checkpoint.Optimizer,
            Random = checkpoint.Random,
            Step = checkpoint.Step,
            Epoch = checkpoint.Epoch,
            DataPosition = checkpoint.DataPosition,
            Metadata = notes,
        };
    }

    /// <summary>Makes sure that a checkpoint is of this run. Those of versions that did not note it pass.</summary>
    /// <exception cref="UsageException">It is of another; the message names what differs and what to do.</exception>
    public void Check(Checkpoint checkpoint, string path)
    {
        (string Made, string Came)[] differences =
        [
            .. _settings
                .Where(setting => checkpoint.Metadata.TryGetValue(Prefix + setting.Name, out string? made) && made != setting.Words)
                .Select(setting => (checkpoint.Metadata[Prefix + setting.Name], setting.Words)),
        ];
        if (differences.Length > 0)
        {
            throw new UsageException(
                $"train --resume: the run must be the one that {path} was made by, with {string.Join(" and ", differences.Select(d => d.Made))}; "
                + $"got {string.Join(" and ", differences.Select(d => d.Came))}. Give the same, or start a new run: without --resume, or with another --out.");
        }
    }
}
