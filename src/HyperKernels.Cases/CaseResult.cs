namespace HyperKernels.Cases;

/// <summary>What a check of one case on one backend gave.</summary>
/// <param name="Case">The row's name.</param>
/// <param name="Property">What was checked.</param>
/// <param name="Backend">Where.</param>
/// <param name="Passed">Whether it holds.</param>
/// <param name="MaxError">The largest error, relative to the largest magnitude expected.</param>
/// <param name="Tolerance">The error allowed.</param>
/// <param name="Reason">What failed: index, expected, actual, seed; empty if it passed.</param>
public sealed record CaseResult(string Case, string Property, string Backend, bool Passed, double MaxError, double Tolerance, string Reason);
