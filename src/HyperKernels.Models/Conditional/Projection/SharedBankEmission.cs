using System.Globalization;
using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Weights that all read one bank of few numbers: <c>W_l[i] = lambda_l G_l[i] M[h_l(i)]</c> with a fixed map h and fixed signs G from a seed. Matrices, kernels and tables read
/// the bank; biases, gains and whatever else there is stay the target's own.
/// </summary>
/// <remarks>
/// Sources: Desai, Zhou, Shrivastava, Hardware-Aware Compression with Random Operation Access Specific Tile (ROAST) Hashing, ICML 2023 (arXiv 2207.10702); Desai, Shrivastava,
/// In defense of parameter sharing for model-compression, ICLR 2024 (arXiv 2310.11611); the authors' code, apd10/FakeRoast, for scales and gradients.
/// </remarks>
public sealed class SharedBankEmission : Emission, IStoredLayer<SharedBankEmission>
{
    private readonly float[] _scales;
    private readonly BankMapping _mapping;
    private readonly Parameter? _change;

    static SharedBankEmission() => LayerTypes.Register<SharedBankEmission>();

    /// <summary>Makes the bank for a target.</summary>
    /// <param name="target">Any layer.</param>
    /// <param name="bank">The numbers m of the bank.</param>
    /// <param name="options">Everything else; null means the defaults.</param>
    /// <param name="parameters">Which matrices, kernels and tables read it: a pattern over dotted names.</param>
    /// <param name="random">Draws the bank's first values; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">bank is below 1, s is not positive, or nothing matches.</exception>
    public SharedBankEmission(Layer target, int bank, SharedBankOptions? options = null, string parameters = "*", RandomStream? random = null)
        : this(WeightsOf(target, parameters), bank, options ?? new SharedBankOptions(), ScalesOf(target, parameters, options ?? new SharedBankOptions()), random)
    {
    }

    private SharedBankEmission(TargetManifest manifest, int bank, SharedBankOptions options, float[] scales, RandomStream? random)
        : base(manifest, 1, hasBase: false)
    {
        (Options, _scales) = (options, scales);
        _mapping = BankMapping.Hashed(options.Map, bank, [.. manifest.Entries.Select(static entry => entry.Count)], Math.Min(options.Chunk, bank), options.Seed);
        Bank = AddParameter("bank", [bank], Initializer.Uniform(-options.FirstValues, options.FirstValues), random, ParameterRole.Table);
        if (options.Gradient != BankGradient.None)
        {
            // A part of no file: it follows from the map.
            float[] change = [.. _mapping.GradientFactors(options.Gradient, scales).Select(static factor => factor - 1)];
            _change = new Parameter("change", change, [bank]) { RequiresGradient = false };
        }
    }

    /// <summary>M, <c>[m]</c>.</summary>
    public Parameter Bank { get; }

    /// <summary>Everything else.</summary>
    public SharedBankOptions Options { get; }

    /// <summary>The lambdas, in the manifest's order.</summary>
    public IReadOnlyList<float> Scales => _scales;

    /// <summary>How many weights there are for each number of the bank.</summary>
    public double Compression => (double)Manifest.Count / Bank.Shape[0];

    /// <inheritdoc/>
    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
    {
        Tensor[] flat = _mapping.Gather(_change is null ? Bank.Value : BankMapping.WithGradient(Bank.Value, _change.Value));
        for (int l = 0; l < flat.Length; l++)
        {
            weights[l] = Ops.Reshape(Ops.MultiplyScalar(flat[l], _scales[l]), Manifest.Entries[l].Shape);
        }
    }

    static string IStoredLayer<SharedBankEmission>.TypeName => "SharedBankEmission";

    static SharedBankEmission IStoredLayer<SharedBankEmission>.Read(LayerSettings settings) => new(
        TargetManifest.Read(settings),
        settings.Int("bank"),
        new SharedBankOptions
        {
            Map = settings.Choice<BankMap>("map"),
            Chunk = settings.Int("chunk"),
            FirstValues = settings.Number("firstValues"),
            Scale = settings.Choice<BankScale>("scale"),
            Gradient = settings.Choice<BankGradient>("gradient"),
            Seed = ulong.Parse(settings.Text("seed"), CultureInfo.InvariantCulture),
        },
        settings.Groups("scales", static group => group.Number("value")),
        null);

    void IStoredLayer<SharedBankEmission>.WriteSettings(LayerSettings settings)
    {
        Manifest.Write(settings);
        settings.Set("bank", Bank.Shape[0]).Set("map", Options.Map).Set("chunk", Options.Chunk).Set("firstValues", Options.FirstValues).Set("scale", Options.Scale)
            .Set("gradient", Options.Gradient).Set("seed", Options.Seed.ToString(CultureInfo.InvariantCulture))
            .SetGroups("scales", _scales, static (scale, group) => group.Set("value", scale));
    }

    /// <inheritdoc/>
    protected override string Describe() => $"SharedBankEmission({Manifest.Count} weights from {Bank.Shape[0]}, {Options.Map}, gradient: {Options.Gradient})";

    private static TargetManifest WeightsOf(Layer target, string parameters) => TargetManifest.Of(target, parameters, Reads);

    private static bool Reads(NamedParameter named) => named.Role is ParameterRole.Weight or ParameterRole.Table && named.Parameter.Shape.Rank > 1;

    private static float[] ScalesOf(Layer target, string parameters, SharedBankOptions options)
    {
        if (!(options.FirstValues > 0))
        {
            throw new ArgumentException($"SharedBankEmission: the bank's first values must be positive; got {options.FirstValues}.", nameof(options));
        }
        Dictionary<string, NamedParameter> own = target.NamedParameters().ToDictionary(static named => named.Name);
        return [.. WeightsOf(target, parameters).Entries.Select(entry => ScaleOf(own[entry.Name], options))];
    }

    private static float ScaleOf(NamedParameter named, SharedBankOptions options)
    {
        Shape shape = named.Parameter.Shape;
        if (options.Scale == BankScale.FanIn)
        {
            double size = named.Role == ParameterRole.Table ? shape[0] : Fans.Of(shape).In;
            return (float)(1 / Math.Sqrt(size) / options.FirstValues);
        }
        float[] values = named.Parameter.OwnValue.ToArray();
        double mean = values.Average(static value => (double)value);
        double squares = values.Sum(value => (value - mean) * (value - mean));
        return (float)(Math.Sqrt(squares / Math.Max(1, values.Length - 1)) / options.FirstValues);
    }
}
