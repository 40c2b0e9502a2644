namespace HyperKernels.Cli.Soak;

/// <summary>What a part saw.</summary>
/// <param name="Figures">What was counted and measured.</param>
/// <param name="Findings">What did not hold; none is what is hoped for.</param>
internal sealed record SoakOutcome(IReadOnlyList<SoakFigure> Figures, IReadOnlyList<string> Findings);

/// <summary>Something counted or measured.</summary>
internal sealed record SoakFigure(string Name, double Value);
