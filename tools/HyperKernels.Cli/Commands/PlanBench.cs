using HyperKernels.Cases.Sized;
using HyperKernels.Cli.Reports;

namespace HyperKernels.Cli.Commands;

/// <summary><c>bench --suite plans</c>: every plan of generate-and-apply at every size of the grid, and what the planner's choice costs.</summary>
internal static class PlanBench
{
    public static int Run(Terminal terminal, Device device, CancellationToken cancel)
    {
        List<PlanTiming> timings = [];
        terminal.WithProgress("bench", report =>
        {
            foreach (string sizes in PlanSuite.All)
            {
                report((double)timings.Count / PlanSuite.All.Count, sizes);
                timings.Add(PlanSuite.Measure(sizes, device, cancel));
            }
        });
        if (terminal.Json)
        {
            Terminal.Document(timings, ReportJson.Plain.IReadOnlyListPlanTiming);
            return ExitCode.Ok;
        }
        string[] names = [.. PlanSuite.Plans.Select(plan => plan.ToString().ToLowerInvariant())];
        terminal.Table(
            ["sizes", "plan", .. names.Select(name => $"{name} ms"), "loss %", .. names.Select(name => $"{name} train ms"), "train loss %"],
            [.. timings.Select(t => (string[])
            [
                t.Sizes,
                t.Chosen.ToString().ToLowerInvariant(),
                .. t.ForwardMs.Select(ms => $"{ms:G4}"),
                $"{t.ForwardLoss * 100:F1}",
                .. t.TrainMs.Select(ms => $"{ms:G4}"),
                $"{t.Loss * 100:F1}",
            ])]);
        terminal.Line($"{device.Name}, {device.Threads} threads, {timings.Count} sizes: the choice loses at most {timings.Max(t => t.ForwardLoss):P1} forward, {timings.Max(t => t.Loss):P1} forward + backward");
        return ExitCode.Ok;
    }
}
