using System.Diagnostics;

namespace HyperKernels.Cases.Sized;

/// <summary>What every plan of generate-and-apply takes at one size, and which ones the engine chooses.</summary>
/// <param name="Sizes">In letters.</param>
/// <param name="Forward">The planner's choice for a forward pass alone.</param>
/// <param name="Train">Its choice for a pass with gradients.</param>
/// <param name="ForwardMs">Forward, by plan in the order of <see cref="PlanSuite.Plans"/>.</param>
/// <param name="TrainMs">Forward and backward, likewise.</param>
public sealed record PlanTiming(
    string Sizes, GeneratePlan Forward, GeneratePlan Train, IReadOnlyList<double> ForwardMs, IReadOnlyList<double> TrainMs)
{
    /// <summary>How much longer than the best plan the chosen one takes forward: 0.05 is 5 %.</summary>
    public double ForwardLoss => LossOf(Forward, ForwardMs);

    /// <summary>The same of forward and backward.</summary>
    public double TrainLoss => LossOf(Train, TrainMs);

    /// <summary>The better time of each plan in two measurements of one size: what disturbed one of them is forgotten.</summary>
    public PlanTiming Best(PlanTiming other) => this with
    {
        ForwardMs = [.. ForwardMs.Zip(other.ForwardMs, Math.Min)],
        TrainMs = [.. TrainMs.Zip(other.TrainMs, Math.Min)],
    };

    private static double LossOf(GeneratePlan plan, IReadOnlyList<double> ms) => (ms[PlanSuite.Plans.ToList().IndexOf(plan)] / ms.Min()) - 1;
}

/// <summary>Sizes at which the planner of generate-and-apply is held against the clock.</summary>
public static class PlanSuite
{
    // Rounds over the plans in turn; the best of each counts, so that a busy moment of the machine hits nobody.
    private const int FewestRounds = 7;
    private const double SizeMs = 60;

    // A plan that is so much slower than the best is out of the running, and its time better spent on the others.
    private const double OutOfTheRunning = 1.5;

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
        (GeneratePlan forwardPlan, GeneratePlan trainPlan) = GenerateSized.Chosen(GenerateSized.Linear.Parse(text), device);
        return new PlanTiming(text, forwardPlan, trainPlan, forward, train);
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
                if (round >= FewestRounds && best[i] > OutOfTheRunning * best.Min())
                {
                    continue;
                }
                long begin = Stopwatch.GetTimestamp();
                run(subjects[i]);
                device.Synchronize();
                best[i] = Math.Min(best[i], Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            }
        }
        return best;
    }
}
