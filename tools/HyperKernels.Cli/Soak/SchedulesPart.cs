using System.Diagnostics.Metrics;

namespace HyperKernels.Cli.Soak;

/// <summary>
/// Interleavings of several flows, chosen by a seed: tapes, scopes, disposal, writing, gradients and cancellation, with a change of flows between any two calls and at
/// the end of every op within them. Every answer is the number that a model of the same schedule has, and every misuse an exception that is documented.
/// </summary>
internal static class SchedulesPart
{
    private const int FirstFlows = 3;
    private const int LastLines = 60;
    private const int Collections = 20;

    public static SoakOutcome Run(SoakRun run)
    {
        using MeterListener listener = new();
        listener.InstrumentPublished = static (instrument, self) =>
        {
            if (instrument.Meter.Name == Telemetry.MeterName && instrument.Name == "hyperkernels.op.duration")
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        // Told on the thread that computes, when the kernel is done and before the op is.
        listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => Baton.Pass());
        listener.Start();

        (long schedules, long answers, long refusals) = (0, 0, 0);
        List<string> findings = [];
        while (findings.Count == 0 && run.GoesOn($"{schedules:N0} schedules"))
        {
            int seed = unchecked((run.Seed * 1_000_003) + (int)schedules);
            ScheduleWorld world = new(new Random(seed));
            try
            {
                RunOne(world, seed);
            }
            catch (Exception failure)
            {
                string path = Path.Combine(run.Folder, $"schedule-{seed}.txt");
                File.WriteAllLines(path, [.. world.Log, $"{failure}"]);
                Exception inner = failure.InnerException ?? failure;
                findings.Add($"schedule {schedules} of --seed {run.Seed}: {inner.Message}\n{string.Join('\n', world.Log.TakeLast(LastLines))}\nThe whole schedule is in {path}.");
            }
            schedules++;
            answers += world.Answers;
            refusals += world.Refusals;
        }
        return new SoakOutcome(
            [new SoakFigure("schedules", schedules), new SoakFigure("right answers", answers), new SoakFigure("documented refusals", refusals)], findings);
    }

    private static void RunOne(ScheduleWorld world, int seed)
    {
        DeviceMemory memory = Device.Default.Memory;
        memory.NotesPlaces = true;
        long before = memory.LiveTensors;
        Baton baton = new(new Random(~seed));
        for (int i = 0; i < FirstFlows; i++)
        {
            Flow flow = new(i, world, baton, null);
            world.Flows.Add(flow);
            baton.Add(flow.Run);
        }
        baton.RunAll();
        world.End();
        // Fewer: what others dropped before was collected meanwhile.
        for (int i = 0; i < Collections && memory.LiveTensors > before; i++)
        {
            // The result of an op that was refused outside of scopes is the collector's, once the flow's thread is gone.
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Thread.Sleep(i);
        }
        if (memory.LiveTensors > before)
        {
            throw new ScheduleException($"{memory.LiveTensors - before} tensors are left behind: {string.Join("; ", memory.LivePlaces())}");
        }
    }
}
