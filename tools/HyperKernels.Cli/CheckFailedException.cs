namespace HyperKernels.Cli;

/// <summary>A check that a command makes before its work did not hold.</summary>
internal sealed class CheckFailedException(string message) : Exception(message);
