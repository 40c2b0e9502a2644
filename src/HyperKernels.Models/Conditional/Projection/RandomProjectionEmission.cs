using System.Globalization;
using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Weights that are a fixed random projection of few numbers: <c>theta = theta_0 + P z</c>, z what the generator gives. P is a seed: its numbers are drawn tile by tile,
/// forwards and backwards, and never stored, so that a target of any size costs the memory of its weights alone. The price is drawing P twice in every step.
/// </summary>
/// <remarks>
/// <para>
/// A tensor's deviation is that of its values in the target when the emission is made, so that a latent of length one gives weights as varied as the target's own; a
/// tensor whose values are all the same (a bias at zero, a gain) takes that of the weight before it, or 1.
/// </para>
/// <para>
/// Sources: Gordon, MacDonald, Saratchandran, Lucey, D'OH: Decoder-Only Random Hypernetworks for Implicit Neural Representations (arXiv 2403.19163); Li, Farkhoor, Liu,
/// Yosinski, Measuring the Intrinsic Dimension of Objective Landscapes, ICLR 2018 (arXiv 1804.08838).
/// </para>
/// </remarks>
public sealed class RandomProjectionEmission : Emission, IStoredLayer<RandomProjectionEmission>
{
    // About a megabyte of rows is measured at a time.
    private const int MeasuredNumbers = 1 << 18;

    private readonly ManifestTree? _base;
    private readonly ManifestTree? _given;
    private readonly float[] _deviations;
    private readonly RandomState[] _starts;
    private readonly float[] _columnScales = [];
    private readonly (int[] Indices, float[] Signs)[] _hashes = [];

    static RandomProjectionEmission() => LayerTypes.Register<RandomProjectionEmission>();

    /// <summary>Makes the projection for a target.</summary>
    /// <param name="target">Any layer; its values give theta_0 and the deviations.</param>
    /// <param name="latent">The number m of numbers that are projected.</param>
    /// <param name="kind">The matrix.</param>
    /// <param name="seed">Where it comes from; not read for one that is given.</param>
    /// <param name="hasBase">Whether there is theta_0: the target's values now, which do not train.</param>
    /// <param name="parameters">Which parameters are projected: a pattern over dotted names; the others are trained as they are.</param>
    /// <exception cref="ArgumentException">latent is below 1, or no parameter matches.</exception>
    public RandomProjectionEmission(
        Layer target, int latent, ProjectionKind kind = ProjectionKind.Normal, ulong seed = 0, bool hasBase = false, string parameters = "*")
        : this(TargetManifest.Of(target, parameters), latent, kind, seed, hasBase, DeviationsOf(target, parameters))
    {
        Dictionary<string, Parameter> own = target.NamedParameters().ToDictionary(static named => named.Name, static named => named.Parameter);
        for (int i = 0; i < (_base?.InOrder.Count ?? 0); i++)
        {
            _base!.InOrder[i].Load(own[Manifest.Entries[i].Name].OwnValue.ToArray());
        }
    }

    private RandomProjectionEmission(TargetManifest manifest, int latent, ProjectionKind kind, ulong seed, bool hasBase, float[] deviations)
        : base(manifest, latent, hasBase)
    {
        (Kind, Seed, _deviations) = (kind, seed, deviations);
        _base = hasBase ? Add("base", Frozen(manifest)) : null;
        _given = kind == ProjectionKind.Given
            ? Add("projection", Frozen(new TargetManifest(manifest.Entries.Select(entry => (entry.Names, new Shape(entry.Count, latent), entry.Role)))))
            : null;
        _starts = new RandomState[manifest.Entries.Count];
        RandomStream stream = new(seed);
        for (int i = 0; i < _starts.Length; i++)
        {
            _starts[i] = stream.State;
            // Every tensor's rows begin with a block of four numbers.
            stream = new RandomStream(new RandomState(seed, stream.Position + ((((ulong)manifest.Entries[i].Count * (ulong)latent) + 3) / 4)));
        }
        if (kind == ProjectionKind.UnitColumns)
        {
            _columnScales = ColumnScales();
        }
        if (kind == ProjectionKind.Hashed)
        {
            _hashes = [.. Enumerable.Range(0, _starts.Length).Select(Hash)];
        }
    }

    /// <summary>The matrix.</summary>
    public ProjectionKind Kind { get; }

    /// <summary>Where it comes from.</summary>
    public ulong Seed { get; }

    /// <summary>theta_0 in the manifest's order; empty without one.</summary>
    public IReadOnlyList<Parameter> Base => _base?.InOrder ?? [];

    /// <summary>The rows of a given matrix that belong to each tensor, <c>[elements, m]</c> in the manifest's order; empty for one from a seed.</summary>
    public IReadOnlyList<Parameter> Projections => _given?.InOrder ?? [];

    /// <summary>For every tensor the factor of its rows.</summary>
    public IReadOnlyList<float> Deviations => _deviations;

    /// <inheritdoc/>
    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
    {
        ArgumentNullException.ThrowIfNull(generator);
        Tensor z = generator.Forward(embedding);
        if (Kind == ProjectionKind.UnitColumns)
        {
            z = Ops.Multiply(z, Tensor.From(_columnScales, [Width], z.Device));
        }
        int sets = z.Shape[0];
        for (int i = 0; i < weights.Length; i++)
        {
            ManifestEntry entry = Manifest.Entries[i];
            if (Kind == ProjectionKind.Given)
            {
                weights[i] = Weight.Generated(z, Projections[i].Value, HasBase ? Base[i].Value : null, entry.Shape);
                continue;
            }
            Tensor flat = Kind == ProjectionKind.Hashed ? Hashed(i, z) : Ops.RandomProject(z, entry.Count, _starts[i], Kind == ProjectionKind.Uniform);
            flat = Kind == ProjectionKind.UnitColumns ? flat : Ops.MultiplyScalar(flat, _deviations[i]);
            flat = HasBase ? Ops.Add(flat, Ops.Reshape(Base[i].Value, entry.Count)) : flat;
            weights[i] = Ops.Reshape(flat, sets == 1 ? entry.Shape : entry.Shape.Insert(0, sets));
        }
    }

    static string IStoredLayer<RandomProjectionEmission>.TypeName => "RandomProjectionEmission";

    static RandomProjectionEmission IStoredLayer<RandomProjectionEmission>.Read(LayerSettings settings) => new(
        TargetManifest.Read(settings), settings.Int("latent"), settings.Choice<ProjectionKind>("kind"), ulong.Parse(settings.Text("seed"), CultureInfo.InvariantCulture),
        settings.Flag("base"), settings.Groups("deviations", static group => group.Number("value")));

    void IStoredLayer<RandomProjectionEmission>.WriteSettings(LayerSettings settings)
    {
        Manifest.Write(settings);
        settings.Set("latent", Width).Set("kind", Kind).Set("seed", Seed.ToString(CultureInfo.InvariantCulture)).Set("base", HasBase)
            .SetGroups("deviations", _deviations, static (deviation, group) => group.Set("value", deviation));
    }

    /// <inheritdoc/>
    protected override string Describe() => $"RandomProjectionEmission({Manifest.Count}, latent: {Width}, {Kind})";

    private static float[] DeviationsOf(Layer target, string parameters)
    {
        TargetManifest manifest = TargetManifest.Of(target, parameters);
        Dictionary<string, Parameter> own = target.NamedParameters().ToDictionary(static named => named.Name, static named => named.Parameter);
        float[] deviations = new float[manifest.Entries.Count];
        float last = 1;
        for (int i = 0; i < deviations.Length; i++)
        {
            float[] values = own[manifest.Entries[i].Name].OwnValue.ToArray();
            double mean = values.Average(static value => (double)value);
            float deviation = (float)Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
            deviations[i] = last = deviation > 0 ? deviation : last;
        }
        return deviations;
    }

    private static ManifestTree Frozen(TargetManifest manifest)
    {
        ManifestTree tree = new(manifest, static _ => Initializer.Zeros, null);
        foreach (Parameter parameter in tree.InOrder)
        {
            parameter.RequiresGradient = false;
        }
        return tree;
    }

    // One over the length of each column, over all tensors: P is drawn once for it, tile by tile.
    private float[] ColumnScales()
    {
        double[] squares = new double[Width];
        int most = Math.Max(4, MeasuredNumbers / Width / 4 * 4);
        for (int i = 0; i < _starts.Length; i++)
        {
            RandomStream stream = new(_starts[i]);
            for (int left = Manifest.Entries[i].Count; left > 0; left -= most)
            {
                using MemoryScope scope = new();
                Tensor rows = Ops.RandomNormal([Math.Min(left, most), Width], stream);
                float[] sums = Ops.Sum(Ops.Square(rows), [0]).ToArray();
                for (int column = 0; column < sums.Length; column++)
                {
                    squares[column] += sums[column];
                }
            }
        }
        return [.. squares.Select(static square => (float)(1 / Math.Sqrt(square)))];
    }

    private (int[] Indices, float[] Signs) Hash(int entry)
    {
        int count = Manifest.Entries[entry].Count;
        float[] draws = new float[2 * count];
        new RandomStream(new RandomState(Seed, _starts[entry].Position)).FillUniform(draws);
        int[] indices = [.. draws.Take(count).Select(draw => Math.Min(Width - 1, (int)(draw * Width)))];
        return (indices, [.. draws.Skip(count).Select(static draw => draw < 0.5f ? -1f : 1f)]);
    }

    // Rows of the latent's numbers, of which each weight takes one.
    private Tensor Hashed(int entry, Tensor z)
    {
        (int[] indices, float[] signs) = _hashes[entry];
        Tensor chosen = Ops.GatherRows(Ops.Transpose(z), Tensor.From(indices, [indices.Length], z.Device));
        return Ops.Transpose(Ops.Multiply(chosen, Tensor.From(signs, [signs.Length, 1], z.Device)));
    }
}
