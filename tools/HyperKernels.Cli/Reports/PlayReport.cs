namespace HyperKernels.Cli.Reports;

/// <summary>Where <c>play</c> serves what.</summary>
internal sealed record PlayReport(string Address, string File);
