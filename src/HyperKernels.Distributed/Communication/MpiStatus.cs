namespace HyperKernels.Distributed;

/// <summary>Whether processes can work together on this machine, and if not, why.</summary>
/// <param name="IsAvailable">Whether the library is there.</param>
/// <param name="Version">What it calls itself; empty if it is absent.</param>
/// <param name="Reason">Why it is absent and what would help; empty if it is there.</param>
public sealed record MpiStatus(bool IsAvailable, string Version, string Reason);
