namespace HyperKernels.Cli.Reports;

/// <summary>The first result of a process.</summary>
internal sealed record FirstReport(IReadOnlyList<float> Logits);
