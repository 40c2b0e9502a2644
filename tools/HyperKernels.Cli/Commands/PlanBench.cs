using HyperKernels.Cases.Sized;
using HyperKernels.Cli.Reports;

namespace HyperKernels.Cli.Commands;

/// <summary><c>bench --suite plans</c>: every plan of generate-and-apply at every size of the grid, and what the planner's choice costs.</summary>
internal static class PlanBench
{
    // Over all sizes each: what keeps the machine busy for seconds, another program, does not hit one size every time.
    private const int Passes = 5;

    public static int Run(Terminal terminal, Device device, CancellationToken cancel)
    {
        IReadOnlyList<string> sizes = PlanSuite.All;
        PlanTiming[] timings = new PlanTiming[sizes.Count];
        terminal.WithProgress("bench", report =>
        {
            for (int done = 0; done < Passes * sizes.Count; done++)
            {
                int i = done % sizes.Count;
                report((double)done / (Passes * sizes.Count), sizes[i]);
                PlanTiming timing = PlanSuite.Measure(sizes[i], device, cancel);
                timings[i] = done < sizes.Count ? timing : timings[i].Best(timing);
            }
        });
        if (terminal.Json)
        {
            Terminal.Document(timings, ReportJson.Plain.IReadOnlyListPlanTiming);
            return ExitCode.Ok;
        }
        string[] names = [.. PlanSuite.Plans.Select(plan => plan.ToString().ToLowerInvariant())];
        terminal.Table(
            ["sizes", "plan", .. names.Select(name => $"{name} ms"), "loss %", "train plan", .. names.Select(name => $"{name} train ms"), "train loss %"],
            [.. timings.Select(t => (string[])
            [
                t.Sizes,
                t.Forward.ToString().ToLowerInvariant(),
                .. t.ForwardMs.Select(ms => $"{ms:G4}"),
                $"{t.ForwardLoss * 100:F1}",
                t.Train.ToString().ToLowerInvariant(),
                .. t.TrainMs.Select(ms => $"{ms:G4}"),
                $"{t.TrainLoss * 100:F1}",
            ])]);
        terminal.Line(
            $"{device.Name}, {device.Threads} threads, {timings.Length} sizes: the choice loses at most {timings.Max(t => t.ForwardLoss):P1} forward, "
            + $"{timings.Max(t => t.TrainLoss):P1} forward + backward");
        return ExitCode.Ok;
    }
}
