using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// Four hundred small networks are trained side by side in one pass, well and badly; then a metanetwork learns to tell from the weights alone how many test images a
/// network names rightly, beside perceptrons over statistics of the weights and over the weights as they are, and beside the mean of all.
/// </summary>
internal sealed class ZooPredictRecipe : IRecipe
{
    private const int Networks = 400;
    private const int FewNetworks = 40;
    private const int ZooSteps = 500;
    private const int Epochs = 80;
    private const int MetaBatch = 16;
    private const int TestImages = 2000;
    private const string Constant = "constant";

    public string Name => "zoo-predict";

    public string Description => "A metanetwork tells from weights alone how good a network is; four hundred small networks, trained on the spot in one pass.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        DigitData data = DigitData.Load(options).Changed(SmallDigits.Shrink);
        ImageSet test = data.Test.Take(TestImages);
        // A short run is a look: fewer networks, less training of each.
        bool isShort = options.Steps < ZooSteps;
        int count = isShort ? FewNetworks : Networks;
        int zooSteps = isShort ? options.Steps!.Value / 2 : ZooSteps;
        int held = count / 4;
        BatchOrder order = new(count - held, MetaBatch, options.Seed);
        long steps = options.TotalSteps(order.StepsPerEpoch, zooSteps + ((long)Epochs * order.StepsPerEpoch));
        if (options.Epochs is not null)
        {
            steps += zooSteps;
        }

        ZooTraining training = new(data.Training, count, options.Seed);
        NetworkZoo zoo = new(Target(), count, new RandomStream((ulong)options.Seed), training.Scales);
        using TimedRun<NetworkZoo> zooRun = ZooTraining.Run(zoo);
        Contest? contest = null;
        Contest Ready() => contest ??= new Contest(TrainedNetwork.Of(zoo, test, options.Device), held, zoo.Network, options);
        CosineSchedule schedule = new(Math.Max(1, steps - zooSteps));

        TrainingLoop loop = new()
        {
            Steps = steps,
            ExamplesPerStep = 1,
            ExamplesName = "steps",
            // Which steps train the networks, and how many there are, follows from their number.
            FollowsFrom = [("steps", $"--steps {steps}")],
            Step = step => step < zooSteps
                ? [new Metric("zoo/loss", training.Step(zooRun, step, options.Device))]
                : Ready().Step(order.Rows(step - zooSteps), schedule.At(step - zooSteps)),
            Evaluate = step => step < zooSteps ? [] : Ready().Evaluate(),
            EvaluateAfter = step => step > zooSteps && (step - zooSteps) % (5L * order.StepsPerEpoch) == 0,
            Save = step => Trainee.Save(step, step <= zooSteps ? [zooRun.Trainee] : [zooRun.Trainee, .. Ready().Trainees]),
            Load = checkpoint =>
            {
                Trainee.Load(checkpoint, zooRun.Trainee);
                if (checkpoint.Step > zooSteps)
                {
                    Trainee.Load(checkpoint, Ready().Trainees);
                }
            },
        };
        loop.Run(options, progress, cancel);
        using Contest ended = Ready();
        ended.Predictors[0].Run.Net.Save(options.File("metanetwork.safetensors"));
        return new TrainSummary(
            [.. ended.Figures(options.Seed, order.StepsPerEpoch)],
            [
                new Setting("networks", $"{ended.Known.Count} to learn from and {ended.Held.Count} held out, each of {zoo.Count / zoo.Size:N0} weights:\n{zoo.Network}"),
                new Setting("their training", $"{ZooTraining.Words}; {zooSteps} steps of all in one pass, {zooRun.SecondsAStep:F3} s a step"),
                new Setting("metanetwork", $"{ended.Predictors[0].Run.Net}"),
                new Setting("perceptrons", "two hidden layers of 64; statistics are mean, variance and quartiles of every weight and bias"),
                new Setting("optimiser", $"Adam, rate 0.003 (perceptrons 0.001) falling as a cosine, batch {MetaBatch}, mean squared error; the same batches for all"),
                new Setting("data", $"{data.Description}; accuracies on the first {test.Count:N0} test images"),
            ])
        {
            Pictures = ended.Pictures(),
        };
    }

    private static Sequential Target() => new(
        new Conv2d(1, 6, 3, padding: 1), new Relu(), new MaxPool2d(2), new Conv2d(6, 8, 3, padding: 1), new Relu(), new MaxPool2d(2), new Flatten(),
        new Linear(32, ImageSet.Classes));

    /// <summary>Those who guess, on the same networks.</summary>
    private sealed class Contest : IDisposable
    {
        private readonly Layer _network;
        private readonly Device _device;

        public Contest(TrainedNetwork[] networks, int held, Layer network, TrainOptions options)
        {
            _network = network;
            _device = options.Device;
            Known = networks[..^held];
            Held = networks[^held..];
            Predictors =
            [
                AccuracyPredictor.OfGraph(network, options.Seed, _device),
                AccuracyPredictor.OfFeatures("weight statistics", static one => one.Statistics, Known, options.Seed, _device),
                AccuracyPredictor.OfFeatures("weights as they are", static one => one.Flat, Known, options.Seed, _device),
            ];
            Trainees = [.. Predictors.Select(static predictor => predictor.Run.Trainee)];
        }

        public IReadOnlyList<TrainedNetwork> Known { get; }

        public IReadOnlyList<TrainedNetwork> Held { get; }

        public AccuracyPredictor[] Predictors { get; }

        public Trainee[] Trainees { get; }

        private double[] Truth => [.. Held.Select(static network => network.Accuracy)];

        public Metric[] Step(ReadOnlySpan<int> rows, float rateFactor)
        {
            // Networks that left all bounds are missing.
            TrainedNetwork[] batch = [.. rows.ToArray().Where(row => row < Known.Count).Select(row => Known[row])];
            return [.. Predictors.Select(predictor => new Metric($"{predictor.Name}/squared error", predictor.Step(batch, rateFactor, _device)))];
        }

        public Metric[] Evaluate() =>
            [.. Predictors.Select(predictor => new Metric($"{predictor.Name}/rank correlation", RankCorrelation.Of(predictor.Guess(Held, _device), Truth)))];

        public IEnumerable<Figure> Figures(int seed, int stepsPerEpoch)
        {
            SplitMix random = new(seed, 2);
            List<TrainedNetwork> exchanged = [];
            foreach (TrainedNetwork network in Held)
            {
                exchanged.Add(network.Exchanged(_network, ref random));
            }
            double mean = Known.Average(static network => network.Accuracy);
            foreach (AccuracyPredictor predictor in Predictors)
            {
                double[] guesses = predictor.Guess(Held, _device);
                double change = guesses.Zip(predictor.Guess(exchanged, _device), static (one, other) => Math.Abs(one - other)).Average();
                foreach (Figure figure in Row(predictor.Name, guesses, change))
                {
                    yield return figure;
                }
                yield return new Figure(predictor.Name, "parameters", predictor.Run.Net.Count, "N0");
                yield return new Figure(predictor.Name, "seconds an epoch", predictor.Run.SecondsAStep * stepsPerEpoch, "F2", "resumed");
            }
            foreach (Figure figure in Row(Constant, [.. Held.Select(_ => mean)], 0))
            {
                yield return figure;
            }
        }

        public IReadOnlyList<Picture> Pictures() =>
        [
            ScatterPicture.Of(
                "Guessed from weights", "Held-out networks: on the line the guess is right.", "accuracy", "guess",
                [.. Predictors.Select(predictor => (predictor.Name, Truth.Zip(predictor.Guess(Held, _device)).ToArray()))]),
            Picture.OfCurves(
                "The zoo", "Test accuracy of all networks, from the worst to the best.", "network", "accuracy",
                [("", [.. Known.Concat(Held).Select(static network => network.Accuracy).Order().Select(static (accuracy, i) => ((double)i, accuracy))])]),
        ];

        public void Dispose() => Array.ForEach(Predictors, static predictor => predictor.Dispose());

        private IEnumerable<Figure> Row(string name, double[] guesses, double change)
        {
            double[] truth = Truth;
            double mean = truth.Average();
            double error = truth.Zip(guesses, static (real, guess) => (real - guess) * (real - guess)).Sum();
            return
            [
                new Figure(name, "rank correlation", RankCorrelation.Of(guesses, truth), "F3", "none"),
                new Figure(name, "variance explained", 1 - (error / truth.Sum(real => (real - mean) * (real - mean))), "P1"),
                new Figure(name, "mean error", truth.Zip(guesses, static (real, guess) => Math.Abs(real - guess)).Average(), "P2"),
                new Figure(name, "change when hidden units are exchanged", change, "0.0e0"),
            ];
        }
    }
}
