using System.Diagnostics;
using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// A graph hypernetwork (GHN-2) on small networks for digits of 8 by 8: every step draws four new architectures and trains the hypernetwork by the loss
/// of its predictions. Then it predicts for architectures that no step saw: how good they are at once, and what they are worth as a start.
/// </summary>
internal sealed class GhnDigitsRecipe : IRecipe
{
    private const int Batch = 64;
    private const int MetaBatch = 4;
    private const int DefaultSteps = 6000;
    private const float Rate = 1e-3f;
    private const float WeightDecay = 1e-5f;
    private const float MaxNorm = 5;
    private const float Middle = 0.3f;
    private const float Deviation = 0.35f;

    // Seeds of sets of architectures; none of the program's own data is drawn from them.
    private const int TrainingNetworks = 1_000_003;
    private const int UnseenNetworks = 2_000_003;

    private const int Unseen = 50;
    private const int UnseenWhileTraining = 10;
    private const int Continued = 10;

    // What the authors report for the 500 test architectures of DeepNets-1M on CIFAR-10: the least, the median, the largest.
    private static readonly double[] s_published = [0.2266, 0.6847, 0.7712];
    private static readonly int[] s_continueTo = [0, 5, 10, 20, 40, 80, 160, 300];

    public string Name => "ghn-digits";

    public string Description => "A graph hypernetwork (GHN-2) that predicts all weights of architectures that it has not seen, on digits of 8 x 8.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        DigitData data = SmallDigits.Load(options);
        BatchOrder order = new(data.Training.Count, Batch, options.Seed);
        using GraphHyperNetwork hyper = GraphHyperNetwork.Create(
            GraphHyperNetworkOptions.Ghn2 with { Classes = ImageSet.Classes, MaxChannels = 32, MaxKernel = 5 }, new RandomStream((ulong)options.Seed));
        using Adam adam = new(hyper.Parameters, Rate, weightDecay: WeightDecay);
        Trainee trainee = new("ghn", hyper, adam);
        Sequential[] unseen = Draw(options.Seed + UnseenNetworks);
        HashSet<string> reserved = [.. unseen.Select(RandomArchitecture.Words)];
        ImageBatch batch = new(Batch, SmallDigits.Side, SmallDigits.Side);
        long steps = options.TotalSteps(order.StepsPerEpoch, DefaultSteps);
        long ticks = 0;
        long timed = 0;

        TrainingLoop loop = new()
        {
            Steps = steps,
            ExamplesPerStep = Batch * MetaBatch,
            Step = step =>
            {
                long start = Stopwatch.GetTimestamp();
                batch.Fill(data.Training, order.Rows(step));
                Sequential[] networks = Drawn(options.Seed + TrainingNetworks, step, reserved);
                adam.RateFactor = RateFactor(step);
                double loss = Train(hyper, adam, networks, batch, options.Device);
                Array.ForEach(networks, static network => network.Dispose());
                ticks += Stopwatch.GetTimestamp() - start;
                timed++;
                return [new Metric("loss", loss)];
            },
            Evaluate = _ => [new Metric("unseen accuracy", Accuracies(hyper, unseen[..UnseenWhileTraining], data, options.Device).Average())],
            EvaluateAfter = static step => step % 500 == 0,
            Save = step => Trainee.Save(step, trainee),
            Load = checkpoint => Trainee.Load(checkpoint, trainee),
        };
        loop.Run(options, progress, cancel);
        hyper.Save(options.File("hypernetwork.safetensors"));

        // A short run is a look: it looks at less.
        int shown = (int)Math.Clamp(steps / 20, 4, Unseen);
        int[] continueTo = [.. s_continueTo.Where(count => count <= Math.Max(steps / 4, 10))];
        double[] predicted = [.. Accuracies(hyper, unseen[..shown], data, options.Device).Order()];
        double[] untrained = [.. unseen[..shown].Select(network => Score(network, data, options.Device)).Order()];
        int continued = (int)Math.Clamp(steps / 100, 2, Continued);
        double[] fromRandom = Continue(unseen[..continued], data, continueTo, options, cancel);
        Array.ForEach(unseen[..continued], hyper.PredictInto);
        double[] fromPredicted = Continue(unseen[..continued], data, continueTo, options, cancel);
        TrainSummary summary = new(
            [.. Spread(predicted, untrained), .. continueTo.Skip(1).SelectMany((count, i) => Trained(count, fromPredicted[i + 1], fromRandom[i + 1]))],
            [
                new Setting("hypernetwork", $"GHN-2 of {hyper.Count:N0} parameters: 32 numbers per node, kernels up to 32 x 32 x 5 x 5, virtual edges up to 50"),
                new Setting(
                    "architectures", $"{MetaBatch} new ones a step; {shown} others are predicted, of {unseen.Min(n => n.Count):N0} to {unseen.Max(n => n.Count):N0} weights"),
                new Setting("published", "GHN-2 on CIFAR-10, the 500 test architectures of DeepNets-1M after 300 epochs: another task, for the form of the distribution"),
                new Setting("data", data.Description),
                new Setting(
                    "optimiser",
                    $"Adam, rate {Rate}, a third of it from step {DefaultSteps * 6 / 10}, a tenth from {DefaultSteps * 85 / 100}, decay {WeightDecay}, "
                    + $"gradient norm at most {MaxNorm}"),
                new Setting("seconds a step", timed == 0 ? "" : $"{Stopwatch.GetElapsedTime(0, ticks).TotalSeconds / timed:F3}"),
                new Setting("training on", $"the first {continued} unseen networks, Adam, rate {Rate}, batch {Batch}, from both starts"),
            ])
        {
            Pictures =
            [
                Picture.OfCurves(
                    "Unseen architectures", "Test accuracy with predicted weights, and with first values, from the worst network to the best.", "network", "accuracy",
                    [("predicted", Ranks(predicted)), ("first values", Ranks(untrained))]),
                Picture.OfCurves(
                    "Trained on from both starts", $"Mean test accuracy of {continued} unseen networks.", "training steps", "mean accuracy",
                    [("from predicted weights", Points(continueTo, fromPredicted)), ("from first values", Points(continueTo, fromRandom))]),
            ],
        };
        Array.ForEach(unseen, static network => network.Dispose());
        return summary;
    }

    private static float RateFactor(long step) => step < DefaultSteps * 6 / 10 ? 1 : step < DefaultSteps * 85 / 100 ? 1 / 3f : 0.1f;

    private static Sequential[] Draw(int seed)
    {
        Dictionary<string, Sequential> different = [];
        for (long number = 0; different.Count < Unseen; number++)
        {
            Sequential network = RandomArchitecture.Draw(seed, number);
            if (!different.TryAdd(RandomArchitecture.Words(network), network))
            {
                network.Dispose();
            }
        }
        return [.. different.Values];
    }

    // The architectures of a step, none of which is to be predicted unseen.
    private static Sequential[] Drawn(int seed, long step, HashSet<string> reserved)
    {
        List<Sequential> networks = [];
        for (long number = 0; networks.Count < MetaBatch; number++)
        {
            Sequential network = RandomArchitecture.Draw(seed, (step << 8) + number);
            if (reserved.Contains(RandomArchitecture.Words(network)))
            {
                network.Dispose();
                continue;
            }
            networks.Add(network);
        }
        return [.. networks];
    }

    private static double Train(GraphHyperNetwork hyper, Adam adam, Sequential[] networks, ImageBatch batch, Device device)
    {
        using Tape tape = new();
        (Tensor images, Tensor labels) = (batch.Images(device), batch.Labels(device));
        IReadOnlyList<PredictedParameters> predicted = hyper.Predict(new ArchitectureBatch([.. networks.Select(ArchitectureGraph.Of)]));
        Tensor loss = Ops.CrossEntropy(predicted[0].Forward(networks[0], Centred(images)), labels);
        for (int i = 1; i < networks.Length; i++)
        {
            loss = Ops.Add(loss, Ops.CrossEntropy(predicted[i].Forward(networks[i], Centred(images)), labels));
        }
        loss = Ops.MultiplyScalar(loss, 1f / networks.Length);
        tape.Backward(loss);
        GradientClipping.ByNorm(tape, hyper.Parameters, MaxNorm);
        adam.Step(tape);
        return loss.ToScalar();
    }

    private static IEnumerable<double> Accuracies(GraphHyperNetwork hyper, Sequential[] networks, DigitData data, Device device)
    {
        foreach (Sequential network in networks)
        {
            using MemoryScope scope = device.Scope();
            PredictedParameters predicted = hyper.Predict(network);
            using IDisposable weights = predicted.Use(network);
            yield return Score(network, data, device);
        }
    }

    // Batch norms use the statistics of 500 test images, as the authors do: running ones are not predicted.
    private static double Score(Sequential network, DigitData data, Device device) => Accuracy.Of(data.Test, device, images => network.Forward(Centred(images)));

    // To a mean near zero and a deviation near one.
    private static Tensor Centred(Tensor images) => Ops.MultiplyScalar(Ops.AddScalar(images, -Middle), 1 / Deviation);

    /// <summary>Trains networks on from where they are.</summary>
    /// <returns>Their mean test accuracy after each number of steps.</returns>
    private static double[] Continue(Sequential[] networks, DigitData data, int[] steps, TrainOptions options, CancellationToken cancel)
    {
        double[] means = new double[steps.Length];
        ImageBatch batch = new(Batch, SmallDigits.Side, SmallDigits.Side);
        foreach (Sequential network in networks)
        {
            BatchOrder order = new(data.Training.Count, Batch, options.Seed + 1);
            using Adam adam = new(network.Parameters, Rate);
            int done = 0;
            for (int i = 0; i < steps.Length; i++)
            {
                for (; done < steps[i]; done++)
                {
                    cancel.ThrowIfCancellationRequested();
                    batch.Fill(data.Training, order.Rows(done));
                    using Tape tape = new();
                    (Tensor images, Tensor labels) = (batch.Images(options.Device), batch.Labels(options.Device));
                    tape.Backward(Ops.CrossEntropy(network.Forward(Centred(images)), labels));
                    adam.Step(tape);
                }
                means[i] += Score(network, data, options.Device) / networks.Length;
            }
        }
        return means;
    }

    private static IEnumerable<Figure> Spread(double[] predicted, double[] untrained)
    {
        string[] names = ["worst unseen network", "median unseen network", "best unseen network"];
        for (int i = 0; i < names.Length; i++)
        {
            int place = i * (predicted.Length - 1) / 2;
            yield return new Figure(names[i], "predicted", predicted[place], "P1");
            yield return new Figure(names[i], "first values", untrained[place], "P1");
            yield return new Figure(names[i], "published", s_published[i], "P1");
        }
    }

    private static IEnumerable<Figure> Trained(int steps, double predicted, double random) =>
    [
        new Figure($"mean after {steps} steps", "predicted", predicted, "P1"),
        new Figure($"mean after {steps} steps", "first values", random, "P1"),
    ];

    private static IReadOnlyList<(double, double)> Ranks(double[] sorted) => [.. sorted.Select(static (value, i) => ((double)(i + 1), value))];

    private static IReadOnlyList<(double, double)> Points(int[] steps, double[] values) => [.. steps.Select((step, i) => ((double)step, values[i]))];
}
