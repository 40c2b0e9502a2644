using System.Globalization;
using HyperKernels.Cases;
using HyperKernels.Cli.Reports;

namespace HyperKernels.Cli.Commands;

/// <summary><c>ops --ulp</c>: how far every op's results are from plain code in double precision, on every vector width and every other backend.</summary>
internal static class RoundingRun
{
    // How many floats on either side of hard places, and how often values are drawn for each row of sums and products.
    private const int Around = 512;
    private const int Draws = 16;

    /// <summary>Measures and reports.</summary>
    /// <param name="terminal">Where to.</param>
    /// <param name="filter">Part of an op's name.</param>
    /// <param name="inputs">Bit patterns for each function.</param>
    /// <param name="worst">A file for the worst inputs, or null.</param>
    /// <param name="markdown">Whether to print the tables of docs/numbers.md.</param>
    /// <param name="cancel">Ends it.</param>
    public static int Run(Terminal terminal, string filter, long inputs, string? worst, bool markdown, CancellationToken cancel)
    {
        OpCase[] functions = [.. FunctionRounding.All.Where(row => row.Op.Contains(filter, StringComparison.OrdinalIgnoreCase))];
        IGrouping<string, OpCase>[] sums = [.. TermsRounding.All.Where(rows => rows.Key.Contains(filter, StringComparison.OrdinalIgnoreCase))];
        int all = functions.Length + sums.Length;
        if (all == 0)
        {
            throw new UsageException($"no op whose rounding is measured matches \"{filter}\": such are functions of one and two numbers, sums, products, norms and softmax.");
        }
        List<RoundingResult> results = [];
        terminal.WithProgress("rounding", report =>
        {
            int done = 0;
            foreach (OpCase row in functions)
            {
                results.AddRange(FunctionRounding.Measure(row, Conformance.Devices, inputs, Around, share => report((done + share) / all, row.Op), cancel));
                done++;
            }
            foreach (IGrouping<string, OpCase> rows in sums)
            {
                results.AddRange(TermsRounding.Measure(rows, Conformance.Devices, Draws, share => report((done + share) / all, rows.Key), cancel));
                done++;
            }
        });
        if (worst is not null)
        {
            IO.AtomicFile.Write(worst, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(string.Concat(Lines(results)))));
        }
        return Show(terminal, results, markdown);
    }

    // Backends that do not differ share their worst input.
    private static IEnumerable<string> Lines(IEnumerable<RoundingResult> results) =>
        results.Select(result => result.Worst).Where(line => line.Length > 0).Distinct().Select(line => line + "\n");

    private static int Show(Terminal terminal, IReadOnlyList<RoundingResult> results, bool markdown)
    {
        IReadOnlyList<RoundingReport> reports = [.. results.Select(RoundingReport.Of)];
        int holding = reports.Count(report => report.Holds);
        int code = holding == reports.Count ? ExitCode.Ok : ExitCode.CheckFailed;
        if (terminal.Json)
        {
            Terminal.Document(reports, ReportJson.Plain.IReadOnlyListRoundingReport);
            return code;
        }
        if (markdown)
        {
            terminal.Line(RoundingTable.Markdown(reports));
            return code;
        }
        foreach (IGrouping<string, RoundingReport> unit in reports.GroupBy(report => report.Unit))
        {
            terminal.Table(
                [$"op, {RoundingTable.Heading(unit.Key)}", "backend", "exact", "within 1", "within 2", "within 4", "within 16", "more", "largest", "bound", "worst input"],
                [.. unit.Select(report => (string[])
                [
                    report.Op,
                    report.Backend,
                    RoundingTable.Share(report.Exact),
                    RoundingTable.Share(report.Within1),
                    RoundingTable.Share(report.Within2),
                    RoundingTable.Share(report.Within4),
                    RoundingTable.Share(report.Within16),
                    RoundingTable.Share(report.More),
                    report.Largest is { } largest ? RoundingTable.Number(largest) : "NaN",
                    RoundingTable.Number(report.Bound),
                    Readable(report.Worst),
                ])]);
        }
        terminal.Line($"{results.Where(result => result.Unit == RoundingResult.Ulp).Sum(result => result.Count):N0} results of functions, "
            + $"{results.Where(result => result.Unit == RoundingResult.OfTerms).Sum(result => result.Count):N0} of sums and products");
        terminal.Verdict(code == ExitCode.Ok, $"{holding} of {reports.Count} ops and backends stay within their bounds");
        return code;
    }

    // The bits of a function's input, and what they are.
    private static string Readable(string worst)
    {
        if (worst.Length == 0)
        {
            return "";
        }
        WorstInput input = WorstInput.Parse(worst);
        return input.Draw is not null ? worst
            : string.Create(CultureInfo.InvariantCulture, $"{worst[(worst.IndexOf(": ", StringComparison.Ordinal) + 2)..]} ({input.A:R}{(input.B is { } b ? $", {b:R}" : "")})");
    }
}
