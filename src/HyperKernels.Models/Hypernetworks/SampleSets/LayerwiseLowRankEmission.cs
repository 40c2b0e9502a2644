using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Changes of low rank of which every layer of a target reads a row of its own: <c>w_l = (alpha / r) (G_l h_l + g_l)</c> is cut into A <c>[in, r]</c>, B <c>[r, out]</c> and
/// a change of the bias; <c>W_l = W_0 + (A B)^T</c>. No weight is written out: a layer multiplies by two thin factors.
/// </summary>
/// <remarks>
/// As in the authors' code alpha / r multiplies A and B, so that the change carries its square (1 at their default). The first layer's block for A is as long as for an input
/// of a row's width; a narrower target reads the beginning. G starts Xavier-uniform, g at zero. Source as for <see cref="SetConditionedAdapter"/>.
/// </remarks>
public sealed class LayerwiseLowRankEmission : DeltaEmission, IStoredLayer<LayerwiseLowRankEmission>
{
    private readonly int[] _biasOf;
    private readonly int[] _layerOf;
    private readonly Linear[] _heads;

    static LayerwiseLowRankEmission() => LayerTypes.Register<LayerwiseLowRankEmission>();

    /// <summary>Makes the heads for a target.</summary>
    /// <param name="target">Any layer with matrices (<see cref="Linear"/>); its values now become those of W_0.</param>
    /// <param name="features">The width of a row h_l.</param>
    /// <param name="rank">r.</param>
    /// <param name="alpha">Factors and biases are scaled by alpha / r.</param>
    /// <param name="parameters">Which matrices and biases change: a pattern over dotted names.</param>
    /// <param name="bias">Whether biases of layers change too.</param>
    /// <param name="trainsBase">Whether W_0 trains too.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">rank is below 1, no matrix matches, or the first one is wider than a row.</exception>
    public LayerwiseLowRankEmission(
        Layer target, int features, int rank, float alpha, string parameters = "*", bool bias = true, bool trainsBase = false, RandomStream? random = null)
        : base(target, features * Matrices(target, parameters), parameters, named => IsChanged(named, bias), trainsBase)
    {
        (Features, Rank, Alpha) = (features, rank, alpha);
        (_layerOf, _biasOf, _heads) = Heads(random);
    }

    private LayerwiseLowRankEmission(TargetManifest manifest, int features, int width, int rank, float alpha, bool trainsBase)
        : base(manifest, width, trainsBase)
    {
        (Features, Rank, Alpha) = (features, rank, alpha);
        (_layerOf, _biasOf, _heads) = Heads(null);
    }

    /// <summary>The width of a row.</summary>
    public int Features { get; }

    /// <summary>r.</summary>
    public int Rank { get; }

    /// <summary>Factors and biases are scaled by alpha / r.</summary>
    public float Alpha { get; }

    /// <inheritdoc/>
    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
    {
        ArgumentNullException.ThrowIfNull(generator);
        Tensor rows = generator.Forward(embedding);
        float scale = Alpha / Rank;
        int sets = rows.Shape[0];
        for (int l = 0; l < _heads.Length; l++)
        {
            Tensor numbers = _heads[l].Forward(Ops.Slice(rows, 1, l * Features, Features));
            (int outputs, int inputs) = (Manifest.Entries[_layerOf[l]].Shape[0], Manifest.Entries[_layerOf[l]].Shape[1]);
            int block = Rank * (l == 0 ? Features : inputs);
            Tensor a = Ops.Reshape(Ops.Slice(numbers, 1, 0, Rank * inputs), sets, inputs, Rank);
            Tensor b = Ops.Reshape(Ops.Slice(numbers, 1, block, Rank * outputs), sets, Rank, outputs);
            weights[_layerOf[l]] = Weight.LowRank(Ops.Transpose(a), Ops.Transpose(b), scale * scale, Base[_layerOf[l]].Value);
            if (_biasOf[l] >= 0)
            {
                Tensor change = Ops.MultiplyScalar(Ops.Slice(numbers, 1, block + (Rank * outputs), outputs), scale);
                Tensor bias = Ops.Add(change, Base[_biasOf[l]].Value);
                weights[_biasOf[l]] = sets == 1 ? Ops.Reshape(bias, outputs) : bias;
            }
        }
    }

    static string IStoredLayer<LayerwiseLowRankEmission>.TypeName => "LayerwiseLowRankEmission";

    static LayerwiseLowRankEmission IStoredLayer<LayerwiseLowRankEmission>.Read(LayerSettings settings) => new(
        TargetManifest.Read(settings), settings.Int("features"), settings.Int("width"), settings.Int("rank"), settings.Number("alpha"), settings.Flag("trainsBase"));

    void IStoredLayer<LayerwiseLowRankEmission>.WriteSettings(LayerSettings settings)
    {
        Manifest.Write(settings);
        settings.Set("features", Features).Set("width", Width).Set("rank", Rank).Set("alpha", Alpha).Set("trainsBase", TrainsBase);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"LayerwiseLowRankEmission({_heads.Length} layers, rank: {Rank})";

    private static int Matrices(Layer target, string parameters)
    {
        ArgumentNullException.ThrowIfNull(target);
        return target.Find(parameters).Count(static named => IsChanged(named, bias: false));
    }

    private static bool IsChanged(NamedParameter named, bool bias) =>
        (IsMatrix(named) && named.Parameter.Shape.Rank == 2) || (bias && named.Role == ParameterRole.Bias && named.Parameter.Shape.Rank == 1);

    // For every matrix its place in the manifest, and that of the bias of its layer or -1.
    private (int[] Layers, int[] Biases, Linear[] Heads) Heads(RandomStream? random)
    {
        if (Rank < 1)
        {
            throw new ArgumentException($"LayerwiseLowRankEmission: the rank must be at least 1; got {Rank}.");
        }
        static string Owner(ManifestEntry entry) => entry.Name[..(entry.Name.LastIndexOf('.') + 1)];
        IReadOnlyList<ManifestEntry> entries = Manifest.Entries;
        int[] layers = [.. Enumerable.Range(0, entries.Count).Where(i => entries[i].Role == ParameterRole.Weight)];
        int[] biases = [.. layers.Select(layer => Enumerable.Range(0, entries.Count)
            .FirstOrDefault(i => entries[i].Role == ParameterRole.Bias && Owner(entries[i]) == Owner(entries[layer]), -1))];
        if (entries[layers[0]].Shape[1] > Features || biases.Count(static bias => bias >= 0) != entries.Count - layers.Length)
        {
            throw new ArgumentException(
                $"LayerwiseLowRankEmission: the first layer must be no wider than a row of {Features}, and every bias belong to a matrix; "
                + $"the layer is {entries[layers[0]].Shape}, and there are {layers.Length} matrices for {entries.Count} parameters.");
        }
        Linear[] heads = [.. layers.Select((layer, l) =>
        {
            Shape shape = entries[layer].Shape;
            int numbers = (Rank * ((l == 0 ? Features : shape[1]) + shape[0])) + (biases[l] >= 0 ? shape[0] : 0);
            Linear head = Add($"generator{l}", new Linear(Features, numbers, random: random));
            Initializer.XavierUniform().Apply(head.Weight, random);
            Initializer.Zeros.Apply(head.Bias!, random);
            return head;
        })];
        return (layers, biases, heads);
    }
}
