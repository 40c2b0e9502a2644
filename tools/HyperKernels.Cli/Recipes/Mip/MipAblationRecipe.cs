using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// What of MIP helps where: the plain form, each of its two changes alone and both, over activations, norms in the generator, numbers of conditions and sizes of
/// the generator. The task is a family of functions of the plane, one function per condition.
/// </summary>
internal sealed class MipAblationRecipe : IRecipe
{
    private const int DefaultSteps = 1500;
    private const int Conditions = 8;
    private const int Points = 16;
    private const int EvaluateEvery = 25;
    private const double Threshold = 0.1;
    private const int TestConditions = 16;
    private const int TestPoints = 64;
    private static readonly int[] s_hidden = [16, 64];
    private static readonly IReadOnlyList<TrialRate> s_rates = TrialRate.Of([1e-3f], [1e-3f]);

    public string Name => "mip-ablation";

    public string Description => "The plain form, encoding alone, base weights alone and both (MIP) over activations, norms, numbers of conditions and sizes of the generator.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        AblationSetting[] settings = [.. AblationSetting.All(s_hidden)];
        using Sweep sweep = new(settings.SelectMany(setting => Trials(setting, options.Seed)), "test error", "G3", Threshold, largerIsBetter: false);
        FunctionFamily family = new(options.Device);

        TrainingLoop loop = new()
        {
            Steps = options.TotalSteps(DefaultSteps, DefaultSteps),
            ExamplesPerStep = Conditions * Points * sweep.Trials.Count,
            ExamplesName = "points",
            // The mean alone: there are too many runs to show the loss of each.
            Step = step => sweep.Step(trial =>
            {
                FunctionFamily.Sample sample = family.Draw(options.Seed, step, Conditions, Points, AblationSetting.Size(trial.Network));
                return Ops.MeanSquaredError(trial.Network.Forward(sample.Points, sample.Conditions), sample.Values);
            })[..1],
            Evaluate = step => sweep.Evaluate(step, trial =>
            {
                using MemoryScope scope = options.Device.Scope();
                FunctionFamily.Sample sample = family.Draw(options.Seed + 1, 0, TestConditions, TestPoints, AblationSetting.Size(trial.Network));
                trial.Network.Eval();
                double error = Ops.MeanSquaredError(trial.Network.Forward(sample.Points, sample.Conditions), sample.Values).ToScalar();
                trial.Network.Train();
                return error;
            }),
            EvaluateAfter = static step => step % EvaluateEvery == 0,
            Save = sweep.Save,
            Load = sweep.Load,
        };
        loop.Run(options, progress, cancel);
        return new TrainSummary(
            [.. sweep.Trials.GroupBy(static trial => (trial.Setting, trial.Rate)).SelectMany(static row => row.GroupBy(static trial => trial.Form).SelectMany(form => new[]
            {
                new Figure($"{row.Key.Setting}, {row.Key.Rate}", form.Key, Sweep.Median(form), "N0", "never"),
                new Figure($"{row.Key.Setting}, {row.Key.Rate}", $"never, of {form.Count()}, {form.Key}", Sweep.Missing(form), "N0"),
            }))],
            [
                new Setting("figures", $"steps to a test error of {Threshold} (median of the runs that got there), and how many of the {Sweep.Seeds} seeds never did"),
                new Setting("task", "sin(3 (0.5 + u) x) cos(2 v y + 1) of points from -1 to 1, u and v made of the conditions; its variance is about 0.4"),
                new Setting("target", "2-32-32-1, leaky ReLU, 1,185 generated weights"),
                new Setting("generator", $"hidden {string.Join(" and ", s_hidden)}, leaky ReLU, no norm, one condition, unless the row says otherwise"),
                new Setting("batch", $"{Conditions} values of the conditions, {Points} points each"),
                new Setting("optimisers", string.Join(", ", s_rates) + ", momentum 0.9"),
            ]);
    }

    private static IEnumerable<Trial> Trials(AblationSetting setting, int firstSeed) =>
        from form in MipForms.Four
        from rate in s_rates
        from seed in Enumerable.Range(firstSeed, Sweep.Seeds)
        let random = new RandomStream((ulong)seed)
        select new Trial(form.Name, rate, seed, setting.Make(form.Options with { Random = random }, random), setting.Name);
}
