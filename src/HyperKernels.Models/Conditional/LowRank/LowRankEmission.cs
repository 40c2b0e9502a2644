using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Changes of low rank that are generated: every matrix or set of kernels of a target is <c>W_b = W_0 + (alpha / r) B_b A_b</c> with <c>A_b = reshape(G_A z_b + g_A)</c>
/// and <c>B_b = reshape(G_B z_b + g_B)</c>, z what the generator gives. No weight is written out: a layer multiplies by two thin factors of each sample's own.
/// </summary>
/// <remarks>
/// G_B and g_B start at zero, so that the target starts as it was; g_A starts as the A of a LoRA does (uniform within <c>1 / sqrt(fan in)</c>), and G_A so that it adds as
/// much for embeddings of variance one. Sources: Hu and others, LoRA, ICLR 2022 (arXiv 2106.09685), eq. 3; Phang, Mao, He, Chen, HyperTuning, ICML 2023 (arXiv
/// 2211.12485).
/// </remarks>
public sealed class LowRankEmission : DeltaEmission, IStoredLayer<LowRankEmission>
{
    private readonly Linear[] _headsA;
    private readonly Linear[] _headsB;

    static LowRankEmission() => LayerTypes.Register<LowRankEmission>();

    /// <summary>Makes the heads for a target.</summary>
    /// <param name="target">Any layer; its values now become those of W_0.</param>
    /// <param name="width">The numbers per row that the generator gives.</param>
    /// <param name="rank">r.</param>
    /// <param name="alpha">The change is scaled by alpha / r.</param>
    /// <param name="parameters">Which matrices and kernels change: a pattern over dotted names.</param>
    /// <param name="trainsBase">Whether W_0 trains too.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">rank is below 1, or no matrix matches.</exception>
    public LowRankEmission(
        Layer target, int width, int rank, float alpha, string parameters = "*", bool trainsBase = false, RandomStream? random = null)
        : base(target, width, parameters, IsMatrix, trainsBase) => (_headsA, _headsB, Rank, Alpha) = (Heads("a", rank, random), Heads("b", rank, random), rank, alpha);

    private LowRankEmission(TargetManifest manifest, int width, int rank, float alpha, bool trainsBase)
        : base(manifest, width, trainsBase) => (_headsA, _headsB, Rank, Alpha) = (Heads("a", rank, null), Heads("b", rank, null), rank, alpha);

    /// <summary>r.</summary>
    public int Rank { get; }

    /// <summary>The change is scaled by alpha / r.</summary>
    public float Alpha { get; }

    /// <summary>The layers G_A, g_A in the manifest's order: the rows of A one behind the other.</summary>
    public IReadOnlyList<Linear> HeadsA => _headsA;

    /// <summary>The layers G_B, g_B in the manifest's order: the rows of B one behind the other.</summary>
    public IReadOnlyList<Linear> HeadsB => _headsB;

    /// <summary>Generates the two factors of a tensor.</summary>
    /// <param name="entry">Its place in the manifest.</param>
    /// <param name="z">What the generator gives, <c>[C, H]</c>.</param>
    /// <returns>A <c>[C, r, I, ...]</c> and B <c>[C, O, r]</c>.</returns>
    public (Tensor A, Tensor B) Factors(int entry, Tensor z)
    {
        Shape axes = Manifest.Entries[entry].Shape;
        int sets = z.Shape[0];
        return (Ops.Reshape(_headsA[entry].Forward(z), axes.With(0, Rank).Insert(0, sets)), Ops.Reshape(_headsB[entry].Forward(z), sets, axes[0], Rank));
    }

    /// <inheritdoc/>
    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
    {
        ArgumentNullException.ThrowIfNull(generator);
        Tensor z = generator.Forward(embedding);
        for (int i = 0; i < weights.Length; i++)
        {
            (Tensor a, Tensor b) = Factors(i, z);
            weights[i] = Weight.LowRank(a, b, Alpha / Rank, Base[i].Value);
        }
    }

    static string IStoredLayer<LowRankEmission>.TypeName => "LowRankEmission";

    static LowRankEmission IStoredLayer<LowRankEmission>.Read(LayerSettings settings) => new(
        TargetManifest.Read(settings), settings.Int("width"), settings.Int("rank"), settings.Number("alpha"), settings.Flag("trainsBase"));

    void IStoredLayer<LowRankEmission>.WriteSettings(LayerSettings settings)
    {
        Manifest.Write(settings);
        settings.Set("width", Width).Set("rank", Rank).Set("alpha", Alpha).Set("trainsBase", TrainsBase);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"LowRankEmission({Manifest.Entries.Count} tensors, rank: {Rank})";

    private Linear[] Heads(string name, int rank, RandomStream? random)
    {
        if (rank < 1)
        {
            throw new ArgumentException($"LowRankEmission: the rank must be at least 1; got {rank}.", nameof(rank));
        }
        bool isA = name == "a";
        return [.. Manifest.Entries.Select((entry, i) =>
        {
            int inputs = entry.Count / entry.Shape[0];
            Linear head = Add($"{name}{i}", new Linear(Width, rank * (isA ? inputs : entry.Shape[0]), random: random));
            float bound = 1 / MathF.Sqrt(inputs);
            (isA ? Initializer.Uniform(-bound / MathF.Sqrt(Width), bound / MathF.Sqrt(Width)) : Initializer.Zeros).Apply(head.Weight, random);
            (isA ? Initializer.Uniform(-bound, bound) : Initializer.Zeros).Apply(head.Bias!, random);
            return head;
        })];
    }
}
