namespace HyperKernels.Models;

/// <summary>The choices of an <see cref="OutputRegulariser"/>; by default every earlier task counts the same, and so does every weight.</summary>
public sealed record OutputRegulariserOptions
{
    /// <summary>How many earlier tasks, drawn anew each time, are looked at; null for all. The mean is over those.</summary>
    public int? Subset { get; init; }

    /// <summary>A factor for every task, in order; null for 1.</summary>
    public IReadOnlyList<double>? Scaling { get; init; }

    /// <summary>
    /// Whether the parameters of the moment are kept instead of the weights generated then, which are generated again in every step: memory that
    /// does not grow with the tasks, for more work.
    /// </summary>
    public bool Recompute { get; init; }

    /// <summary>Where subsets are drawn from; null means <see cref="Layers.Initializer.Random"/>.</summary>
    public RandomStream? Random { get; init; }
}
