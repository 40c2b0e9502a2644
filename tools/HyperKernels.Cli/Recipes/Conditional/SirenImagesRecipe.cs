using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// Pictures as functions of coordinates, twice. A hypernetwork reads a patch and, through few numbers, generates the sine network that draws it, beside a linear map through
/// as many numbers and sine networks fitted to single patches. And one picture as a random projection of few numbers (D'OH), beside plain sine networks of as many.
/// </summary>
internal sealed class SirenImagesRecipe : IRecipe
{
    private const int DefaultSteps = 4000;
    private const int WarmUp = 100;
    private const int EvaluateEvery = 500;

    public string Name => "siren-images";

    public string Description =>
        "Pictures from generated sine networks: patches through 16 numbers by a hypernetwork, and one picture as a random projection of few numbers (D'OH), beside plain ones.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        IReadOnlyList<GreyImage> images = GreyImage.Load(options);
        long steps = options.TotalSteps(1, DefaultSteps);
        CosineSchedule schedule = new(steps, Math.Min(WarmUp, steps / 2));
        using PatchFunctions patches = new(images, options.Seed, options.Device);
        using PictureFunctions picture = new(images[0], options.Seed, options.Device);
        Trainee[] trainees = [.. patches.Trainees, .. picture.Trainees];

        TrainingLoop loop = new()
        {
            Steps = steps,
            ExamplesPerStep = PatchFunctions.Batch,
            ExamplesName = "patches",
            // The course of the rate follows from their number.
            FollowsFrom = [("steps", $"--steps {steps}")],
            Step = step => [.. patches.Step(step, schedule.At(step)), .. picture.Step(step, schedule.At(step))],
            Evaluate = _ => [.. patches.Evaluate(), .. picture.Evaluate()],
            EvaluateAfter = static step => step % EvaluateEvery == 0,
            Save = step => Trainee.Save(step, trainees),
            Load = checkpoint => Trainee.Load(checkpoint, trainees),
        };
        IReadOnlyList<Metric> final = loop.Run(options, progress, cancel);
        patches.Network.Save(options.File("hypernetwork.safetensors"));
        picture.Save(options);
        return new TrainSummary(
            [.. patches.Figures(final), .. picture.Figures(final)],
            [
                new Setting("pictures", $"{string.Join(", ", images.Select(static image => $"{image.Name} {image.Height} x {image.Width}"))}, as grey"),
                .. patches.Settings,
                .. picture.Settings,
                new Setting("quality", "PSNR in decibels: ten times the logarithm of one over the mean square of the differences, for values from 0 to 1"),
            ])
        {
            Pictures = [patches.Show(), picture.Show(final), picture.Curves(final)],
        };
    }
}
