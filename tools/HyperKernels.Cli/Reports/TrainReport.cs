namespace HyperKernels.Cli.Reports;

/// <summary>What a training run gave.</summary>
internal sealed record TrainReport(
    string Recipe,
    string? Data,
    int Seed,
    string Device,
    int Threads,
    long Steps,
    double Seconds,
    string Out,
    IReadOnlyList<FigureReport> Figures,
    IReadOnlyDictionary<string, string> Configuration);

/// <summary>A final number; null where it is not one.</summary>
internal sealed record FigureReport(string Run, string Name, double? Value);

/// <summary>A recipe, as <c>train --list</c> tells it.</summary>
internal sealed record RecipeReport(string Name, string Description);
