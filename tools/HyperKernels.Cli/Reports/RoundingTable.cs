using System.Globalization;
using System.Text;

namespace HyperKernels.Cli.Reports;

/// <summary>Rounding as the documentation shows it: a Markdown table of functions and one of sums and products.</summary>
internal static class RoundingTable
{
    /// <summary>What an error is told in, by the reports' unit.</summary>
    public static string Heading(string unit) => unit == Cases.RoundingResult.Ulp ? "units in the last place" : "2^-23 of the terms";

    /// <summary>The tables; of every op the worst backend.</summary>
    public static string Markdown(IEnumerable<RoundingReport> reports)
    {
        StringBuilder text = new();
        foreach (IGrouping<string, RoundingReport> unit in reports.GroupBy(report => report.Unit))
        {
            text.Append(CultureInfo.InvariantCulture, $"| op, {Heading(unit.Key)} | bound | largest | exact | within 1 | within 4 |\n|---|---|---|---|---|---|\n");
            foreach (IGrouping<string, RoundingReport> op in unit.GroupBy(report => report.Op))
            {
                string[] cells =
                [
                    $"`{op.Key}`",
                    Number(op.First().Bound),
                    op.Any(report => report.Largest is null) ? "NaN" : Number(op.Max(report => report.Largest!.Value)),
                    Share(op.Min(report => report.Exact)),
                    Share(op.Min(report => report.Within1)),
                    Share(op.Min(report => report.Within4)),
                ];
                text.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", cells)} |\n");
            }
            text.Append('\n');
        }
        return text.ToString().TrimEnd('\n');
    }

    /// <summary>An error or a bound.</summary>
    public static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>A share in percent, rounded down: what is not all is never 100.</summary>
    public static string Share(double share) => (Math.Floor(share * 1e5) / 1e3).ToString("0.###", CultureInfo.InvariantCulture) + " %";
}
