namespace HyperKernels.Cases;

/// <summary>How a reference case went.</summary>
/// <param name="Case">Its name.</param>
/// <param name="System">What it computes; empty if the file could not be read.</param>
/// <param name="Backend">Where it ran.</param>
/// <param name="Passed">Whether every output and gradient agrees.</param>
/// <param name="MaxError">The largest error, relative to the largest magnitude of its tensor.</param>
/// <param name="Tolerance">The error allowed.</param>
/// <param name="Reason">What failed; <c>unsupported</c> if no adapter knows the system; empty if it passed.</param>
public sealed record ReferenceResult(string Case, string System, string Backend, bool Passed, double MaxError, double Tolerance, string Reason);
