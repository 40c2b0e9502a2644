using System.Diagnostics;
using System.Globalization;
using HyperKernels.Distributed;
using HyperKernels.IO;

namespace HyperKernels.Cli.Training;

/// <summary>
/// Steps, logs, evaluates and saves: what every recipe has in common. What a step and a log line hold depends on the step alone, so a
/// resumed run writes what the uninterrupted one would have written.
/// </summary>
internal sealed class TrainingLoop
{
    private const string FileName = "checkpoint.safetensors";
    private static readonly TimeSpan s_reportEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>How many steps in all.</summary>
    public required long Steps { get; init; }

    /// <summary>Does one step, numbered from 0, and gives its numbers, the loss first.</summary>
    public required Func<long, IReadOnlyList<Metric>> Step { get; init; }

    /// <summary>Examples seen by one step, for the rate.</summary>
    public required int ExamplesPerStep { get; init; }

    /// <summary>What examples are called beside the rate.</summary>
    public string ExamplesName { get; init; } = "images";

    /// <summary>Makes a checkpoint; <see cref="Checkpoint.Step"/> must be the number of steps done, which it is given.</summary>
    public required Func<long, Checkpoint> Save { get; init; }

    /// <summary>Puts weights, optimiser and random streams back.</summary>
    public required Action<Checkpoint> Load { get; init; }

    /// <summary>What else the steps follow from besides recipe, seed and data: name and words of the command line.</summary>
    public IReadOnlyList<(string Name, string Words)> FollowsFrom { get; init; } = [];

    /// <summary>Numbers worth more than one step, such as test accuracy; given the number of steps done. Null for none.</summary>
    public Func<long, IReadOnlyList<Metric>>? Evaluate { get; init; }

    /// <summary>Whether to evaluate after that many steps; the last step always is.</summary>
    public Func<long, bool> EvaluateAfter { get; init; } = static _ => false;

    /// <summary>Every how many steps the step's numbers are logged.</summary>
    public int LogEvery { get; init; } = 10;

    /// <summary>Runs from the start, or from the checkpoint in the folder.</summary>
    /// <returns>The last evaluation; empty if there is none.</returns>
    /// <exception cref="FileNotFoundException">Asked to resume without a checkpoint.</exception>
    /// <exception cref="UsageException">Asked to resume a run that had another recipe, seed or data folder.</exception>
    /// <exception cref="OperationCanceledException">Asked to stop; the checkpoint is written.</exception>
    public IReadOnlyList<Metric> Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        string path = options.File(FileName);
        RunIdentity identity = RunIdentity.Of(options, FollowsFrom);
        DataParallel? team = options.Parallel;
        bool isFirst = team is null || team.Communicator.Rank == 0;
        long step = Begin(options, path, identity, progress);
        IReadOnlyList<Metric> evaluation = [];
        long lastReport = Stopwatch.GetTimestamp();
        long lastSave = lastReport;
        bool saved = false;
        long reported = step;
        while (step < Steps)
        {
            // Several processes stop after the same step, that at whose end all know that one was asked.
            bool stops = team?.IsStopAgreed ?? cancel.IsCancellationRequested;
            if (team is not null)
            {
                team.StopRequested = cancel.IsCancellationRequested;
            }
            if (stops)
            {
                SaveAt(step);
                throw new OperationCanceledException(cancel);
            }
            IReadOnlyList<Metric> metrics = Told(step++);
            bool logs = step % LogEvery == 0 || step == Steps;
            bool evaluates = Evaluate is not null && (step == Steps || EvaluateAfter(step));
            if (logs && team is not null)
            {
                double[] means = team.Average([.. metrics.Select(static metric => metric.Value)]);
                metrics = [.. metrics.Select((metric, place) => metric with { Value = means[place] })];
            }
            if (evaluates)
            {
                evaluation = Evaluate!(step);
            }
            if (logs || evaluates)
            {
                metrics = [.. logs ? metrics : [], .. evaluates ? evaluation : []];
            }
            TimeSpan since = Stopwatch.GetElapsedTime(lastReport);
            if (logs || evaluates || since > s_reportEvery)
            {
                double stepsPerSecond = (step - reported) / since.TotalSeconds;
                progress.Report(new TrainProgress(step, Steps, Words(metrics, stepsPerSecond), logs || evaluates ? metrics : null, Notable: evaluates || step == Steps)
                {
                    Values = metrics,
                    ExamplesPerSecond = stepsPerSecond * ExamplesPerStep,
                    ExamplesName = ExamplesName,
                });
                lastReport = Stopwatch.GetTimestamp();
                reported = step;
            }
            if (step == Steps || options.Checkpoints.IsDue(step, Stopwatch.GetElapsedTime(lastSave), !saved))
            {
                SaveAt(step);
                saved = true;
                lastSave = Stopwatch.GetTimestamp();
            }
        }
        // A run that was complete already still owes its figures.
        return evaluation.Count == 0 && Evaluate is not null ? Evaluate(step) : evaluation;

        void SaveAt(long done)
        {
            if (!isFirst)
            {
                return;
            }
            Checkpoint checkpoint = identity.Sign(Save(done));
            checkpoint.Save(path);
            KeptCheckpoints.Add(checkpoint, options.Out, options.Keep);
            progress.Report(new TrainProgress(done, Steps) { Saved = checkpoint });
        }
    }

    // A step, told to whoever watches.
    private IReadOnlyList<Metric> Told(long step)
    {
        using TrainingStep told = TrainingStep.Begin(step, ExamplesPerStep);
        IReadOnlyList<Metric> metrics = Step(step);
        foreach (Metric metric in metrics)
        {
            told.Report(metric.Name, metric.Value);
        }
        return metrics;
    }

    // Several processes begin with what rank 0 has, whatever else each of them made or finds.
    private long Begin(TrainOptions options, string path, RunIdentity identity, IProgress<TrainProgress> progress)
    {
        ICommunicator? all = options.Parallel?.Communicator;
        if (!options.Resume && all is null)
        {
            return 0;
        }
        Checkpoint? checkpoint = null;
        if (all is null || all.Rank == 0)
        {
            checkpoint = options.Resume ? Checkpoint.Load(path) : Save(0);
            if (options.Resume)
            {
                identity.Check(checkpoint, path);
            }
        }
        checkpoint = all is null ? checkpoint! : CheckpointExchange.Broadcast(all, checkpoint);
        Restore(checkpoint, path);
        if (options.Resume)
        {
            progress.Report(new TrainProgress(checkpoint.Step, Steps, checkpoint.Warning ?? "", Resumed: true));
        }
        return checkpoint.Step;
    }

    private void Restore(Checkpoint checkpoint, string path)
    {
        try
        {
            Load(checkpoint);
        }
        catch (ArgumentException failure)
        {
            throw new InvalidDataException($"{path}: the checkpoint does not fit this recipe: {failure.Message}", failure);
        }
    }

    private string Words(IReadOnlyList<Metric> metrics, double stepsPerSecond) => string.Create(
        CultureInfo.InvariantCulture,
        $"{string.Join(' ', metrics.Where(m => m.Quantity == "loss").Select(m => $"{m.Name} {m.Value:F3}"))}, {stepsPerSecond * ExamplesPerStep:N0} {ExamplesName}/s");
}
