using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Changes of low Tucker rank: every matrix or set of kernels is <c>W = W_0 + s G x_1 U_in x_2 U_out x_3 U_h x_4 U_w</c>, that is
/// <c>delta[o, i, h, w] = s sum_abcd G[a, b, c, d] U_in[i, a] U_out[o, b] U_h[h, c] U_w[w, d]</c>. The core G is a parameter, and may have a generated part: then every
/// condition has a change of its own over shared factors.
/// </summary>
/// <remarks>
/// All but U_out are contracted to <c>A [r_out, I, h, w]</c>: the change is <c>U_out A</c> and is applied as two thin factors. G starts at zero, so that the target
/// starts as it was, factors normal with deviation <c>1 / sqrt(2 r)</c>. Source: Si and others, FLoRA: Low-Rank Core Space for N-dimension (arXiv 2405.14739), section 3,
/// and the authors' code, SJTU-DeepVisionLab/FLoRA (whose dropout before the change is left out).
/// </remarks>
public sealed class TuckerEmission : DeltaEmission, IStoredLayer<TuckerEmission>
{
    private readonly int[] _ranks;
    private readonly Parameter[] _cores;
    private readonly Linear[] _heads;
    private readonly Parameter[][] _factors;

    static TuckerEmission() => LayerTypes.Register<TuckerEmission>();

    /// <summary>Makes the changes of a target.</summary>
    /// <param name="target">Any layer; its values now become those of W_0.</param>
    /// <param name="ranks">r_in, r_out, and for kernels one for each of their axes; matrices read the first two.</param>
    /// <param name="scale">s.</param>
    /// <param name="width">The numbers per row that a generator gives for the cores; 0 for changes that depend on no condition.</param>
    /// <param name="parameters">Which matrices and kernels change: a pattern over dotted names.</param>
    /// <param name="trainsBase">Whether W_0 trains too.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A rank is below 1 or missing, or no matrix matches.</exception>
    public TuckerEmission(
        Layer target, IReadOnlyList<int> ranks, float scale = 1, int width = 0, string parameters = "*", bool trainsBase = false, RandomStream? random = null)
        : base(target, Math.Max(1, width), parameters, IsMatrix, trainsBase)
    {
        (Scale, IsConditional) = (scale, width > 0);
        (_ranks, _cores, _heads, _factors) = Make(ranks, random);
    }

    private TuckerEmission(TargetManifest manifest, int[] ranks, float scale, int width, bool trainsBase)
        : base(manifest, Math.Max(1, width), trainsBase)
    {
        (Scale, IsConditional) = (scale, width > 0);
        (_ranks, _cores, _heads, _factors) = Make(ranks, null);
    }

    /// <summary>s.</summary>
    public float Scale { get; }

    /// <summary>Whether cores have a generated part.</summary>
    public bool IsConditional { get; }

    /// <summary>The cores <c>[r_in, r_out, ...]</c> in the manifest's order.</summary>
    public IReadOnlyList<Parameter> Cores => _cores;

    /// <summary>For every tensor of the manifest the factors of its axes: inputs first, <c>[axis, r]</c>.</summary>
    public IReadOnlyList<IReadOnlyList<Parameter>> Factors => _factors;

    /// <summary>The change of a tensor without its base.</summary>
    /// <param name="entry">Its place in the manifest.</param>
    /// <param name="z">What the generator gives, <c>[C, H]</c>; not read where cores depend on no condition.</param>
    public Weight Delta(int entry, Tensor z) => Change(entry, z, null);

    /// <inheritdoc/>
    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
    {
        ArgumentNullException.ThrowIfNull(generator);
        Tensor z = IsConditional ? generator.Forward(embedding) : embedding;
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = Change(i, z, Base[i].Value);
        }
    }

    static string IStoredLayer<TuckerEmission>.TypeName => "TuckerEmission";

    static TuckerEmission IStoredLayer<TuckerEmission>.Read(LayerSettings settings) => new(
        TargetManifest.Read(settings), settings.Ints("ranks"), settings.Number("scale"), settings.Int("width"), settings.Flag("trainsBase"));

    void IStoredLayer<TuckerEmission>.WriteSettings(LayerSettings settings)
    {
        Manifest.Write(settings);
        settings.Set("ranks", _ranks).Set("scale", Scale).Set("width", IsConditional ? Width : 0).Set("trainsBase", TrainsBase);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"TuckerEmission({Manifest.Entries.Count} tensors, ranks: {string.Join(" x ", _ranks)})";

    private (int[] Ranks, Parameter[] Cores, Linear[] Heads, Parameter[][] Factors) Make(IReadOnlyList<int> ranks, RandomStream? random)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        int needed = Manifest.Entries.Max(static entry => entry.Shape.Rank);
        if (ranks.Count < needed || ranks.Any(static rank => rank < 1))
        {
            throw new ArgumentException(
                $"TuckerEmission: {needed} ranks of at least 1 are needed (inputs, outputs, axes of kernels); got {string.Join(", ", ranks)}.", nameof(ranks));
        }
        Initializer start = Initializer.KaimingNormal(Activation.LeakyRelu(MathF.Sqrt(3)));
        Parameter[] cores = new Parameter[Manifest.Entries.Count];
        Linear[] heads = new Linear[IsConditional ? cores.Length : 0];
        Parameter[][] factors = new Parameter[cores.Length][];
        for (int i = 0; i < cores.Length; i++)
        {
            Shape axes = Manifest.Entries[i].Shape;
            Shape core = new([.. ranks.Take(axes.Rank)]);
            cores[i] = AddParameter($"core{i}", core, Initializer.Zeros, random);
            factors[i] = [.. Enumerable.Range(0, axes.Rank).Select(axis => AddParameter(
                $"factor{i}_{axis}", [axes[axis < 2 ? 1 - axis : axis], ranks[axis]], start, random))];
            if (IsConditional)
            {
                heads[i] = Add($"head{i}", new Linear(Width, (int)core.Count, bias: false, random));
                Initializer.Zeros.Apply(heads[i].Weight, random);
            }
        }
        return ([.. ranks], cores, heads, factors);
    }

    private Weight Change(int entry, Tensor z, Tensor? own)
    {
        Shape axes = Manifest.Entries[entry].Shape;
        Tensor core = Ops.Reshape(_cores[entry].Value, _cores[entry].Shape.Insert(0, 1));
        if (IsConditional)
        {
            core = Ops.Add(core, Ops.Reshape(_heads[entry].Forward(z), _cores[entry].Shape.Insert(0, z.Shape[0])));
        }
        // [C, r_out, r_in, r_h, r_w]: the third axis goes last and is multiplied away, one after the other.
        Tensor a = Ops.Transpose(core, 1, 2);
        int[] order = [0, 1, .. Enumerable.Range(3, axes.Rank - 2), 2];
        for (int axis = 0; axis < axes.Rank; axis++)
        {
            if (axis != 1)
            {
                a = Ops.Linear(Ops.Permute(a, order), _factors[entry][axis].Value);
            }
        }
        return Weight.LowRank(a, _factors[entry][1].Value, Scale, own, axes);
    }
}
