using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// Neural modulation fields as a store of pictures: one field that all share, and for each picture a small field that shifts its activations place by place, beside one latent
/// vector a picture of as many numbers; for three sizes.
/// </summary>
internal sealed class ModulationFieldsRecipe : IRecipe
{
    private const int DefaultEpochs = 60;
    private const int EvaluateEpochs = 10;

    public string Name => "modulation-fields";

    public string Description => "Many pictures in one shared field: a small modulation field for each, beside one latent vector of as many numbers.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        using ImageFields fields = new(GreyImage.Load(options), options.Seed, options.Device);
        long steps = options.TotalSteps(ImageFields.StepsPerEpoch, (long)DefaultEpochs * ImageFields.StepsPerEpoch);
        CosineSchedule schedule = new(steps);
        Trainee[] trainees = [.. fields.Trainees];
        TrainingLoop loop = new()
        {
            Steps = steps,
            ExamplesPerStep = fields.PointsPerStep,
            ExamplesName = "pixels",
            // The course of the rate follows from their number.
            FollowsFrom = [("steps", $"--steps {steps}")],
            Step = step => fields.Step(step, schedule.At(step)),
            Evaluate = _ => fields.Evaluate(),
            EvaluateAfter = step => step % (EvaluateEpochs * ImageFields.StepsPerEpoch) == 0,
            Save = step => Trainee.Save(step, trainees),
            Load = checkpoint => Trainee.Load(checkpoint, trainees),
        };
        IReadOnlyList<Metric> final = loop.Run(options, progress, cancel);
        fields.Save(options);
        return new TrainSummary([.. fields.Figures(final)], fields.Settings) { Pictures = fields.Pictures(final) };
    }
}
