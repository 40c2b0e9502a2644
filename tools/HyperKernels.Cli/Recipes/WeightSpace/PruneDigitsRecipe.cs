using System.Globalization;
using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.IO;
using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// MetaPruning on small networks for digits: metanetworks learn, from some trained networks, to rewrite them so that they are easier to prune. Unseen networks
/// are rewritten and lose half of their
/// hidden units or more; beside them, the same networks as they are lose their smallest units, or units at random. All are trained on for as many steps.
/// </summary>
internal sealed class PruneDigitsRecipe : IRecipe
{
    private const int TrainSteps = 600;
    private const int MetaSteps = 1000;
    private const int FineTuneSteps = 200;
    private const int TestImages = 1000;

    public string Name => "prune-digits";

    public string Description => "Metanetworks rewrite trained networks before these lose hidden units (MetaPruning), beside pruning by magnitude and at random.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        DigitData data = DigitData.Load(options).Changed(SmallDigits.Shrink);
        ImageSet test = data.Test.Take(TestImages);
        // A short run is a look: the same parts of fewer steps.
        long steps = options.TotalSteps(TrainSteps + MetaSteps + FineTuneSteps, TrainSteps + MetaSteps + FineTuneSteps);
        long trained = steps * TrainSteps / (TrainSteps + MetaSteps + FineTuneSteps);
        long learned = trained + (steps * MetaSteps / (TrainSteps + MetaSteps + FineTuneSteps));
        PruningFamily[] families =
        [
            new("convolutional", Convolutional, options.Seed, options.Device), new("perceptron", Perceptron, options.Seed, options.Device),
        ];
        CosineSchedule schedule = new(Math.Max(1, learned - trained));
        double[][][] atOnce = new double[families.Length][][];

        TrainingLoop loop = new()
        {
            Steps = steps,
            ExamplesPerStep = 1,
            ExamplesName = "steps",
            // Where its parts begin follows from their number.
            FollowsFrom = [("steps", $"--steps {steps}")],
            Step = step => [.. families.Select((family, i) => Step(family, step, ref atOnce[i]))],
            Evaluate = step => step <= learned ? [] : [.. families.SelectMany(family => Measured(family, family.Accuracies(test)))],
            EvaluateAfter = step => step > learned && (step - learned) % 50 == 0,
            Save = step => Trainee.Save(step, Notes(atOnce), [.. families.SelectMany(Trainees)]),
            Load = checkpoint =>
            {
                Trainee.Load(checkpoint, [.. families.SelectMany(static family => new[] { family.Zoo.Trainee, family.Rewriter.Trainee })]);
                if (checkpoint.Step > learned)
                {
                    Array.ForEach(families, static family => family.Prune());
                    Trainee.Load(checkpoint, [.. families.Select(static family => family.Pruned!.Trainee)]);
                    atOnce = Read(checkpoint);
                }
            },
        };
        loop.Run(options, progress, cancel);
        TrainSummary summary = new(
            [.. families.SelectMany((family, i) => Figures(family, test, atOnce[i]))],
            [
                .. families.Select(static family => new Setting(
                    family.Name,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{family.Zoo.Net.Count / family.Zoo.Net.Size:N0} weights each; seconds a step of all: {family.Zoo.SecondsAStep:F3} training, "
                        + $"{family.Rewriter.SecondsAStep:F3} metanetwork, {family.Pruned!.SecondsAStep:F3} trained on\n{family.Zoo.Net.Network}"))),
                new Setting(
                    "metanetworks",
                    $"one for each make, learned from {PruningFamily.Half} networks; all figures are means over {PruningFamily.Half} others\n{families[0].Rewriter.Net}"),
                new Setting("steps", $"{trained} to train, {learned - trained} of the metanetworks, {steps - learned} after pruning"),
                new Setting("optimiser", PruningFamily.Words),
                new Setting("data", $"{data.Description}; accuracies on the first {test.Count:N0} test images"),
            ])
        {
            Pictures = [.. families.Select(family => Curve(family, test))],
        };
        foreach (PruningFamily family in families)
        {
            family.Rewriter.Net.Save(options.File($"{family.Name}-metanetwork.safetensors"));
            family.Dispose();
        }
        return summary;

        Metric Step(PruningFamily family, long step, ref double[][] pruned)
        {
            if (step < trained)
            {
                return new Metric($"{family.Name}/loss", family.Train(data.Training, step));
            }
            if (step < learned)
            {
                return new Metric($"{family.Name}/metanetwork loss", family.TrainRewriter(data.Training, step, schedule.At(step - trained)));
            }
            if (family.Pruned is null)
            {
                family.Prune();
                pruned = family.Accuracies(test);
            }
            return new Metric($"{family.Name}/loss after pruning", family.TrainPruned(data.Training, step));
        }
    }

    private static Sequential Convolutional() => new(
        new Conv2d(1, 16, 3, padding: 1), new Relu(), new MaxPool2d(2), new Conv2d(16, 16, 3, padding: 1), new Relu(), new MaxPool2d(2), new Flatten(),
        new Linear(64, ImageSet.Classes));

    private static Sequential Perceptron() => new(
        new Flatten(), new Linear(64, 40), new Relu(), new Linear(40, 40), new Relu(), new Linear(40, ImageSet.Classes));

    private static IEnumerable<Trainee> Trainees(PruningFamily family) =>
        family.Pruned is null ? [family.Zoo.Trainee, family.Rewriter.Trainee] : [family.Zoo.Trainee, family.Rewriter.Trainee, family.Pruned.Trainee];

    private static IEnumerable<Metric> Measured(PruningFamily family, double[][] accuracies) =>
        from way in Enumerable.Range(0, PruningFamily.Ways.Length)
        from share in Enumerable.Range(0, PruningFamily.Shares.Length)
        select new Metric($"{PruningFamily.Ways[way]}/{family.Name}, {Percent(share)} pruned, accuracy", accuracies[way][share]);

    private static IEnumerable<Figure> Figures(PruningFamily family, ImageSet test, double[][] atOnce)
    {
        double[][] after = family.Accuracies(test);
        (double plain, double rewritten) = family.Whole(test);
        yield return new Figure($"{family.Name}, whole", "magnitude", plain, "P1");
        yield return new Figure($"{family.Name}, whole", "metanetwork", rewritten, "P1");
        for (int share = 0; share < PruningFamily.Shares.Length; share++)
        {
            string row = $"{family.Name}, {Percent(share)} pruned";
            for (int way = PruningFamily.Ways.Length - 1; way >= 0; way--)
            {
                yield return new Figure(row, PruningFamily.Ways[way], after[way][share], "P1");
            }
            for (int way = PruningFamily.Ways.Length - 1; way >= 0; way--)
            {
                yield return new Figure(row, $"{PruningFamily.Ways[way]}, before training on", atOnce[way][share], "P1");
            }
        }
    }

    private static Picture Curve(PruningFamily family, ImageSet test)
    {
        double[][] after = family.Accuracies(test);
        (double plain, double rewritten) = family.Whole(test);
        return Picture.OfCurves(
            $"Pruning {family.Name} networks", "Mean test accuracy of unseen networks that lost hidden units and were trained on.", "share of hidden units taken away", "accuracy",
            [
                .. PruningFamily.Ways.Select((way, i) => (way, (IReadOnlyList<(double, double)>)
                [
                    (0, i == 2 ? rewritten : plain), .. PruningFamily.Shares.Select((share, at) => (share, after[i][at])),
                ])),
            ]);
    }

    private static string Percent(int share) => PruningFamily.Shares[share].ToString("P0", CultureInfo.InvariantCulture);

    // What was measured when units were taken away, for a run that is resumed.
    private static Dictionary<string, string> Notes(double[][][] atOnce) => new()
    {
        ["at once"] = string.Join(
            ' ', atOnce.SelectMany(static family => family ?? []).SelectMany(static way => way).Select(static value => value.ToString("R", CultureInfo.InvariantCulture))),
    };

    private static double[][][] Read(Checkpoint checkpoint) =>
    [
        .. checkpoint.Metadata["at once"].Split(' ').Select(static text => double.Parse(text, CultureInfo.InvariantCulture))
            .Chunk(PruningFamily.Shares.Length).Chunk(PruningFamily.Ways.Length),
    ];
}
