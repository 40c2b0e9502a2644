using HyperKernels.Cli.Soak;

namespace HyperKernels.Cli.Reports;

/// <summary>What one part of the campaign gave.</summary>
/// <param name="Part">Its name.</param>
/// <param name="Description">What was tried, and what must hold.</param>
/// <param name="Figures">What was counted and measured.</param>
/// <param name="Findings">What did not hold.</param>
internal sealed record SoakReport(string Part, string Description, IReadOnlyList<SoakFigure> Figures, IReadOnlyList<string> Findings);
