namespace HyperKernels.Cli.Reports;

/// <summary>A command that could not do its work.</summary>
internal sealed record FailureReport(string Error, int ExitCode);
