using System.CommandLine;
using HyperKernels.Cases;
using HyperKernels.Cli.Reports;

namespace HyperKernels.Cli.Commands;

/// <summary><c>verify</c>: the catalogue's properties on one backend.</summary>
internal static class VerifyCommand
{
    private static readonly Option<string> s_backend = CommonOptions.Backend();
    private static readonly Option<string?> s_filter = new("--filter")
    {
        Description = "Only cases whose name contains this, as in \"matmul\" or \"add(A=[17]\".",
        HelpName = "TEXT",
    };

    public static Command Create()
    {
        Command command = new("verify", "Check every op against plain code in double precision: values, gradients, stray writes, repeatability.")
        {
            s_backend, s_filter,
        };
        command.SetAction(parsed =>
        {
            using Interrupt interrupt = new();
            return Run(new Terminal(parsed), Devices.Find(parsed.GetValue(s_backend)!), parsed.GetValue(s_filter) ?? "", interrupt.Token);
        });
        return command;
    }

    private static int Run(Terminal terminal, Device device, string filter, CancellationToken cancel)
    {
        OpCase[] rows = [.. Catalogue.All.Where(row => $"{row.Name} on {device.Name}".Contains(filter, StringComparison.OrdinalIgnoreCase))];
        if (rows.Length == 0)
        {
            throw new UsageException($"no case matches \"{filter}\". `hyperkernels ops` lists the ops; a case's name is like \"{Catalogue.All[0].Name}\".");
        }
        List<VerifyReport> reports = [];
        terminal.WithProgress("verify", report =>
        {
            for (int i = 0; i < rows.Length; i++)
            {
                cancel.ThrowIfCancellationRequested();
                report((double)i / rows.Length, rows[i].Op);
                reports.AddRange(Check(rows[i], device));
            }
        });
        return Show(terminal, reports);
    }

    private static IEnumerable<VerifyReport> Check(OpCase row, Device device)
    {
        yield return Report(row, device, "forward", Conformance.Forward);
        if (row.Inputs.Any(input => input.Differentiable))
        {
            yield return Report(row, device, "gradient", Conformance.Gradient);
        }
        yield return Report(row, device, "guards", Conformance.StaysInItsBuffers);
        yield return Report(row, device, "repeats", Conformance.RepeatsBitForBit);
    }

    private static VerifyReport Report(OpCase row, Device device, string property, Func<OpCase, Device, CaseResult> check)
    {
        CaseResult result;
        try
        {
            result = check(row, device);
        }
        catch (Exception failure) when (failure is not OperationCanceledException and not OutOfMemoryException)
        {
            // An op that throws is a failed check; the others are still worth knowing.
            result = new CaseResult(row.Name, property, device.Name, false, double.NaN, row.Tolerance, $"{failure.GetType().Name}: {failure.Message}");
        }
        double? error = double.IsFinite(result.MaxError) ? result.MaxError : null;
        return new VerifyReport(result.Case, row.Op, property, result.Backend, result.Passed, error, result.Tolerance, result.Reason);
    }

    private static int Show(Terminal terminal, IReadOnlyList<VerifyReport> reports)
    {
        VerifyReport[] failed = [.. reports.Where(report => !report.Passed)];
        if (terminal.Json)
        {
            Terminal.Document(reports, ReportJson.Plain.IReadOnlyListVerifyReport);
            return failed.Length == 0 ? ExitCode.Ok : ExitCode.CheckFailed;
        }
        terminal.Table(["system", "checks", "failed", "worst error / tolerance"],
            [.. reports.GroupBy(report => report.System).Select(system => (string[])
            [
                system.Key,
                $"{system.Count()}",
                $"{system.Count(report => !report.Passed)}",
                $"{system.Max(Share):F3}",
            ])]);
        if (failed.Length > 0)
        {
            terminal.Table(["case", "property", "error", "tolerance", "reason"],
                [.. failed.Select(f => (string[])[f.Case, f.Property, f.MaxError is { } e ? $"{e:G3}" : "-", $"{f.Tolerance:G3}", f.Reason])]);
        }
        terminal.Verdict(failed.Length == 0, $"{reports.Count - failed.Length} of {reports.Count} checks passed on {reports[0].Backend}");
        return failed.Length == 0 ? ExitCode.Ok : ExitCode.CheckFailed;
    }

    // How much of its tolerance a check used; checks of bits and guards have none.
    private static double Share(VerifyReport report) => report.Tolerance > 0 && report.MaxError is { } error ? error / report.Tolerance : 0;
}
