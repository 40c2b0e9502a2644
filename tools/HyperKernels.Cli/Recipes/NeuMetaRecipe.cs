using System.Diagnostics;
using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// One weight field, many widths: networks of several widths are trained on their own; the neurons of the widest are put in a smooth order; then a field is
/// trained on steps of random widths, at first towards the widest network's weights. At the end networks of widths that were never trained are read from it.
/// </summary>
internal sealed class NeuMetaRecipe : IRecipe
{
    private const int Batch = 128;
    private const int DefaultEpochs = 20;
    private const float Rate = 2e-3f;
    private const float Decay = 1e-2f;

    // Without it the field's first steps can leave every ReLU of its targets at zero.
    private const int WarmUp = 375;
    private const double AverageDecay = 0.995;
    private const float CoordinateNoise = 0.5f;
    private const float Clip = 10;
    private const int Draws = 50;
    private const int HiddenFeatures = 128;
    private const int Layers = 4;
    // Waves shorter than the noise, and than the steps between widths, would not carry over to other widths.
    private const int Frequencies = 3;
    private const int Full = 16;

    // Widths that the field is trained on; those between are not seen.
    private static readonly int[] s_trained = [8, 10, 12, 14, Full];
    private static readonly int[] s_tested = [8, 11, 12, 15, Full];

    public string Name => "neumeta-mnist";

    public string Description => "One weight field gives convolutional networks of any width, also of widths it was not trained on, beside networks trained on their own.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        DigitData data = DigitData.Load(options);
        BatchOrder order = new(data.Training.Count, Batch, options.Seed);
        // A fifth of the steps trains the networks on their own, which so see as much of each width as the field does.
        long steps = options.TotalSteps(order.StepsPerEpoch, (long)DefaultEpochs * order.StepsPerEpoch);
        long own = Math.Max(steps / s_trained.Length, 1);
        TimedRun<Sequential>[] alone = [.. s_tested.Select(width => Alone(width, options.Seed))];
        using FieldRun field = new(
            NeuMeta.CreateField(alone[^1].Net, HiddenFeatures, Layers, Frequencies, Full, random: new RandomStream((ulong)options.Seed)),
            s_trained.Union(s_tested).ToDictionary(static width => width, static width => Target(width, seed: 0)),
            First(data.Training, options.Device),
            Rate, Decay, AverageDecay, CoordinateNoise, Clip, options.Seed);
        Trainee[] trainees = [.. alone.Select(static run => run.Trainee), field.Trainee];
        ImageBatch batch = new(Batch, data.Training.Height, data.Training.Width);
        Widest widest = new(alone[^1].Net);
        CosineSchedule ofOwn = new(own);
        CosineSchedule ofField = new(steps - own, Math.Min(WarmUp, (steps - own) / 2));
        Stopwatch inField = new();
        long fieldSteps = 0;

        TrainingLoop loop = new()
        {
            Steps = steps,
            ExamplesPerStep = Batch,
            // The share of the steps that trains networks on their own follows from their number.
            FollowsFrom = [("steps", $"--steps {steps}")],
            Step = step =>
            {
                batch.Fill(data.Training, order.Rows(step));
                using MemoryScope scope = options.Device.Scope();
                (Tensor images, Tensor answers) = (batch.Images(options.Device), batch.Labels(options.Device));
                if (step < own)
                {
                    float rate = ofOwn.At(step);
                    return [.. alone.Select(run => new Metric($"{run.Name}/loss", run.Step(net => Ops.CrossEntropy(net.Forward(images), answers), rate)))];
                }
                inField.Start();
                int width = s_trained[(int)(new SplitMix(options.Seed, step).Unit() * s_trained.Length)];
                // The trained weights count less and less during the first quarter.
                float reconstruction = Math.Max(1 - (4f * (step - own) / (steps - own)), 0);
                double loss = field.Step(width, images, answers, width == Full ? widest.Weights : null, reconstruction, ofField.At(step - own));
                inField.Stop();
                fieldSteps++;
                return [new Metric("field/loss", loss)];
            },
            Evaluate = done => done < own ? [] :
            [
                .. done < steps
                    ? [new Metric($"field {Full}/test accuracy", field.Accuracy(Full, draws: 1, data.Test, options.Device))]
                    : s_tested.Select(width => new Metric($"field {width}/test accuracy", field.Accuracy(width, Draws, data.Test, options.Device))),
                .. done < steps ? [] : alone.Select(run => new Metric($"{run.Name}/test accuracy", Accuracy.Of(data.Test, options.Device, run.Net.Forward))),
            ],
            EvaluateAfter = step => step > own && step % order.StepsPerEpoch == 0,
            Save = step => Trainee.Save(step, trainees),
            Load = checkpoint => Trainee.Load(checkpoint, trainees),
        };
        IReadOnlyList<Metric> final = loop.Run(options, progress, cancel);
        field.Field.Save(options.File("field.safetensors"));
        double full = alone[^1].Net.Count;
        double Value(string name) => final.Single(metric => metric.Name == name).Value;
        TrainSummary summary = new(
            [
                .. s_tested.Zip(alone).SelectMany(pair => new[]
                {
                    new Figure(Row(pair.First), "read from the field", Value($"field {pair.First}/test accuracy"), "P2"),
                    new Figure(Row(pair.First), "trained on its own", Value($"{pair.Second.Name}/test accuracy"), "P2"),
                    new Figure(Row(pair.First), "parameters", pair.Second.Net.Count, "N0"),
                    new Figure(Row(pair.First), "compression", 1 - (pair.Second.Net.Count / full), "P1"),
                }),
                new Figure("field", "parameters", field.Field.Count, "N0"),
                new Figure("field", "seconds an epoch", fieldSteps == 0 ? double.NaN : inField.Elapsed.TotalSeconds / fieldSteps * order.StepsPerEpoch, "F1", "resumed"),
            ],
            [
                new Setting("network", $"of width {Full}: {alone[^1].Net}"),
                new Setting("field", $"{field.Field}; coordinate noise {CoordinateNoise}, running average {AverageDecay}, mean of {Draws} draws"),
                new Setting("published", "the accuracy of the full network at 75 % compression, on larger images; no figure for this network"),
                new Setting("data", data.Description),
                new Setting(
                    "optimiser",
                    $"AdamW, rate {Rate}, rising for {WarmUp} steps and falling as a cosine, decay {Decay}, gradients within {Clip}, batch {Batch}; "
                    + $"networks on their own: {own} steps each, Adam; field: {steps - own}"),
            ])
        {
            Pictures =
            [
                Picture.OfCurves(
                    "Accuracy by width", "Networks read from one field, and networks trained on their own.", "width", "test accuracy",
                    [
                        ("field", [.. s_tested.Select(width => ((double)width, Value($"field {width}/test accuracy")))]),
                        ("alone", [.. s_tested.Select(width => ((double)width, Value($"alone {width}/test accuracy")))]),
                    ]),
            ],
        };
        Array.ForEach(alone, static run => run.Dispose());
        return summary;
    }

    /// <summary>Three convolutions of as many, twice and twice as many channels, and a fourth to the classes: kernels of 3 by 3 throughout, as the field gives them.</summary>
    internal static Sequential Target(int width, int seed)
    {
        RandomStream random = new((ulong)seed);
        Sequential network = new(
            new Conv2d(1, width, 3, padding: 1, random: random), new Relu(), new MaxPool2d(2),
            new Conv2d(width, 2 * width, 3, padding: 1, random: random), new Relu(), new MaxPool2d(2),
            new Conv2d(2 * width, 2 * width, 3, padding: 1, random: random), new Relu(), new MaxPool2d(2),
            new Conv2d(2 * width, ImageSet.Classes, 3, random: random), new Flatten());
        foreach (NamedParameter named in network.NamedParameters())
        {
            (named.Role == ParameterRole.Weight ? Initializer.KaimingNormal() : Initializer.Zeros).Apply(named.Parameter, random);
        }
        return network;
    }

    private static TimedRun<Sequential> Alone(int width, int seed)
    {
        Sequential net = Target(width, seed);
        return new TimedRun<Sequential>($"alone {width}", net, new Adam(net.Parameters, learningRate: Rate));
    }

    private static Tensor First(ImageSet images, Device device)
    {
        ImageBatch batch = new(Batch, images.Height, images.Width);
        batch.Fill(images, [.. Enumerable.Range(0, Batch)]);
        return batch.Images(device);
    }

    private static string Row(int width) => s_trained.Contains(width) ? $"width {width}" : $"width {width}, not trained on";

    /// <summary>The weights of the widest network with its neurons in a smooth order: found when they are first needed, the same after a resume.</summary>
    private sealed class Widest(Sequential network)
    {
        private HostArray[]? _weights;

        public IReadOnlyList<HostArray> Weights
        {
            get
            {
                if (_weights is null)
                {
                    using Sequential copy = Target(Full, seed: 0);
                    copy.LoadState(network.GetState());
                    NeuronOrder.Smooth(copy);
                    _weights = [.. copy.Parameters.Select(static parameter => HostArray.Of(parameter.OwnValue))];
                }
                return _weights;
            }
        }
    }
}
