namespace HyperKernels.Cli.Reports;

/// <summary>What the check of one property of one case gave.</summary>
/// <param name="Case">The row's or the file's name.</param>
/// <param name="System">The op, or the system that a reference case names.</param>
/// <param name="Property">What was checked.</param>
/// <param name="Backend">Where.</param>
/// <param name="Passed">Whether it holds.</param>
/// <param name="MaxError">The largest error relative to the largest magnitude expected; null where it is not a number, or nothing could be compared.</param>
/// <param name="Tolerance">The error allowed.</param>
/// <param name="Reason">Why it failed; empty if it passed.</param>
internal sealed record VerifyReport(
    string Case, string System, string Property, string Backend, bool Passed, double? MaxError, double Tolerance, string Reason);
