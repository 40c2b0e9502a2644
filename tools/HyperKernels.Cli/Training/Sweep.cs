using System.Globalization;
using HyperKernels.IO;
using HyperKernels.Layers;

namespace HyperKernels.Cli.Training;

/// <summary>
/// Forms of a network, each trained in several ways and from several seeds, side by side on the same batches: who gets to a threshold, after how many steps,
/// and who never does.
/// </summary>
internal sealed class Sweep : IDisposable
{
    private readonly Trial[] _trials;
    private readonly Trainee[] _trainees;
    private readonly string _quality;
    private readonly string _format;
    private readonly double _threshold;
    private readonly bool _largerIsBetter;

    /// <param name="trials">In the order of their rows: forms, within them ways of stepping, within them seeds.</param>
    /// <param name="quality">What is measured: <c>accuracy</c>.</param>
    /// <param name="format">How it is written.</param>
    /// <param name="threshold">What a run has to reach.</param>
    /// <param name="largerIsBetter">Whether the quality has to be above it; else below.</param>
    public Sweep(IEnumerable<Trial> trials, string quality, string format, double threshold, bool largerIsBetter)
    {
        _trials = [.. trials];
        _trainees = [.. _trials.Select(static (trial, i) => new Trainee($"trial{i}", trial.Network, trial.Optimizer))];
        _quality = quality;
        _format = format;
        _threshold = threshold;
        _largerIsBetter = largerIsBetter;
    }

    /// <summary>How many seeds a run is started from, unless a recipe has reasons.</summary>
    public const int Seeds = 3;

    public IReadOnlyList<Trial> Trials => _trials;

    /// <summary>Makes a network for every form, way of stepping and seed.</summary>
    /// <param name="forms">What is compared.</param>
    /// <param name="rates">Ways of stepping.</param>
    /// <param name="firstSeed">The first of the seeds.</param>
    /// <param name="make">Makes a network with the choices of a form, drawn from a stream.</param>
    public static IEnumerable<Trial> Cross(
        IReadOnlyList<(string Name, HyperNetworkOptions Options)> forms, IReadOnlyList<TrialRate> rates, int firstSeed, Func<HyperNetworkOptions, RandomStream, HyperNetwork> make)
    {
        foreach ((string name, HyperNetworkOptions options) in forms)
        {
            foreach (TrialRate rate in rates)
            {
                for (int seed = firstSeed; seed < firstSeed + Seeds; seed++)
                {
                    RandomStream random = new((ulong)seed);
                    yield return new Trial(name, rate, seed, make(options with { Random = random }, random));
                }
            }
        }
    }

    /// <summary>One step of every run.</summary>
    /// <returns>The mean loss of all runs, then that over the seeds of every form, one quantity per setting and optimiser.</returns>
    public Metric[] Step(Func<Trial, Tensor> loss)
    {
        foreach (Trial trial in _trials)
        {
            trial.Step(loss);
        }
        return [new Metric("loss", Mean(_trials, static trial => trial.Loss)), .. Means("loss", static trial => trial.Loss)];
    }

    /// <summary>Measures every run that is not lost.</summary>
    /// <returns>The means over seeds.</returns>
    public Metric[] Evaluate(long step, Func<Trial, double> quality)
    {
        foreach (Trial trial in _trials)
        {
            trial.Quality = trial.IsLost ? double.NaN : quality(trial);
            if (double.IsNaN(trial.Reached) && (_largerIsBetter ? trial.Quality >= _threshold : trial.Quality <= _threshold))
            {
                trial.Reached = step;
            }
        }
        return Means(_quality, static trial => trial.Quality);
    }

    /// <summary>The run of a form with the best quality in the end.</summary>
    public Trial Best(string form) => _trials.Where(trial => trial.Form == form)
        .MinBy(trial => double.IsNaN(trial.Quality) ? double.PositiveInfinity : _largerIsBetter ? -trial.Quality : trial.Quality)!;

    /// <summary>A row per form and way of stepping: steps to the threshold, how many runs never reached it, and the quality in the end.</summary>
    public IEnumerable<Figure> Figures()
    {
        string bound = _threshold.ToString(_format, CultureInfo.InvariantCulture);
        foreach (IGrouping<(string, TrialRate), Trial> row in _trials.GroupBy(static trial => (trial.Form, trial.Rate)))
        {
            string name = $"{row.Key.Item1}, {row.Key.Item2}";
            yield return new Figure(name, $"steps to {bound} (median)", Median(row), "N0", "never");
            yield return new Figure(name, $"never, of {row.Count()}", row.Count(static trial => double.IsNaN(trial.Reached)), "N0");
            yield return new Figure(name, $"{_quality}, last", Mean(row, static trial => trial.Quality), _format, "lost");
        }
    }

    /// <summary>For every optimiser: which form was first, each at the best of its rates.</summary>
    public IEnumerable<Setting> Verdicts() =>
        from trials in _trials.GroupBy(static trial => trial.Rate.Optimizer)
        let best = trials.GroupBy(static trial => trial.Form).Select(static form => (
            Form: form.Key, Best: form.GroupBy(static trial => trial.Rate).MinBy(static row => (Missing(row), Or(Median(row), double.MaxValue)))!))
        select new Setting($"best rates, {trials.Key}", string.Join("; ", best.Select(static b => string.Create(
            CultureInfo.InvariantCulture,
            $"{b.Form} at {b.Best.Key.Rate:G4}: {(double.IsNaN(Median(b.Best)) ? "never" : $"{Median(b.Best):N0} steps")}, {Missing(b.Best)} of {b.Best.Count()} never"))));

    /// <summary>A checkpoint of all runs.</summary>
    public Checkpoint Save(long step) => Trainee.Save(step, Notes(), _trainees);

    /// <summary>Puts all runs back.</summary>
    /// <exception cref="ArgumentException">The checkpoint is of other runs.</exception>
    public void Load(Checkpoint checkpoint)
    {
        Trainee.Load(checkpoint, _trainees);
        for (int i = 0; i < _trials.Length; i++)
        {
            string note = checkpoint.Metadata.TryGetValue($"trial{i}.reached", out string? text) ? text : throw new ArgumentException($"the checkpoint has no note of trial {i}.");
            double[] numbers = [.. note.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
            (_trials[i].Reached, _trials[i].Loss) = (numbers[0], numbers[1]);
        }
    }

    public void Dispose() => Array.ForEach(_trials, static trial => trial.Dispose());

    private Dictionary<string, string> Notes() => _trials
        .Select(static (trial, i) => (Name: $"trial{i}.reached", Text: string.Create(CultureInfo.InvariantCulture, $"{trial.Reached:R} {trial.Loss:R}")))
        .ToDictionary(static note => note.Name, static note => note.Text);

    private Metric[] Means(string quantity, Func<Trial, double> number) =>
    [
        .. _trials.GroupBy(static trial => (trial.Setting, trial.Form, trial.Rate)).Select(row => new Metric(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{row.Key.Form} {row.Key.Rate.Rate:G4}/{quantity}, {(row.Key.Setting.Length > 0 ? row.Key.Setting + ", " : "")}{row.Key.Rate.Optimizer}"),
            Mean(row, number))),
    ];

    // Over the runs that are not lost.
    private static double Mean(IEnumerable<Trial> row, Func<Trial, double> number) =>
        row.Select(number).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();

    /// <summary>The median of the steps of the runs that reached the threshold, the lower of the two in the middle; not a number if none did.</summary>
    public static double Median(IEnumerable<Trial> row)
    {
        double[] steps = [.. row.Select(static trial => trial.Reached).Where(double.IsFinite).Order()];
        return steps.Length == 0 ? double.NaN : steps[(steps.Length - 1) / 2];
    }

    /// <summary>How many runs never reached the threshold.</summary>
    public static int Missing(IEnumerable<Trial> row) => row.Count(static trial => double.IsNaN(trial.Reached));

    private static double Or(double number, double otherwise) => double.IsNaN(number) ? otherwise : number;
}
