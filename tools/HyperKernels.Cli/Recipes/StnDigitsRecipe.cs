using System.Diagnostics;
using System.Globalization;
using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.IO;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// A network that learns its dropout rates and weight decay while it trains, beside a grid of networks with fixed ones: few training images, so that
/// these matter. All see the same batches; each is judged where it did best on validation images.
/// </summary>
internal sealed class StnDigitsRecipe : IRecipe
{
    private const int Batch = 64;
    private const int TrainingImages = 500;
    private const int ValidationImages = 1000;
    private const int TestImages = 2000;
    private const int Width = 256;
    private const int EvaluateEvery = 300;

    // The authors' rates; all other choices are theirs too, but for the decay, which they do not tune.
    private const float Rate = 0.01f;
    private const float Momentum = 0.9f;
    private const float MostDropout = 0.9f;
    private const float FirstDropout = 0.05f;
    private const float FirstDecay = 1e-4f;
    private const int WarmUpEpochs = 5;

    // 4,000 steps on the weights, 2,000 on the hyperparameters.
    private const int DefaultSteps = 6000;

    private const string Tuned = "self-tuning";
    private const string Decay = "weight decay";
    private static readonly string[] s_rates = ["input", "hidden 1", "hidden 2"];
    private static readonly float[] s_inputRates = [0, 0.2f, 0.4f];
    private static readonly float[] s_hiddenRates = [0, 0.3f, 0.6f];
    private static readonly float[] s_decays = [0, 1e-4f, 1e-3f];

    public string Name => "stn-digits";

    public string Description => "A self-tuning network learns its dropout rates and weight decay in one run; beside it a grid of 27 networks with fixed ones.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        DigitData data = options.Data is { } folder ? OpticalDigits.Load(folder) : Drawn(options);
        int[] order = new int[data.Training.Count];
        new RandomStream((ulong)options.Seed + 77).FillPermutation(order);
        ImageSet training = data.Training.Pick(order.AsSpan(0, TrainingImages));
        ImageSet validation = data.Training.Pick(order.AsSpan(TrainingImages, ValidationImages));
        BatchOrder trainingOrder = new(training.Count, Batch, options.Seed);
        BatchOrder validationOrder = new(validation.Count, Batch, options.Seed + 1);
        ImageBatch batch = new(Batch, training.Height, training.Width);
        int inputs = training.Height * training.Width;

        using TunedRun tuned = new(inputs, options.Seed, WarmUpEpochs * trainingOrder.StepsPerEpoch);
        FixedRun[] grid =
        [
            .. (from input in s_inputRates from hidden in s_hiddenRates from decay in s_decays select (input, hidden, decay))
                .Select((one, place) => new FixedRun(inputs, one.input, one.hidden, one.decay, place, options.Seed)),
        ];
        Dictionary<string, BestEvaluation> best = grid.ToDictionary(static run => run.Name, static _ => new BestEvaluation());
        best.Add(Tuned, new BestEvaluation());
        Trainee[] trainees = [.. tuned.Trainees, .. grid.Select(static run => run.Trainee)];
        Stopwatch tunedTime = new();
        Stopwatch gridTime = new();

        TrainingLoop loop = new()
        {
            Steps = options.TotalSteps(trainingOrder.StepsPerEpoch, DefaultSteps),
            ExamplesPerStep = Batch,
            Step = step =>
            {
                bool tunes = tuned.Tuner.Tunes(step);
                long trained = tuned.Tuner.TrainingSteps(step);
                batch.Fill(tunes ? validation : training, tunes ? validationOrder.Rows(step - trained) : trainingOrder.Rows(trained));
                tunedTime.Start();
                float loss = tuned.Step(step, batch, options.Device);
                tunedTime.Stop();
                gridTime.Start();
                foreach (FixedRun run in tunes ? [] : grid)
                {
                    run.Step(batch, options.Device);
                }
                gridTime.Stop();
                return [new Metric($"{Tuned}/{(tunes ? "loss on validation batches" : "loss")}", loss)];
            },
            Evaluate = step =>
            {
                Evaluate(best[Tuned], step, tuned.Network);
                Array.ForEach(grid, run => Evaluate(best[run.Name], step, run.Network));
                return
                [
                    new Metric($"{Tuned}/best validation loss", best[Tuned].ValidationLoss),
                    new Metric("grid/best validation loss", grid.Min(run => best[run.Name].ValidationLoss)),
                    .. s_rates.Select(name => new Metric($"{name}/dropout rate", tuned.Network.Space.ValueOf(name))),
                    new Metric($"{Tuned}/{Decay}", tuned.Network.Space.ValueOf(Decay)),
                ];
            },
            EvaluateAfter = static step => step % EvaluateEvery == 0,
            Save = step => Trainee.Save(step, best.ToDictionary(static pair => $"best.{pair.Key}", static pair => pair.Value.Note()), trainees),
            Load = checkpoint =>
            {
                Trainee.Load(checkpoint, trainees);
                foreach ((string name, BestEvaluation one) in best)
                {
                    one.Take(checkpoint.Metadata.GetValueOrDefault($"best.{name}"));
                }
            },
        };
        loop.Run(options, progress, cancel);
        tuned.Network.Save(options.File("self-tuning.safetensors"));
        FixedRun winner = grid.MinBy(run => best[run.Name].ValidationLoss)!;
        TrainSummary summary = new(
            [
                .. Figures(Tuned, best[Tuned], tunedTime),
                .. Figures($"best of the grid: {winner.Name}", best[winner.Name], gridTime),
                .. Figures($"plain: {grid[0].Name}", best[grid[0].Name], null),
            ],
            [
                new Setting("network", $"{inputs} inputs, two hidden layers of {Width}, 10 outputs; self-tuning: {tuned.Network.Network.Count:N0} parameters"),
                new Setting(
                    "learned", $"three dropout rates (first {FirstDropout}, at most {MostDropout}) and the weight decay (first {FirstDecay}), perturbed for every sample"),
                new Setting("grid", $"{grid.Length} networks: input rate {Words(s_inputRates)}, hidden rate {Words(s_hiddenRates)}, decay {Words(s_decays)}"),
                new Setting("budget", "as many steps on the weights for each of the grid as for the self-tuning network; each judged where its validation loss was lowest"),
                new Setting("data", $"{data.Training.Name}: {training.Count:N0} to train, {validation.Count:N0} to validate; {data.Test.Count:N0} to test"),
                new Setting("optimiser", $"SGD {Rate}, momentum {Momentum}, batch {Batch}; hyperparameters: Adam 3e-3, one step after two on the weights"),
            ]);
        Array.ForEach(grid, static run => run.Dispose());
        return summary;

        void Evaluate(BestEvaluation own, long step, TensorLayer network)
        {
            network.Eval();
            own.Offer(step, Accuracy.AndLoss(validation, options.Device, network.Forward), () => Accuracy.AndLoss(data.Test, options.Device, network.Forward));
        }
    }

    private static DigitData Drawn(TrainOptions options) => new(
        DrawnDigits.Make(TrainingImages + ValidationImages, 2 * options.Seed, options.Device.Threads),
        DrawnDigits.Make(TestImages, (2 * options.Seed) + 1, options.Device.Threads));

    private static IEnumerable<Figure> Figures(string run, BestEvaluation best, Stopwatch? time)
    {
        yield return new Figure(run, "validation loss", best.ValidationLoss, "F4");
        yield return new Figure(run, "validation accuracy", best.ValidationAccuracy, "P2");
        yield return new Figure(run, "test loss", best.TestLoss, "F4");
        yield return new Figure(run, "test accuracy", best.TestAccuracy, "P2");
        yield return new Figure(run, "at step", best.Step, "N0");
        if (time is not null)
        {
            yield return new Figure(run, "training seconds, all networks of the row", time.Elapsed.TotalSeconds, "F1");
        }
    }

    private static string Words(float[] numbers) => string.Join(", ", numbers.Select(static number => number.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Two hidden layers with dropout before every linear layer.</summary>
    private static Sequential Net(int inputs, Func<int, TensorLayer> dropout, RandomStream random) =>
    [
        new Flatten(), dropout(0), new Linear(inputs, Width, random: random), new Relu(), dropout(1), new Linear(Width, Width, random: random), new Relu(), dropout(2),
        new Linear(Width, ImageSet.Classes, random: random),
    ];

    /// <summary>The network that learns its hyperparameters.</summary>
    private sealed class TunedRun : IDisposable
    {
        private readonly Sgd _sgd;

        public TunedRun(int inputs, int seed, long warmUp)
        {
            RandomStream random = new((ulong)seed);
            RandomStream drops = new((ulong)seed + 1000);
            HyperparameterSpace space = new(
                [.. s_rates.Select(static name => Hyperparameter.Bounded(name, 0, MostDropout, FirstDropout)), Hyperparameter.Positive(Decay, FirstDecay)]);
            Network = SelfTuningNetwork.For(Net(inputs, place => new TunedDropout(s_rates[place], random: drops), random), space, random: random);
            _sgd = new Sgd(Network.Network.Parameters, Rate, Momentum);
            Tuner = new SelfTuner(Network, _sgd, new SelfTunerOptions { WarmUpSteps = warmUp, Random = new RandomStream((ulong)seed + 2000) });
            Trainees = [new Trainee(Tuned, Network.Network, _sgd, drops, Tuner.Random), new Trainee("hyperparameters", space, Tuner.HyperOptimizer)];
        }

        public SelfTuningNetwork Network { get; }

        public SelfTuner Tuner { get; }

        public Trainee[] Trainees { get; }

        public float Step(long step, ImageBatch batch, Device device) => Tuner.Step(
            step,
            batch.Count,
            l =>
            {
                Tensor decay = Network.Space.Of(Network.Space.Values(l), Decay);
                return Ops.Add(CrossEntropy(l, batch, device), Ops.Mean(Ops.Multiply(decay, Network.SquaredNorms(l))));
            },
            l => CrossEntropy(l, batch, device));

        public void Dispose()
        {
            Tuner.Dispose();
            _sgd.Dispose();
            Network.Dispose();
        }

        private Tensor CrossEntropy(Tensor l, ImageBatch batch, Device device) => Ops.CrossEntropy(Network.Forward(batch.Images(device), l), batch.Labels(device));
    }

    /// <summary>A network with fixed hyperparameters.</summary>
    private sealed class FixedRun : IDisposable
    {
        private readonly Sgd _sgd;

        public FixedRun(int inputs, float inputRate, float hiddenRate, float decay, int place, int seed)
        {
            Name = string.Create(CultureInfo.InvariantCulture, $"input {inputRate}, hidden {hiddenRate}, decay {decay}");
            RandomStream random = new((ulong)seed);
            RandomStream drops = new((ulong)seed + 1000);
            Network = Net(inputs, layer => new Dropout(layer == 0 ? inputRate : hiddenRate, drops), random);
            // Decay d adds d |w|^2 to the loss, whose gradient is 2 d w.
            _sgd = new Sgd(Network.Parameters, Rate, Momentum, weightDecay: 2 * decay);
            Trainee = new Trainee($"grid {place}", Network, _sgd, drops);
        }

        public string Name { get; }

        public Sequential Network { get; }

        public Trainee Trainee { get; }

        public void Step(ImageBatch batch, Device device)
        {
            Network.Train();
            using Tape tape = new();
            tape.Backward(Ops.CrossEntropy(Network.Forward(batch.Images(device)), batch.Labels(device)));
            _sgd.Step(tape);
        }

        public void Dispose()
        {
            _sgd.Dispose();
            Network.Dispose();
        }
    }
}
