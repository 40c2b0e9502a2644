using System.CommandLine;
using HyperKernels.Cases;
using HyperKernels.Cli.Reports;

namespace HyperKernels.Cli.Commands;

/// <summary><c>ops</c>: the ops, layers and optimisers that the catalogue knows.</summary>
internal static class OpsCommand
{
    private const int UsualInputs = 1 << 22;

    private static readonly Option<bool> s_ulp = new("--ulp")
    {
        Description = "Instead of the list: how far each op's results are from plain code in double precision, on every vector width and every other backend.",
    };

    private static readonly Option<string?> s_filter = new("--filter") { Description = "With --ulp: only ops whose name contains this.", HelpName = "TEXT" };

    private static readonly Option<int?> s_inputs = new("--inputs")
    {
        Description = $"With --ulp: bit patterns for each function, evenly spread over all; {UsualInputs} unless told.",
        HelpName = "N",
    };

    private static readonly Option<bool> s_all = new("--all") { Description = "With --ulp: all 2^32 bit patterns, hours for each function." };

    private static readonly Option<string?> s_worst = new("--worst") { Description = "With --ulp: write the worst inputs to a file, a line each.", HelpName = "FILE" };

    private static readonly Option<bool> s_markdown = new("--markdown") { Description = "With --ulp: print the tables of docs/numbers.md." };

    public static Command Create()
    {
        Command command = new("ops", "List ops, layers and optimisers: their inputs, how many cases check them, how often they can be differentiated.")
        {
            s_ulp, s_filter, s_inputs, s_all, s_worst, s_markdown,
        };
        CommonOptions.AtLeast(s_inputs, 1);
        command.Validators.Add(static result =>
        {
            Option? alone = new Option[] { s_filter, s_inputs, s_all, s_worst, s_markdown }.FirstOrDefault(option => result.GetResult(option) is { Implicit: false });
            if (alone is not null && !result.GetValue(s_ulp))
            {
                result.AddError($"{alone.Name} goes with --ulp.");
            }
        });
        command.SetAction(parsed =>
        {
            Terminal terminal = new(parsed);
            if (!parsed.GetValue(s_ulp))
            {
                return List(terminal);
            }
            using Interrupt interrupt = new();
            long inputs = parsed.GetValue(s_all) ? FunctionRounding.Everything : parsed.GetValue(s_inputs) ?? UsualInputs;
            return RoundingRun.Run(terminal, parsed.GetValue(s_filter) ?? "", inputs, parsed.GetValue(s_worst), parsed.GetValue(s_markdown), interrupt.Token);
        });
        return command;
    }

    private static int List(Terminal terminal)
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
