using HyperKernels.Cases;

namespace HyperKernels.Cli.Reports;

/// <summary>How far an op's results on a backend are from plain code in double precision.</summary>
/// <param name="Op">As in the catalogue.</param>
/// <param name="Backend">Where it ran.</param>
/// <param name="Unit"><c>ulp</c>, or <c>terms</c>: 2^-23 of the sum of the terms' magnitudes.</param>
/// <param name="Count">How many results were compared.</param>
/// <param name="Exact">Share of results without error.</param>
/// <param name="Within1">Share within one unit; so the next ones.</param>
/// <param name="Within2">Two.</param>
/// <param name="Within4">Four.</param>
/// <param name="Within16">Sixteen.</param>
/// <param name="More">Share beyond that.</param>
/// <param name="Largest">The largest error; null where a result is NaN that should not be, or is not where it should.</param>
/// <param name="Bound">What is promised.</param>
/// <param name="Holds">Whether it holds.</param>
/// <param name="Worst">The input of the largest error.</param>
internal sealed record RoundingReport(
    string Op,
    string Backend,
    string Unit,
    long Count,
    double Exact,
    double Within1,
    double Within2,
    double Within4,
    double Within16,
    double More,
    double? Largest,
    double Bound,
    bool Holds,
    string Worst)
{
    /// <summary>A result as reported.</summary>
    public static RoundingReport Of(RoundingResult result) => new(
        result.Op, result.Backend, result.Unit, result.Count, result.Shares[0], result.Shares[1], result.Shares[2], result.Shares[3], result.Shares[4], result.Shares[5],
        double.IsFinite(result.Largest) ? result.Largest : null, result.Bound, result.Holds, result.Worst);
}
