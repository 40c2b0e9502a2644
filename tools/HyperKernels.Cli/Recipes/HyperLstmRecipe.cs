using System.Diagnostics;
using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// Two character models side by side on the same windows of text: a HyperLSTM and the authors' LSTM with as many units, both with layer norm.
/// Trained through windows of a hundred characters, whose memory goes on from window to window.
/// </summary>
internal sealed class HyperLstmRecipe : IRecipe
{
    private const int Lanes = 64;
    private const int Window = 100;
    private const int Hidden = 128;
    private const int Hyper = 64;
    private const int Embedding = 16;
    private const int DefaultSteps = 3_000;
    private const int EvaluateEvery = 100;
    private const float Rate = 1e-3f;
    private const float LongestGradient = 1;

    // A small GPT (4 layers, width 128) in nanoGPT's readme: 1.88 nats. Nobody has published a HyperLSTM on this text.
    private const double SmallGpt = 2.712;

    public string Name => "hyperlstm-shakespeare";

    public string Description => "Two character models side by side, a HyperLSTM and an LSTM with as many units, on Tiny Shakespeare (without data: sentences of a small grammar).";

    public TrainSummary Run(TrainOptions options, IProgress<TrainProgress> progress, CancellationToken cancel)
    {
        CharacterText text = CharacterText.Load(options, least: Lanes * (Window + 1));
        TextLanes training = new(text.Training, Lanes, Window);
        TextLanes validation = new(text.Validation, Lanes, Window);
        int symbols = text.Symbols.Count;
        TextRun[] runs =
        [
            new("lstm", CharacterModel.Lstm(symbols, Lanes, Hidden, Stream())),
            new("hyperlstm", CharacterModel.HyperLstm(symbols, Lanes, Hidden, Hyper, Embedding, Stream())),
        ];
        Trainee[] trainees = [.. runs.Select(static run => run.Trainee)];

        TrainingLoop loop = new()
        {
            Steps = options.TotalSteps(training.Windows, DefaultSteps),
            ExamplesPerStep = Lanes * Window * runs.Length,
            ExamplesName = "characters",
            Step = step => [.. runs.Select(run => new Metric($"{run.Name}/loss", run.Step(training, step)))],
            Evaluate = _ => [.. runs.Select(run => new Metric($"{run.Name}/validation bits", run.Bits(validation, options.Device)))],
            EvaluateAfter = static step => step is 20 or 50 || step % EvaluateEvery == 0,
            Save = step => Trainee.Save(step, trainees),
            Load = checkpoint => Trainee.Load(checkpoint, trainees),
        };
        IReadOnlyList<Metric> final = loop.Run(options, progress, cancel);
        TrainSummary summary = new(
            [
                .. runs.SelectMany(run => (Figure[])
                [
                    new Figure(run.Name, "validation bits a character", final.Single(metric => metric.Run == run.Name).Value, "F3"),
                    .. options.Data is null ? Array.Empty<Figure>() : [new Figure(run.Name, "published, small GPT", SmallGpt, "F3")],
                    new Figure(run.Name, "parameters", run.Model.Count, "N0"),
                    new Figure(run.Name, "ms a step", 1000 * run.SecondsAStep, "F0"),
                ]),
            ],
            [
                .. runs.Select(static run => new Setting(run.Name, run.Model.ToString())),
                new Setting("data", text.Description),
                new Setting("windows", $"{Lanes} lanes, {Window} characters a step, memory kept between steps; {training.Windows} steps until the lanes begin anew"),
                new Setting("optimiser", $"Adam, rate {Rate}, gradients clipped to a length of {LongestGradient}"),
            ]);
        Array.ForEach(runs, static run => run.Dispose());
        return summary;

        RandomStream Stream() => new((ulong)options.Seed);
    }

    /// <summary>One of the models in training, and how long its steps take.</summary>
    private sealed class TextRun : IDisposable
    {
        private readonly Adam _adam;
        private readonly IReadOnlyList<Parameter> _parameters;
        private long _ticks;
        private long _steps;

        public TextRun(string name, CharacterModel model)
        {
            Name = name;
            Model = model;
            _parameters = model.Parameters;
            _adam = new Adam(_parameters, learningRate: Rate);
            Trainee = new Trainee(name, model, _adam);
        }

        public string Name { get; }

        public CharacterModel Model { get; }

        public Trainee Trainee { get; }

        public double SecondsAStep => _steps == 0 ? 0 : Stopwatch.GetElapsedTime(0, _ticks).TotalSeconds / _steps;

        public double Step(TextLanes text, long step)
        {
            long start = Stopwatch.GetTimestamp();
            if (step % text.Windows == 0)
            {
                Model.Forget();
            }
            (int[] inputs, int[] targets) = text.Window(step);
            using Tape tape = new();
            (Tensor loss, Tensor[] memory) = Model.Loss(inputs, targets, Model.Memory);
            tape.Backward(loss);
            GradientClipping.ByNorm(tape, _parameters, LongestGradient);
            _adam.Step(tape);
            Model.Remember(memory);
            double value = loss.ToScalar();
            _ticks += Stopwatch.GetTimestamp() - start;
            _steps++;
            return value;
        }

        /// <summary>Bits a character over a whole text, read once from an empty memory.</summary>
        public double Bits(TextLanes text, Device device)
        {
            double sum = 0;
            float[][] memory = [.. Model.Memory.Select(static tensor => new float[tensor.Count])];
            for (int window = 0; window < text.Windows; window++)
            {
                (int[] inputs, int[] targets) = text.Window(window);
                using MemoryScope scope = device.Scope();
                (Tensor loss, Tensor[] after) = Model.Loss(inputs, targets, [.. memory.Zip(Model.Memory, (m, like) => Tensor.From(m, like.Shape, device))]);
                memory = [.. after.Select(static tensor => tensor.ToArray())];
                sum += loss.ToScalar();
            }
            return sum / text.Windows / Math.Log(2);
        }

        public void Dispose()
        {
            _adam.Dispose();
            Model.Dispose();
        }
    }
}
