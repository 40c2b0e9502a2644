using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// Many small pictures through one shared sine network: each with a field of its own that modulates it place by place, beside one latent vector of as many numbers.
/// </summary>
internal sealed class ImageFields : IDisposable
{
    /// <summary>As many as look at every pixel once, on average.</summary>
    public const int StepsPerEpoch = Side * Side / Points;

    private const int Side = 64;
    private const int Points = 256;
    private const int MostPictures = 16;
    private const int SharedLayers = 3;
    private const int SharedWidth = 64;
    private const float Frequency = 15;
    private const int CodeWidth = 8;
    private const int CodeFeatures = 16;
    private const float FieldRate = 1e-3f;
    private const float CodeRate = 0.01f;

    // Levels of a picture's own hash grid, of 4, 8, 16 and 32 cells a side: more numbers each.
    private static readonly int[] s_levels = [2, 3, 4];

    private readonly GreyImage[] _pictures;
    private readonly float[][] _values;
    private readonly int _seed;
    private readonly Device _device;
    private readonly TimedRun<ModulationField>[] _modulated;
    private readonly TimedRun<LatentField>[] _latent;
    private readonly long[] _numbers;
    private readonly int[] _all;

    public ImageFields(IReadOnlyList<GreyImage> images, int seed, Device device)
    {
        (_seed, _device) = (seed, device);
        _pictures = [.. images.SelectMany(PiecesOf).Take(MostPictures)];
        _values = [.. _pictures.Select(static picture => picture.Pixels.Select(static value => (2 * value) - 1).ToArray())];
        _all = [.. Enumerable.Range(0, _pictures.Length)];
        _modulated = [.. s_levels.Select(levels => Modulated(levels, new RandomStream((ulong)seed)))];
        _numbers = [.. _modulated.Select(static run => run.Net.Codes.Codes[0].Count)];
        _latent = [.. _numbers.Select(numbers => Latent((int)numbers, new RandomStream((ulong)seed)))];
    }

    public int Count => _pictures.Length;

    public int PointsPerStep => Count * Points;

    public IReadOnlyList<Trainee> Trainees => [.. _modulated.Select(static run => run.Trainee), .. _latent.Select(static run => run.Trainee)];

    public IReadOnlyList<Setting> Settings =>
    [
        new Setting("pictures", $"{Count} pieces of {Side} x {Side} pixels; {Points} pixels of each a step"),
        new Setting("shared field", $"sine network, {SharedLayers + 1} layers of width {SharedWidth}, frequency {Frequency}, shifted behind each sine"),
        new Setting("modulation field", $"of each picture: hash grids of {string.Join(", ", s_levels)} levels and a layer of width {CodeWidth}; then a perceptron that all share"),
        new Setting("latent", "of each picture: one vector of as many numbers, through a perceptron that all share; the modulation is the same everywhere"),
        new Setting("optimiser", $"Adam, rate {FieldRate} for what is shared and {CodeRate} for the pictures' own, falling as a cosine"),
        new Setting("quality", "PSNR in decibels, the mean over pictures, for values from 0 to 1"),
    ];

    /// <summary>One step of every network on the same places of all pictures.</summary>
    public IReadOnlyList<Metric> Step(long step, float rateFactor)
    {
        using MemoryScope scope = _device.Scope();
        SplitMix random = new(_seed, step);
        int[] chosen = new int[Count * Points];
        float[] wanted = new float[chosen.Length];
        for (int i = 0; i < chosen.Length; i++)
        {
            chosen[i] = random.Below(Side * Side);
            wanted[i] = _values[i / Points][chosen[i]];
        }
        Tensor places = Ops.GatherRows(ImagePatches.Grid(Side, Side, _device), Tensor.From(chosen, [Count, Points], _device));
        Tensor values = Tensor.From(wanted, [Count, Points, 1], _device);
        return
        [
            .. _modulated.Select(run => new Metric($"{run.Name}/loss", run.Step(net => Ops.MeanSquaredError(net.Forward(places, _all), values), rateFactor))),
            .. _latent.Select(run => new Metric($"{run.Name}/loss", run.Step(net => Ops.MeanSquaredError(net.Forward(places, _all), values), rateFactor))),
        ];
    }

    public IReadOnlyList<Metric> Evaluate() => [.. Runs().Select(run => new Metric($"{run.Name}/PSNR", Enumerable.Range(0, Count).Average(i => Psnr(run.Draw, i))))];

    public IEnumerable<Figure> Figures(IReadOnlyList<Metric> final) => Runs().SelectMany(run => new[]
    {
        new Figure(run.Name, "numbers of a picture", run.Numbers, "N0"),
        new Figure(run.Name, "of its pixels", (double)run.Numbers / (Side * Side), "P1"),
        new Figure(run.Name, "numbers of all", run.All, "N0"),
        new Figure(run.Name, "PSNR", Value(final, run.Name), "F2"),
        new Figure(run.Name, "seconds an epoch", run.SecondsAStep * StepsPerEpoch, "F2", "resumed"),
    });

    public IReadOnlyList<Picture> Pictures(IReadOnlyList<Metric> final)
    {
        int shown = Math.Min(Count, 6);
        IReadOnlyList<(double, double)> Points(string prefix) =>
            [.. Runs().Where(run => run.Name.StartsWith(prefix, StringComparison.Ordinal)).Select(run => ((double)run.Numbers, Value(final, run.Name)))];
        return
        [
            Picture.OfImages(
                "Pictures and what networks draw", "The pictures, then drawn by the shared field with so many numbers for each.", Side, Side,
                [
                    ("pictures", [.. _pictures.Take(shown).SelectMany(static picture => picture.Pixels)]),
                    .. Runs().Select(run => (run.Name, Enumerable.Range(0, shown).SelectMany(run.Draw).ToArray())),
                ]),
            Picture.OfCurves(
                "Quality by the numbers of a picture", "Modulated place by place, and by one vector of as many numbers.", "numbers of a picture", "PSNR",
                [("modulation field", Points("field")), ("latent vector", Points("latent"))]),
        ];
    }

    /// <summary>Writes the largest network.</summary>
    public void Save(TrainOptions options) => _modulated[^1].Net.Save(options.File("modulation-field.safetensors"));

    public void Dispose()
    {
        Array.ForEach(_modulated, static run => run.Dispose());
        Array.ForEach(_latent, static run => run.Dispose());
    }

    // The quarters of a picture, reduced: many pictures of different things. Of a small picture one corner.
    private static IEnumerable<GreyImage> PiecesOf(GreyImage image)
    {
        int half = Math.Min(image.Height, image.Width) / 2;
        if (2 * half < Side)
        {
            throw new InvalidDataException($"modulation-fields: pictures must have {Side} pixels a side or more; {image.Name} has {image.Height} x {image.Width}.");
        }
        if (half < Side)
        {
            return [image.Part(0, 0, Side, Side)];
        }
        int factor = half / Side;
        return new[] { (0, 0), (0, half), (half, 0), (half, half) }.Select(corner => image.Part(corner.Item1, corner.Item2, Side * factor, Side * factor).Reduced(factor));
    }

    private static ModulatedField Shared(RandomStream random) => new(2, 1, new ModulatedFieldOptions
    {
        Backbone = FieldBackbone.Siren, Layers = SharedLayers, HiddenFeatures = SharedWidth, Frequency = Frequency, Modulation = FieldModulation.Shift,
    }, random);

    private static Adam Optimiser(Layer shared, Layer net)
    {
        HashSet<Parameter> common = [.. shared.Parameters];
        return new Adam(
            [
                new ParameterGroup(shared.Parameters, learningRate: FieldRate),
                new ParameterGroup(net.Parameters.Where(parameter => !common.Contains(parameter)), learningRate: CodeRate),
            ],
            CodeRate);
    }

    private static double Value(IReadOnlyList<Metric> final, string run) => final.Single(metric => metric.Run == run).Value;

    private TimedRun<ModulationField> Modulated(int levels, RandomStream random)
    {
        ModulatedFieldOptions code = new()
        {
            Backbone = FieldBackbone.HashGrid, Layers = 0, HiddenFeatures = CodeWidth, Modulation = FieldModulation.None, Levels = levels, BaseResolution = 4,
        };
        ModulatedFieldOptions shared = new() { Layers = 1, HiddenFeatures = SharedWidth, Modulation = FieldModulation.None };
        ModulationField net = new(Shared(random), new ModulationCodes(Count, 2, SharedWidth, code, shared, CodeFeatures, random: random));
        return new TimedRun<ModulationField>($"field {net.Codes.Codes[0].Count}", net, Optimiser(net.Field, net));
    }

    private TimedRun<LatentField> Latent(int numbers, RandomStream random)
    {
        LatentField net = new(Shared(random), Count, numbers, SharedWidth, random);
        return new TimedRun<LatentField>($"latent {numbers}", net, Optimiser(net.Field, net));
    }

    private IEnumerable<(string Name, long Numbers, long All, double SecondsAStep, Func<int, float[]> Draw)> Runs()
    {
        float[] Drawn(Func<Tensor, Tensor> draw)
        {
            using MemoryScope scope = _device.Scope();
            Tensor places = Ops.Reshape(ImagePatches.Grid(Side, Side, _device), 1, Side * Side, 2);
            return [.. draw(places).ToArray().Select(static value => (value + 1) / 2)];
        }
        return
        [
            .. _modulated.Select((run, i) => (run.Name, _numbers[i], run.Net.Count, run.SecondsAStep, (Func<int, float[]>)(picture => Drawn(x => run.Net.Forward(x, [picture]))))),
            .. _latent.Select((run, i) => (run.Name, _numbers[i], run.Net.Count, run.SecondsAStep, (Func<int, float[]>)(picture => Drawn(x => run.Net.Forward(x, [picture]))))),
        ];
    }

    private double Psnr(Func<int, float[]> draw, int picture) =>
        GreyImage.Psnr(_pictures[picture].Pixels.Zip(draw(picture), static (a, b) => (double)(a - b) * (a - b)).Average());
}
