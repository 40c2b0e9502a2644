using System.CommandLine;
using HyperKernels.Cases;
using HyperKernels.Cli.Reports;

namespace HyperKernels.Cli.Commands;

/// <summary><c>ops</c>: the ops, layers and optimisers that the catalogue knows.</summary>
internal static class OpsCommand
{
    public static Command Create()
    {
        Command command = new("ops", "List ops, layers and optimisers: their inputs, how many cases check them, how often they can be differentiated.");
        command.SetAction(parsed => Run(new Terminal(parsed)));
        return command;
    }

    private static int Run(Terminal terminal)
    {
        IReadOnlyList<OpReport> reports =
        [
            .. Catalogue.All.GroupBy(row => (row.Kind, row.Subject))
                .OrderBy(rows => rows.Key.Kind).ThenBy(rows => rows.Key.Subject, StringComparer.Ordinal)
                .Select(rows => Describe([.. rows])),
        ];
        if (terminal.Json)
        {
            Terminal.Document(reports, ReportJson.Plain.IReadOnlyListOpReport);
            return ExitCode.Ok;
        }
        foreach (IGrouping<string, OpReport> section in reports.GroupBy(report => report.Kind))
        {
            terminal.Table([section.Key, "cases", "inputs", "gradient", "benchmark", "tolerance"],
                [.. section.Select(report => (string[])
                [
                    report.Name,
                    $"{report.Rows}",
                    string.Join(", ", report.Inputs),
                    report.TwiceDifferentiable ? "twice" : report.Differentiable ? "once" : "none",
                    report.Benchmark ? "yes" : "no",
                    $"{report.Tolerance:G2}",
                ])]);
            terminal.Line($"{section.Count()} {section.Key}s, {section.Sum(report => report.Rows)} cases");
        }
        return ExitCode.Ok;
    }

    private static OpReport Describe(IReadOnlyList<CatalogueCase> rows)
    {
        FunctionCase[] functions = [.. rows.OfType<FunctionCase>()];
        // The row with most inputs shows the optional ones too.
        IReadOnlyList<CaseInput> inputs = functions.MaxBy(row => row.Arguments.Count)?.Arguments ?? [];
        return new OpReport(
            rows[0].Kind.ToString().ToLowerInvariant(),
            rows[0].Subject,
            rows.Count,
            [.. inputs.Select(input => input.ElementType == ElementType.Int32 ? $"{input.Name} (int32)" : input.Name)],
            functions.Any(row => row.Arguments.Any(input => input.Differentiable)),
            functions.Any(row => row.TwiceDifferentiable),
            rows.OfType<OpCase>().Any(row => row.Benchmark),
            rows.Max(row => row.Tolerance));
    }
}
