using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>How a <see cref="ContinualRecipe"/> trains.</summary>
internal sealed record ContinualSettings
{
    /// <summary>Widths of the target's hidden layers.</summary>
    public required int[] Target { get; init; }

    /// <summary>The length of a task's embedding.</summary>
    public required int Embedding { get; init; }

    /// <summary>The hypernetwork.</summary>
    public required TaskHyperNetworkOptions Network { get; init; }

    /// <summary>How much the regulariser counts.</summary>
    public required float Beta { get; init; }

    /// <summary>Of Adam.</summary>
    public required float Rate { get; init; }

    /// <summary>Images a step.</summary>
    public required int Batch { get; init; }

    /// <summary>Steps a task, unless the command line says otherwise.</summary>
    public required int Steps { get; init; }

    /// <summary>The most that gradients together may be long; 0 for no bound.</summary>
    public float Clip { get; init; }

    /// <summary>How many earlier tasks a step looks at; null for all.</summary>
    public int? Subset { get; init; }
}
