using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// How few numbers a network for digits needs: a perceptron and a LeNet, trained as usual, then in random subspaces of more and fewer dimensions until the smallest is
/// known at which they reach nine tenths of their usual accuracy. Sizes are the paper's; the projection is drawn anew in every step and never stored.
/// </summary>
internal sealed class IntrinsicDimensionRecipe : IRecipe
{
    // Drawing the projection costs the same for any batch.
    private const int Batch = 500;
    private const int Rounds = 7;
    private const int MostDimensions = 1600;
    private const int DefaultSteps = 480;
    private const double Share = 0.9;

    private static readonly SubspaceModel[] s_models = [SubspaceModel.Perceptron, SubspaceModel.LeNet5];

    public string Name => "intrinsic-dimension";

    public string Description => "In how small a random subspace a perceptron and a LeNet still learn digits: the dimension for nine tenths of their usual accuracy.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        DigitData data = DigitData.Load(options);
        BatchOrder order = new(data.Training.Count, Batch, options.Seed);
        DimensionSearch[] searches = [.. s_models.Select(static model => new DimensionSearch(model.Name, model.Start, MostDimensions, Share))];
        // Of every round; the first round trains all weights.
        long steps = options.TotalSteps(order.StepsPerEpoch, DefaultSteps);
        Dictionary<(string, int), double> seconds = [];
        ImageBatch batch = new(Batch, data.Training.Height, data.Training.Width);
        TimedRun<TensorLayer>[] runs = [];
        Begin(round: 0);

        TrainingLoop loop = new()
        {
            Steps = steps * (Rounds + 1),
            ExamplesPerStep = Batch * s_models.Length,
            FollowsFrom = [("steps of a round", $"--steps {steps}")],
            Step = step =>
            {
                (int round, long within) = ((int)(step / steps), step % steps);
                if (within == 0 && round > 0)
                {
                    Begin(round);
                }
                // All rounds see the same batches.
                batch.Fill(data.Training, order.Rows(within));
                using MemoryScope scope = options.Device.Scope();
                (Tensor images, Tensor labels) = (batch.Images(options.Device), batch.Labels(options.Device));
                float factor = new CosineSchedule(steps).At(within);
                return [.. s_models.Zip(runs, (model, run) => new Metric($"{run.Name}/loss", run.Step(net => Ops.CrossEntropy(model.Logits(net, images), labels), factor)))];
            },
            Evaluate = done =>
            {
                int round = (int)((done - 1) / steps);
                List<Metric> metrics = [];
                foreach ((SubspaceModel model, DimensionSearch search, TimedRun<TensorLayer> run) in s_models.Zip(searches, runs))
                {
                    double accuracy = model.Accuracy(run, data.Test, options.Device);
                    search.Record(round, accuracy);
                    seconds[(model.Name, round)] = run.SecondsAStep;
                    metrics.AddRange([new Metric($"{model.Name}/dimension", search.Dimension(round)), new Metric($"{model.Name}/test accuracy", accuracy)]);
                }
                return metrics;
            },
            EvaluateAfter = step => step % steps == 0,
            Save = step => Trainee.Save(step, searches.ToDictionary(static search => search.Name, static search => search.Note()), [.. runs.Select(static run => run.Trainee)]),
            Load = checkpoint =>
            {
                Array.ForEach(searches, search => search.Take(checkpoint.Metadata.GetValueOrDefault(search.Name)));
                // At the end of a round the next one begins by itself.
                Begin((int)((checkpoint.Step - 1) / steps));
                Trainee.Load(checkpoint, [.. runs.Select(static run => run.Trainee)]);
            },
        };
        loop.Run(options, progress, cancel);
        Array.ForEach(runs, static run => run.Dispose());
        return Summary(searches, seconds, data, steps, order.StepsPerEpoch);

        void Begin(int round)
        {
            Array.ForEach(runs, static run => run.Dispose());
            runs = [.. s_models.Zip(searches, (model, search) => model.Begin(search.Dimension(round), options.Seed))];
        }
    }

    private static TrainSummary Summary(DimensionSearch[] searches, Dictionary<(string, int), double> seconds, DigitData data, long steps, int stepsPerEpoch)
    {
        List<Figure> figures = [];
        foreach ((SubspaceModel model, DimensionSearch search) in s_models.Zip(searches))
        {
            double SecondsAnEpoch(int round) => seconds.GetValueOrDefault((model.Name, round), double.NaN) * stepsPerEpoch;
            figures.AddRange(
            [
                new Figure(model.Name, "numbers trained", model.Parameters, "N0"),
                new Figure(model.Name, "test accuracy", search.Usual, "P2"),
                new Figure(model.Name, "of the usual", 1, "P1"),
                new Figure(model.Name, "dimension for 90 %", search.Found, "N0", "beyond the search"),
                new Figure(model.Name, "published", model.Published, "N0"),
                new Figure(model.Name, "seconds an epoch", SecondsAnEpoch(0), "F1", "resumed"),
            ]);
            IEnumerable<(int Index, (int Dimension, double Accuracy) Item)> tried = search.Tried.Index().DistinctBy(static tried => tried.Item.Dimension);
            foreach ((int round, (int dimension, double accuracy)) in tried.OrderBy(static tried => tried.Item.Dimension))
            {
                string row = $"{model.Name} in {dimension:N0} dimensions";
                figures.AddRange(
                [
                    new Figure(row, "numbers trained", dimension, "N0"),
                    new Figure(row, "test accuracy", accuracy, "P2"),
                    new Figure(row, "of the usual", accuracy / search.Usual, "P1"),
                    new Figure(row, "seconds an epoch", SecondsAnEpoch(round + 1), "F1", "resumed"),
                ]);
            }
        }
        return new TrainSummary(
            figures,
            [
                new Setting("networks", "perceptron 784, 200, 200, 10; LeNet with convolutions of 6 and 16 channels, then 120, 84, 10: the paper's sizes"),
                new Setting("subspace", "first values plus a random matrix with columns of unit length times what is trained, from zero; the matrix is a seed, drawn twice a step"),
                new Setting("search", $"{Rounds} dimensions: doubled or halved until there is one on each side of {Share:P0} of the usual accuracy, then the geometric middle"),
                new Setting("budget", $"{steps:N0} steps for every dimension, {(double)steps / stepsPerEpoch:F1} epochs"),
                new Setting("data", data.Description),
                new Setting("optimiser", $"Adam, rate {SubspaceModel.Rates}, falling as a cosine, batch {Batch}"),
            ])
        {
            Pictures =
            [
                .. searches.Select(static search => Picture.OfCurves(
                    $"Accuracy by dimension: {search.Name}", "Trained in random subspaces, beside nine tenths of what all weights reach.", "dimension", "test accuracy",
                    [
                        ("subspace", [.. search.Tried.Order().Select(static tried => ((double)tried.Dimension, tried.Accuracy))]),
                        ("nine tenths", [.. search.Tried.Order().Select(tried => ((double)tried.Dimension, search.Threshold))]),
                    ])),
            ],
        };
    }
}
