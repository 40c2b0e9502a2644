namespace HyperKernels.Cli.Training;

/// <summary>What a recipe ends with.</summary>
/// <param name="Figures">The final numbers, a table of runs and quantities.</param>
/// <param name="Configuration">Settings worth knowing: network, data, optimiser, numbers of parameters.</param>
internal sealed record TrainSummary(IReadOnlyList<Figure> Figures, IReadOnlyList<Setting> Configuration)
{
    /// <summary>What the report shows besides tables and curves over the steps.</summary>
    public IReadOnlyList<Picture> Pictures { get; init; } = [];
}

/// <summary>One final number.</summary>
/// <param name="Run">The row of the table it stands in: <c>mip</c>.</param>
/// <param name="Name">The column: <c>test accuracy</c>.</param>
/// <param name="Value">The number.</param>
/// <param name="Format">How it is written: <c>P2</c> for shares, <c>N0</c> for counts.</param>
/// <param name="NotANumber">What stands in the table where there is no number: <c>never</c> for steps to something that was not reached.</param>
internal sealed record Figure(string Run, string Name, double Value, string Format = "G4", string NotANumber = "NaN");

/// <summary>One line of a configuration.</summary>
internal sealed record Setting(string Name, string Value);
