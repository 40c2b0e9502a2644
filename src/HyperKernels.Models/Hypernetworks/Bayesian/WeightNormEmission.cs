using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Weights whose directions are learned and whose lengths are generated: <c>W_o = g_o V_o / ||V_o||</c> with a gain for every output of every weight. A
/// generator of hundreds of numbers so decides networks of millions.
/// </summary>
/// <remarks>
/// The generator gives all gains, weight after weight; layers scale their outputs instead of writing weights out. Sources: Salimans, Kingma, NeurIPS 2016;
/// Krueger and others, arXiv 1710.04759.
/// </remarks>
public sealed class WeightNormEmission : Emission, IStoredLayer<WeightNormEmission>
{
    private readonly Parameter[] _directions;

    static WeightNormEmission() => LayerTypes.Register<WeightNormEmission>();

    /// <summary>Makes the directions.</summary>
    /// <param name="manifest">The weights; each has two axes or more.</param>
    /// <param name="random">Where directions come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A tensor has one axis only.</exception>
    public WeightNormEmission(TargetManifest manifest, RandomStream? random = null)
        : base(manifest, GainsOf(manifest), hasBase: false) =>
        _directions = [.. manifest.Entries.Select((entry, i) => AddParameter($"direction{i}", entry.Shape, Initializer.KaimingNormal(), random))];

    /// <summary>V, one for each weight.</summary>
    public IReadOnlyList<Parameter> Directions => _directions;

    /// <summary>The number of gains: one for every output of every weight.</summary>
    /// <param name="manifest">The weights.</param>
    /// <exception cref="ArgumentException">A tensor has one axis only.</exception>
    public static int GainsOf(TargetManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        return manifest.Entries.FirstOrDefault(static entry => entry.Shape.Rank < 2) is { } vector
            ? throw new ArgumentException($"WeightNormEmission: only weights with two axes or more have directions; \"{vector.Name}\" is {vector.Shape}.", nameof(manifest))
            : manifest.Entries.Sum(static entry => entry.Shape[0]);
    }

    /// <inheritdoc/>
    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
    {
        ArgumentNullException.ThrowIfNull(generator);
        Tensor gains = generator.Forward(embedding);
        int sets = gains.Shape[0];
        Tensor[] pieces = Ops.Split(gains, 1, [.. Manifest.Entries.Select(static entry => entry.Shape[0])]);
        for (int i = 0; i < weights.Length; i++)
        {
            Shape shape = Manifest.Entries[i].Shape;
            Tensor unit = Ops.Reshape(Ops.L2Normalize(Ops.Reshape(_directions[i].Value, [shape[0], -1])), shape);
            int[] axes = [sets, shape[0], .. Enumerable.Repeat(1, shape.Rank - 1)];
            weights[i] = Weight.Modulated(unit, Ops.AddScalar(Ops.Reshape(pieces[i], new Shape(axes)), -1));
        }
    }

    static string IStoredLayer<WeightNormEmission>.TypeName => "WeightNormEmission";

    static WeightNormEmission IStoredLayer<WeightNormEmission>.Read(LayerSettings settings) => new(TargetManifest.Read(settings));

    void IStoredLayer<WeightNormEmission>.WriteSettings(LayerSettings settings) => Manifest.Write(settings);

    /// <inheritdoc/>
    protected override string Describe() => $"WeightNormEmission({Manifest.Entries.Count} weights of {Manifest.Count:N0} values, {Width} gains)";
}
