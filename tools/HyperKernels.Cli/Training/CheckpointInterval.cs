using System.Globalization;

namespace HyperKernels.Cli.Training;

/// <summary>When a run writes checkpoints while all goes well: after every so many steps, or after every so much time.</summary>
/// <param name="Steps">How many steps lie between two; null where time decides.</param>
/// <param name="Time">How much time lies between two where <paramref name="Steps"/> is null; the first comes after <see cref="First"/> already.</param>
internal readonly record struct CheckpointInterval(long? Steps, TimeSpan Time)
{
    /// <summary>A run that is killed soon after its start has lost little; one that lasts does not write all the time.</summary>
    public static TimeSpan First { get; } = TimeSpan.FromSeconds(5);

    /// <summary>A minute.</summary>
    public static CheckpointInterval Default { get; } = new(null, TimeSpan.FromMinutes(1));

    /// <summary>Reads <c>500</c> (steps) or <c>30s</c> (seconds).</summary>
    /// <exception cref="UsageException">It is neither.</exception>
    public static CheckpointInterval Parse(string text)
    {
        bool isTime = text.EndsWith('s');
        if (!int.TryParse(isTime ? text[..^1] : text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number < 1)
        {
            throw new UsageException($"--checkpoint-every must be a number of steps, such as 500, or of seconds, such as 30s; got \"{text}\".");
        }
        return isTime ? new CheckpointInterval(null, TimeSpan.FromSeconds(number)) : new CheckpointInterval(number, TimeSpan.Zero);
    }

    /// <summary>Whether one is due.</summary>
    /// <param name="step">Steps done.</param>
    /// <param name="since">Time since the last one, or since the start.</param>
    /// <param name="isFirst">Whether there was none since the start.</param>
    public bool IsDue(long step, TimeSpan since, bool isFirst) =>
        Steps is { } steps ? step % steps == 0 : since > (isFirst && First < Time ? First : Time);
}
