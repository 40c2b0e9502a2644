using System.CommandLine;
using HyperKernels.Cases;
using HyperKernels.Cli.Reports;
using HyperKernels.Models;

namespace HyperKernels.Cli.Commands;

/// <summary><c>verify</c>: the catalogue's properties, or reference cases, on one backend.</summary>
internal static class VerifyCommand
{
    private const string Unsupported = "unsupported";

    private static readonly Option<string> s_backend = CommonOptions.Backend();
    private static readonly Option<string?> s_filter = new("--filter")
    {
        Description = "Only cases whose name contains this, as in \"matmul\", \"add(A=[17]\", \"layer \" or \"optimizer adam\".",
        HelpName = "TEXT",
    };

    private static readonly Option<string?> s_reference = new("--reference")
    {
        Description = "Instead of the catalogue: every .safetensors case in this folder and those inside it, against its recorded outputs and gradients.",
        HelpName = "DIR",
    };

    public static Command Create()
    {
        const string What = "Check every op, layer and optimiser against plain code in double precision: values, gradients, stray writes, repeatability.";
        Command command = new("verify", What)
        {
            s_backend, s_filter, s_reference,
        };
        command.SetAction(parsed =>
        {
            using Interrupt interrupt = new();
            Terminal terminal = new(parsed);
            Device device = Devices.Find(parsed.GetValue(s_backend)!);
            string filter = parsed.GetValue(s_filter) ?? "";
            return parsed.GetValue(s_reference) is { } folder
                ? RunReferences(terminal, device, folder, filter, interrupt.Token)
                : RunCatalogue(terminal, device, filter, interrupt.Token);
        });
        return command;
    }

    private static int RunCatalogue(Terminal terminal, Device device, string filter, CancellationToken cancel)
    {
        CatalogueCase[] rows = [.. Catalogue.All.Where(row => row.NameOn(device).Contains(filter, StringComparison.OrdinalIgnoreCase))];
        if (rows.Length == 0)
        {
            throw new UsageException(
                $"no case matches \"{filter}\". `hyperkernels ops` lists what there is; a case's name is like \"{Catalogue.All[0].Name}\".");
        }
        List<VerifyReport> reports = [];
        terminal.WithProgress("verify", report =>
        {
            for (int i = 0; i < rows.Length; i++)
            {
                report((double)i / rows.Length, rows[i].Title);
                foreach (CaseProperty property in rows[i].Properties)
                {
                    cancel.ThrowIfCancellationRequested();
                    reports.Add(Report(rows[i], property, device));
                }
            }
        });
        return Show(terminal, reports);
    }

    private static VerifyReport Report(CatalogueCase row, CaseProperty property, Device device)
    {
        CaseResult result;
        try
        {
            result = property.Check(device);
        }
        catch (Exception failure) when (failure is not OperationCanceledException and not OutOfMemoryException)
        {
            // What throws is a failed check; the others are still worth knowing.
            result = new CaseResult(row.Name, property.Name, device.Name, false, double.NaN, row.Tolerance, $"{failure.GetType().Name}: {failure.Message}");
        }
        return new VerifyReport(result.Case, row.Title, property.Name, result.Backend, result.Passed, Finite(result.MaxError), result.Tolerance, result.Reason);
    }

    private static int RunReferences(Terminal terminal, Device device, string folder, string filter, CancellationToken cancel)
    {
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"the folder of reference cases {folder} does not exist.");
        }
        int files = ReferenceRunner.Files(folder).Count;
        List<VerifyReport> reports = [];
        terminal.WithProgress("verify", report =>
        {
            foreach (ReferenceResult result in ReferenceRunner.RunFolder(folder, device, filter))
            {
                double? error = result.Reason == Unsupported ? null : Finite(result.MaxError);
                reports.Add(new VerifyReport(
                    result.Case, result.System, "reference", result.Backend, result.Passed, error, result.Tolerance, result.Reason));
                report((double)reports.Count / files, result.Case);
                cancel.ThrowIfCancellationRequested();
            }
        });
        if (reports.Count == 0)
        {
            throw new FileNotFoundException($"{folder} holds no .safetensors case{(filter.Length == 0 ? "" : $" that matches \"{filter}\"")}.");
        }
        return terminal.Json ? Show(terminal, reports) : ShowReferences(terminal, reports);
    }

    private static int ShowReferences(Terminal terminal, List<VerifyReport> reports)
    {
        terminal.Table(["case", "system", "result", "error", "tolerance", "reason"],
            [.. reports.Select(r => (string[])
            [
                r.Case,
                r.System,
                r.Passed ? "passed" : r.Reason == Unsupported ? Unsupported : "FAILED",
                r.MaxError is { } error ? $"{error:G3}" : "",
                $"{r.Tolerance:G3}",
                r.Passed || r.Reason == Unsupported ? "" : r.Reason,
            ])]);
        terminal.Table(["published system", "paper", "passed", "failed", "not built yet"],
            [.. reports.GroupBy(r => PublishedSystems.OfCases(r.System)?.Title ?? r.System).Select(system => (string[])
            [
                system.Key,
                PublishedSystems.OfCases(system.First().System)?.Paper.Citation ?? "",
                $"{system.Count(r => r.Passed)}",
                $"{system.Count(r => !r.Passed && r.Reason != Unsupported)}",
                $"{system.Count(r => r.Reason == Unsupported)}",
            ])]);
        int passed = reports.Count(r => r.Passed);
        int unsupported = reports.Count(r => r.Reason == Unsupported);
        terminal.Verdict(
            passed == reports.Count,
            $"{passed} of {reports.Count} cases passed on {reports[0].Backend}, {reports.Count - passed - unsupported} failed, {unsupported} of systems not built yet");
        return passed == reports.Count ? ExitCode.Ok : ExitCode.CheckFailed;
    }

    private static double? Finite(double error) => double.IsFinite(error) ? error : null;

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
