using System.Diagnostics;

namespace HyperKernels.Cases.Sized;

/// <summary>What every plan of generate-and-apply takes at one size, and which one the engine chooses.</summary>
/// <param name="Sizes">In letters.</param>
/// <param name="Chosen">The planner's choice.</param>
/// <param name="ForwardMs">Forward, by plan in the order of <see cref="PlanSuite.Plans"/>.</param>
/// <param name="TrainMs">Forward and backward, likewise.</param>
public sealed record PlanTiming(string Sizes, GeneratePlan Chosen, IReadOnlyList<double> ForwardMs, IReadOnlyList<double> TrainMs)
{
    /// <summary>How much longer than the best plan the chosen one takes forward and backward: 0.05 is 5 %.</summary>
    public double Loss => (TrainMs[Index] / TrainMs.Min()) - 1;

    /// <summary>The same of the forward pass alone.</summary>
    public double ForwardLoss => (ForwardMs[Index] / ForwardMs.Min()) - 1;

    private int Index => ((List<GeneratePlan>)[.. PlanSuite.Plans]).IndexOf(Chosen);
}

/// <summary>Sizes at which the planner of generate-and-apply is held against the clock.</summary>
public static class PlanSuite
{
    // Rounds over the plans in turn: the best of each counts, so that a busy moment of the machine hits nobody.
    private const int FewestRounds = 7;
    private const double SizeMs = 120;

    /// <summary>The plans that can be chosen.</summary>
    public static IReadOnlyList<GeneratePlan> Plans { get; } = [GeneratePlan.Materialise, GeneratePlan.Tile, GeneratePlan.Reassociate];

    /// <summary>The sizes in letters: contexts, rows, shapes of the layer and embedding sizes crossed.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. from batch in new[] { 1, 8, 32, 128 }
           from rows in new[] { 1, 4, 16 }
           from shape in new[] { (I: 32, O: 32), (I: 128, O: 128), (I: 256, O: 64) }
           from embedding in new[] { 8, 64 }
           select $"B={batch} T={rows} I={shape.I} O={shape.O} H={embedding}",
    ];

    /// <summary>Times all plans at one size, in turn.</summary>
    public static PlanTiming Measure(string text, Device device, CancellationToken cancel)
    {
        using MemoryScope inputs = device.Scope();
        BenchSubject[] subjects = [.. Plans.Select(plan => GenerateSized.At(plan).Make(GenerateSized.At(plan).Parse(text), device))];
        using MemoryScope scope = device.Scope();
        double[] forward = Best(device, subjects, cancel, subject =>
        {
            subject.Forward();
            scope.Reset();
        });
        using Tape tape = new();
        double[] train = Best(device, subjects, cancel, subject =>
        {
            subject.Train!(tape);
            tape.Reset();
        });
        // The subject of the engine's own choice carries its name.
        using BenchSubject own = GenerateSized.Linear.Make(GenerateSized.Linear.Parse(text), device);
        return new PlanTiming(text, Enum.Parse<GeneratePlan>(own.Plan, ignoreCase: true), forward, train);
    }

    private static double[] Best(Device device, BenchSubject[] subjects, CancellationToken cancel, Action<BenchSubject> run)
    {
        double[] best = [.. subjects.Select(_ => double.PositiveInfinity)];
        long start = Stopwatch.GetTimestamp();
        for (int round = 0; round < FewestRounds || Stopwatch.GetElapsedTime(start).TotalMilliseconds < SizeMs; round++)
        {
            cancel.ThrowIfCancellationRequested();
            for (int i = 0; i < subjects.Length; i++)
            {
                long begin = Stopwatch.GetTimestamp();
                run(subjects[i]);
                device.Synchronize();
                best[i] = Math.Min(best[i], Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            }
        }
        return best;
    }
}
