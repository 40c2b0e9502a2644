namespace HyperKernels.Cases;

/// <summary>How far an op's results on a backend are from the double oracle's.</summary>
/// <param name="Op">As in the catalogue.</param>
/// <param name="Backend">Where it ran.</param>
/// <param name="Unit"><see cref="Ulp"/> or <see cref="OfTerms"/>.</param>
/// <param name="Count">How many results were compared.</param>
/// <param name="Shares">Of results without error, within each of <see cref="Limits"/>, and beyond the last.</param>
/// <param name="Largest">The largest error.</param>
/// <param name="Bound">What docs/numbers.md promises.</param>
/// <param name="Worst">The input where it is largest, as <see cref="WorstInput"/> reads it; empty where there is no error.</param>
public sealed record RoundingResult(
    string Op, string Backend, string Unit, long Count, IReadOnlyList<double> Shares, double Largest, double Bound, string Worst)
{
    /// <summary>Units in the last place between the result and the oracle's rounded to float.</summary>
    public const string Ulp = "ulp";

    /// <summary>2^-23 of the sum of the magnitudes of the terms that the result is a sum of.</summary>
    public const string OfTerms = "terms";

    /// <summary>The errors that a histogram tells apart.</summary>
    public static IReadOnlyList<double> Limits { get; } = [1, 2, 4, 16];

    /// <summary>Whether the promise holds.</summary>
    public bool Holds => Largest <= Bound;
}
