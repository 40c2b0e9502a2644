using System.CommandLine;
using HyperKernels.Cases;
using HyperKernels.Cli.Reports;

namespace HyperKernels.Cli.Commands;

/// <summary><c>ops</c>: the op table, as the catalogue knows it.</summary>
internal static class OpsCommand
{
    public static Command Create()
    {
        Command command = new("ops", "List the ops with their inputs, the number of cases that check them, and how often they can be differentiated.");
        command.SetAction(parsed => Run(new Terminal(parsed)));
        return command;
    }

    private static int Run(Terminal terminal)
    {
        IReadOnlyList<OpReport> ops = [.. Catalogue.All.GroupBy(row => row.Op).OrderBy(rows => rows.Key, StringComparer.Ordinal).Select(Describe)];
        if (terminal.Json)
        {
            Terminal.Document(ops, ReportJson.Plain.IReadOnlyListOpReport);
            return ExitCode.Ok;
        }
        terminal.Table(["op", "cases", "inputs", "gradient", "benchmark", "tolerance"],
            [.. ops.Select(op => (string[])
            [
                op.Op,
                $"{op.Rows}",
                string.Join(", ", op.Inputs),
                op.TwiceDifferentiable ? "twice" : op.Differentiable ? "once" : "none",
                op.Benchmark ? "yes" : "no",
                $"{op.Tolerance:G2}",
            ])]);
        terminal.Line($"{ops.Count} ops, {Catalogue.All.Count} cases");
        return ExitCode.Ok;
    }

    private static OpReport Describe(IGrouping<string, OpCase> rows)
    {
        // The row with most inputs shows the optional ones too.
        OpCase fullest = rows.MaxBy(row => row.Inputs.Count)!;
        return new OpReport(
            rows.Key,
            rows.Count(),
            [.. fullest.Inputs.Select(input => input.ElementType == ElementType.Int32 ? $"{input.Name} (int32)" : input.Name)],
            rows.Any(row => row.Inputs.Any(input => input.Differentiable)),
            rows.Any(row => row.TwiceDifferentiable),
            rows.Any(row => row.Benchmark),
            rows.Max(row => row.Tolerance));
    }
}
