using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// Character models side by side on the same windows of text: a transformer, and three whose feed-forward layers are eight experts of which two serve each character, so that
/// a character costs as much as in the first. Who sends characters to experts is learned, fixed, or generated from one trained vector (HyperRouter).
/// </summary>
internal sealed class MoeRecipe : IRecipe
{
    private const int Lanes = 32;
    private const int Window = 64;
    private const int Width = 128;
    private const int Heads = 4;
    private const int Blocks = 2;
    private const int Experts = 8;
    private const int Active = 2;
    // Of one expert; the dense layer is as wide as those that serve a character.
    private const int ExpertWidth = 256;
    private const int RouterHidden = 64;
    private const float Balance = 1e-2f;
    private const int DefaultSteps = 1_000;
    private const int EvaluateEvery = 250;
    private const int WarmUp = 50;
    private const float Rate = 2e-3f;

    // A small GPT (4 layers, width 128, windows of 64) in nanoGPT's readme: 1.88 nats.
    private const double SmallGpt = 2.712;

    public string Name => "moe-shakespeare";

    public string Description =>
        "Small transformers on Tiny Shakespeare (without data: sentences of a grammar): dense, and with sparse experts behind learned, fixed and generated routers.";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        CharacterText text = CharacterText.Load(options, least: Lanes * (Window + 1));
        TextLanes training = new(text.Training, Lanes, Window);
        TextLanes validation = new(text.Validation, Lanes, Window);
        TimedRun<CharacterTransformer>[] runs =
        [
            Start("dense", static random => new Mlp([Width, Active * ExpertWidth, Width], Activation.Gelu, random: random)),
            Start("learned router", static random => Mixture(Learned(random, trains: true), random)),
            Start("fixed router", static random => Mixture(Learned(random, trains: false), random)),
            Start("hyperrouter", static random => Mixture(new HyperGate(Width, Experts, RouterHidden, random: random), random)),
        ];
        Trainee[] trainees = [.. runs.Select(static run => run.Trainee)];
        Dictionary<string, TextScores> scores = [];
        long steps = options.TotalSteps(training.Windows, DefaultSteps);
        CosineSchedule schedule = new(steps, Math.Min(WarmUp, steps - 1));

        TrainingLoop loop = new()
        {
            Steps = steps,
            ExamplesPerStep = Lanes * Window * runs.Length,
            ExamplesName = "characters",
            // The rate falls to zero at the last.
            FollowsFrom = [("steps", $"--steps {steps}")],
            Step = step =>
            {
                (int[] inputs, int[] targets) = training.Window(step);
                return [.. runs.Select(run => new Metric($"{run.Name}/loss", Step(run, inputs, targets, schedule.At(step))))];
            },
            Evaluate = _ =>
            {
                foreach (TimedRun<CharacterTransformer> run in runs)
                {
                    scores[run.Name] = TextScores.Of(run.Net, validation, options.Device);
                }
                return [.. runs.Select(run => new Metric($"{run.Name}/validation bits", scores[run.Name].Bits))];
            },
            EvaluateAfter = static step => step % EvaluateEvery == 0,
            LogEvery = 5,
            Save = step => Trainee.Save(step, trainees),
            Load = checkpoint => Trainee.Load(checkpoint, trainees),
        };
        loop.Run(options, progress, cancel);
        TrainSummary summary = Summary(runs, scores, text, training.Windows, options);
        Array.ForEach(runs, static run => run.Dispose());
        return summary;

        TimedRun<CharacterTransformer> Start(string name, Func<RandomStream, TensorLayer> feedForward)
        {
            RandomStream random = new((ulong)options.Seed);
            CharacterTransformer model = new(text.Symbols.Count, Lanes, Window, Width, Heads, Blocks, () => feedForward(random), random);
            return new TimedRun<CharacterTransformer>(name, model, new Adam(Trained(model), learningRate: Rate));
        }
    }

    private static SparseMixture Mixture(Gate gate, RandomStream random) =>
        new(gate, new ExpertMlp(Experts, Width, ExpertWidth, Width, Activation.Gelu, random), Active);

    // From zero all characters would go to the same two experts.
    private static LinearGate Learned(RandomStream random, bool trains)
    {
        LinearGate gate = new(Width, Experts);
        Initializer.Default.Apply(gate.Weight, random);
        gate.Weight.RequiresGradient = trains;
        return gate;
    }

    private static double Step(TimedRun<CharacterTransformer> run, int[] inputs, int[] targets, float rateFactor)
    {
        double own = 0;
        run.Step(
            model =>
            {
                (Tensor loss, IReadOnlyList<Routing> routings) = model.Loss(inputs, targets);
                own = loss.ToScalar();
                return routings.Aggregate(loss, static (sum, routing) =>
                    Ops.Add(sum, Ops.MultiplyScalar(Routing.SquaredVariation(routing.Importance()), Balance)));
            },
            rateFactor);
        return own;
    }

    private static IReadOnlyList<Parameter> Trained(Layer layer) => [.. layer.Parameters.Where(static parameter => parameter.RequiresGradient)];

    private static TrainSummary Summary(
        TimedRun<CharacterTransformer>[] runs, Dictionary<string, TextScores> scores, CharacterText text, int windows, TrainOptions options) => new(
        [.. runs.SelectMany(run => Figures(run, scores[run.Name], options.Data is not null))],
        [
            new Setting("model", $"{Blocks} blocks of width {Width}, {Heads} heads, windows of {Window} characters"),
            new Setting("feed-forward", $"dense: {Active * ExpertWidth} wide; mixtures: {Experts} experts {ExpertWidth} wide, {Active} for each character"),
            new Setting(
                "routers",
                $"learned: {Experts} rows of {Width}; fixed: the same, as drawn; hyperrouter: those and biases from a trained vector, by a fixed MLP {RouterHidden} wide"),
            new Setting("balance", $"{Balance} times the squared variation of the experts' importance, for every block"),
            new Setting("published", "nanoGPT's small GPT, 4 blocks of width 128; HyperRouter was measured on enwik8 and WikiText-103"),
            new Setting("data", text.Description),
            new Setting("windows", $"{Lanes} lanes, {Window} characters a step, {windows} steps until the lanes begin anew"),
            new Setting("optimiser", $"Adam, rate {Rate}, rising for {WarmUp} steps and falling as a cosine"),
        ])
    {
        Pictures =
        [
            .. runs.Where(run => scores[run.Name].Loads.Count > 0).Select(run => Picture.OfCurves(
                $"Load of the experts: {run.Name}", $"Shares of the validation text's choices; evenly spread, each had {1.0 / Experts:P1}.", "expert, the busiest first", "share",
                [
                    .. scores[run.Name].Loads.Select(static (load, block) => (
                        $"block {block + 1}", (IReadOnlyList<(double, double)>)[.. load.OrderDescending().Select(static (share, rank) => (rank + 1.0, share))])),
                ])),
        ],
    };

    private static IEnumerable<Figure> Figures(TimedRun<CharacterTransformer> run, TextScores scores, bool hasPublished)
    {
        long trained = Trained(run.Net).Sum(static parameter => parameter.Shape.Count);
        IReadOnlyList<(string Name, SparseMixture Layer)> mixtures = run.Net.Find<SparseMixture>();
        yield return new Figure(run.Name, "validation bits a character", scores.Bits, "F3");
        if (hasPublished && mixtures.Count == 0)
        {
            yield return new Figure(run.Name, "published, small GPT", SmallGpt, "F3");
        }
        yield return new Figure(run.Name, "parameters", trained, "N0");
        yield return new Figure(run.Name, "active a character", trained - mixtures.Sum(static m => m.Layer.Experts.Count / Experts * (Experts - Active)), "N0");
        if (mixtures.Count > 0)
        {
            yield return new Figure(run.Name, "trained of a router", Trained(mixtures[0].Layer.Gate).Sum(static parameter => parameter.Shape.Count), "N0");
            yield return new Figure(run.Name, "busiest expert", scores.Loads.Max(static load => load.Max()), "P1");
            yield return new Figure(run.Name, "idlest expert", scores.Loads.Min(static load => load.Min()), "P1");
        }
        yield return new Figure(run.Name, "ms a step", 1000 * run.SecondsAStep, "F0", "resumed");
    }
}
