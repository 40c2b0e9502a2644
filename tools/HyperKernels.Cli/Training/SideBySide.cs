using System.Diagnostics;
using HyperKernels.Cli.Data;
using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Training;

/// <summary>What became of one of the networks that were trained side by side.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">How many numbers were trained.</param>
/// <param name="Answers">On the test images after the last step.</param>
/// <param name="SecondsAnEpoch">Of training; not a number after a resume that had nothing left to train.</param>
/// <param name="SecondsAnImage">Of testing, in the fastest of the evaluations.</param>
internal sealed record SideBySideResult(string Name, long Parameters, ConfusionMatrix Answers, double SecondsAnEpoch, double SecondsAnImage)
{
    /// <summary>The share of test images named rightly after the last step.</summary>
    public double Accuracy => Answers.Accuracy;
}

/// <summary>Trains classifiers of images beside each other: the same batches, the same steps, the same course of the rate for all.</summary>
internal static class SideBySide
{
    public const int Batch = 128;

    private const float Rate = 3e-3f;

    /// <summary>How they are trained, for the report.</summary>
    public static Setting Optimiser { get; } = new("optimiser", $"Adam, rate {Rate} falling as a cosine, batch {Batch}; the same steps on the same batches for all");

    /// <summary>Trains, saves each network as <c>NAME.safetensors</c>, and disposes of it.</summary>
    /// <param name="data">To train and to test.</param>
    /// <param name="nets">The networks by name; each gives [B, 10] for [B, 1, height, width].</param>
    /// <param name="defaultEpochs">How often to go through the data unless the options say.</param>
    /// <param name="options">What the command line asks.</param>
    /// <param name="progress">Told of steps and evaluations.</param>
    /// <param name="cancel">Asks to stop.</param>
    /// <param name="further">What is added to a network's cross-entropy, asked when it has given its logits; null for nothing.</param>
    /// <param name="draws">What a network draws from while it trains; null where none does.</param>
    /// <param name="optimizer">Makes a network's optimiser by its name; null, also as an answer, means that of <see cref="Optimiser"/>.</param>
    /// <exception cref="OperationCanceledException">Asked to stop; the checkpoint is written.</exception>
    public static IReadOnlyList<SideBySideResult> Train<TNet>(
        DigitData data,
        IReadOnlyList<(string Name, TNet Net)> nets,
        int defaultEpochs,
        TrainOptions options,
        IProgress<TrainProgress> progress,
        CancellationToken cancel,
        Func<TNet, Tensor?>? further = null,
        Func<TNet, RandomStream>? draws = null,
        Func<string, TNet, Optimizer?>? optimizer = null)
        where TNet : TensorLayer
    {
        BatchOrder order = new(data.Training.Count, Batch, options.Seed);
        ImageBatch batch = new(Batch, data.Training.Height, data.Training.Width);
        TimedRun<TNet>[] runs =
        [
            .. nets.Select(one => new TimedRun<TNet>(
                one.Name, one.Net, optimizer?.Invoke(one.Name, one.Net) ?? new Adam(one.Net.Parameters, learningRate: Rate), random: draws?.Invoke(one.Net))),
        ];
        Trainee[] trainees = [.. runs.Select(static run => run.Trainee)];
        ConfusionMatrix[] answers = new ConfusionMatrix[runs.Length];
        double[] fastest = [.. runs.Select(static _ => double.PositiveInfinity)];
        long steps = options.TotalSteps(order.StepsPerEpoch, (long)defaultEpochs * order.StepsPerEpoch);
        CosineSchedule schedule = new(steps);

        TrainingLoop loop = new()
        {
            Steps = steps,
            ExamplesPerStep = Batch * runs.Length,
            // The course of the rate follows from their number.
            FollowsFrom = [("steps", $"--steps {steps}")],
            Step = step =>
            {
                ReadOnlySpan<int> rows = order.Rows(step);
                batch.Fill(data.Training, rows[options.Own(rows.Length)]);
                return
                [
                    .. runs.Select(run => new Metric($"{run.Name}/loss", run.Step(Loss, schedule.At(step)))),
                ];
            },
            Evaluate = _ => [.. runs.Select((run, place) => new Metric($"{run.Name}/test accuracy", Test(run.Net, out answers[place], ref fastest[place])))],
            EvaluateAfter = step => step % order.StepsPerEpoch == 0,
            Save = step => Trainee.Save(step, trainees),
            Load = checkpoint => Trainee.Load(checkpoint, trainees),
        };
        loop.Run(options, progress, cancel);
        SideBySideResult[] results =
        [
            .. runs.Select((run, place) => new SideBySideResult(
                run.Name, Trained(run.Net), answers[place], run.SecondsAStep * order.StepsPerEpoch, fastest[place])),
        ];
        foreach (TimedRun<TNet> run in runs)
        {
            run.Net.Save(options.File($"{run.Name}.safetensors"));
            run.Dispose();
        }
        return results;

        static long Trained(TNet net) => net.Parameters.Where(static parameter => parameter.RequiresGradient).Sum(static parameter => parameter.Shape.Count);

        Tensor Loss(TNet net)
        {
            Tensor loss = Ops.CrossEntropy(net.Forward(batch.Images(options.Device)), batch.Labels(options.Device));
            return further?.Invoke(net) is { } more ? Ops.Add(loss, more) : loss;
        }

        double Test(TNet net, out ConfusionMatrix matrix, ref double fastestSoFar)
        {
            net.Eval();
            long start = Stopwatch.GetTimestamp();
            matrix = ConfusionMatrix.Of(data.Test, options.Device, net.Forward);
            fastestSoFar = Math.Min(fastestSoFar, Stopwatch.GetElapsedTime(start).TotalSeconds / data.Test.Count);
            net.Train();
            return matrix.Accuracy;
        }
    }
}
