using System.Globalization;
using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>One picture, drawn by a sine network that is a random projection of few numbers (D'OH), beside smaller sine networks of as many weights: for several numbers.</summary>
internal sealed class PictureFunctions : IDisposable
{
    private const int Most = 128;
    private const int Points = 4096;
    private const int Hidden = 64;
    private const float ProjectedFrequency = 7;
    private const float PlainFrequency = 20;

    // Beside the numbers' own size, which falls with the root of how many there are.
    private const float ProjectedRate = 0.2f;
    private const float PlainRate = 3e-3f;

    // Each near to what the plain network of that width has.
    private static readonly (int Numbers, int Width)[] s_sizes = [(100, 8), (300, 15), (1000, 29)];

    private readonly GreyImage _picture;
    private readonly float[] _values;
    private readonly int _seed;
    private readonly Device _device;
    private readonly TimedRun<ProjectedNetwork>[] _projected;
    private readonly TimedRun<Siren>[] _plain;

    public PictureFunctions(GreyImage image, int seed, Device device)
    {
        (_seed, _device) = (seed, device);
        int factor = (Math.Min(image.Height, image.Width) + Most - 1) / Most;
        _picture = image.Middle(factor).Reduced(factor);
        _values = [.. _picture.Pixels.Select(static value => (2 * value) - 1)];
        RandomStream random = new((ulong)seed + 1);
        _projected = [.. s_sizes.Select(size =>
        {
            ProjectedNetwork network = Doh.For(Function(Hidden, ProjectedFrequency, random), size.Numbers, (ulong)seed, ProjectionKind.Uniform, random);
            return new TimedRun<ProjectedNetwork>($"D'OH {size.Numbers}", network, new Adam(network.Parameters, learningRate: ProjectedRate / MathF.Sqrt(size.Numbers)));
        })];
        _plain = [.. s_sizes.Select(size =>
        {
            Siren network = Function(size.Width, PlainFrequency, random);
            return new TimedRun<Siren>($"SIREN {network.Count}", network, new Adam(network.Parameters, learningRate: PlainRate));
        })];
    }

    public IReadOnlyList<Trainee> Trainees => [.. _projected.Select(static run => run.Trainee), .. _plain.Select(static run => run.Trainee)];

    public IReadOnlyList<Setting> Settings =>
    [
        new Setting("one picture", $"{_picture.Name}, {_picture.Height} x {_picture.Width}; {Points} of its pixels a step"),
        new Setting("D'OH", $"{_projected[0].Net.Network.Target}, hidden width {Hidden}, all weights a projection of what is stored"),
        new Setting("SIREN", $"{_plain[0].Net}, hidden widths {string.Join(", ", s_sizes.Select(static size => size.Width))}"),
        new Setting("optimiser of one picture", $"Adam, rate {ProjectedRate} over the root of the numbers' count for D'OH, {PlainRate} for SIREN; falling as a cosine"),
    ];

    public IReadOnlyList<Metric> Step(long step, float rateFactor)
    {
        using MemoryScope scope = _device.Scope();
        SplitMix random = new(_seed, step);
        int[] chosen = new int[Points];
        for (int i = 0; i < Points; i++)
        {
            chosen[i] = random.Below(_values.Length);
        }
        Tensor rows = Tensor.From(chosen, [Points], _device);
        Tensor places = Ops.GatherRows(Grid(), rows);
        Tensor values = Tensor.From([.. chosen.Select(pixel => _values[pixel])], [Points, 1], _device);
        Tensor Loss(TensorLayer net) => Ops.Mean(Ops.Square(Ops.Subtract(net.Forward(places), values)));
        return
        [
            .. _projected.Select(run => new Metric($"{run.Name}/picture loss", run.Step(Loss, rateFactor))),
            .. _plain.Select(run => new Metric($"{run.Name}/picture loss", run.Step(Loss, rateFactor))),
        ];
    }

    public IReadOnlyList<Metric> Evaluate() =>
    [
        .. _projected.Select(run => new Metric($"{run.Name}/PSNR, one picture", Psnr(run.Net))),
        .. _plain.Select(run => new Metric($"{run.Name}/PSNR, one picture", Psnr(run.Net))),
    ];

    public IEnumerable<Figure> Figures(IReadOnlyList<Metric> final) => Runs().SelectMany(run => new[]
    {
        new Figure(run.Name, "numbers stored", run.Numbers, "N0"),
        new Figure(run.Name, "PSNR, one picture", Value(final, run.Name), "F2"),
        new Figure(run.Name, "seconds a 1000 steps", run.SecondsAStep * 1000, "F1", "resumed"),
    });

    public Picture Show(IReadOnlyList<Metric> final) => Picture.OfImages(
        "One picture from few numbers", "The picture, then drawn by networks of which so many numbers are stored.", _picture.Height, _picture.Width,
        [
            (_picture.Name, _picture.Pixels),
            .. Runs().Select(run => (string.Create(CultureInfo.InvariantCulture, $"{run.Name}: {Value(final, run.Name):F2} dB"), Draw(run.Network))),
        ]);

    public Picture Curves(IReadOnlyList<Metric> final)
    {
        IReadOnlyList<(double, double)> Of<TNet>(IEnumerable<TimedRun<TNet>> runs)
            where TNet : TensorLayer => [.. runs.Select(run => ((double)run.Net.Count, Value(final, run.Name)))];
        return Picture.OfCurves(
            "Quality by stored numbers", "One trained vector behind a fixed random projection, and plain networks of as many weights.", "numbers stored", "PSNR",
            [("D'OH", Of(_projected)), ("SIREN", Of(_plain))]);
    }

    /// <summary>Writes the networks: of a projected one that is its vector and a seed.</summary>
    public void Save(TrainOptions options)
    {
        foreach (TimedRun<ProjectedNetwork> run in _projected)
        {
            run.Net.Save(options.File($"doh-{run.Net.Count}.safetensors"));
        }
    }

    public void Dispose()
    {
        Array.ForEach(_projected, static run => run.Dispose());
        Array.ForEach(_plain, static run => run.Dispose());
    }

    private static Siren Function(int width, float frequency, RandomStream random) => new([2, width, width, 1], frequency, frequency, random);

    private static double Value(IReadOnlyList<Metric> final, string run) => final.Single(metric => metric.Run == run).Value;

    private IEnumerable<(string Name, TensorLayer Network, long Numbers, double SecondsAStep)> Runs() =>
    [
        .. _projected.Select(static run => (run.Name, (TensorLayer)run.Net, run.Net.Count, run.SecondsAStep)),
        .. _plain.Select(static run => (run.Name, (TensorLayer)run.Net, run.Net.Count, run.SecondsAStep)),
    ];

    private double Psnr(TensorLayer network) => GreyImage.Psnr(_picture.Pixels.Zip(Draw(network), static (a, b) => (double)(a - b) * (a - b)).Average());

    private float[] Draw(TensorLayer network)
    {
        using MemoryScope scope = _device.Scope();
        return [.. network.Forward(Grid()).ToArray().Select(static value => (value + 1) / 2)];
    }

    private Tensor Grid() => ImagePatches.Grid(_picture.Height, _picture.Width, _device);
}
