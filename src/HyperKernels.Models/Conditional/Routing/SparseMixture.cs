using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A mixture of experts of which few serve each row: <c>y = sum_e G_e(x) E_e(x)</c> over the experts that the gate scores highest. Rows are sorted by expert and run as
/// grouped products: an expert costs what its rows cost, and one without rows nothing.
/// </summary>
/// <remarks>
/// Any <see cref="Gate"/> goes: learned (<see cref="LinearGate"/>), with noise (<see cref="NoisyGate"/>), generated (<see cref="HyperGate"/>). For an even load add
/// <see cref="Routing.SquaredVariation"/> of importance and load to the loss. Source: Shazeer and others, Outrageously Large Neural Networks, ICLR 2017 (arXiv 1701.06538),
/// eq. 1 to 6 and 8 to 11.
/// </remarks>
public sealed class SparseMixture : TensorLayer, IStoredLayer<SparseMixture>
{
    // Its parts have no entry of their own that would make a program use them first.
    static SparseMixture()
    {
        LayerTypes.Register<SparseMixture>();
        LayerTypes.Register<LinearGate>();
        LayerTypes.Register<NoisyGate>();
        LayerTypes.Register<ExpertMlp>();
    }

    /// <summary>Joins gate and experts.</summary>
    /// <param name="gate">Scores experts.</param>
    /// <param name="experts">As many as the gate scores, for rows of the gate's size.</param>
    /// <param name="active">How many serve a row.</param>
    /// <param name="selection">How shares follow from the gate's scores.</param>
    /// <param name="softmaxOutputs">Whether each expert's output goes through a softmax, as in a well-known port.</param>
    /// <param name="shareSum">What shares are multiplied by: 1, or more where several experts together make up one block (<see cref="Upcycling"/>).</param>
    /// <exception cref="ArgumentException">Gate and experts do not fit each other, or active is not from 1 to the number of experts.</exception>
    public SparseMixture(
        Gate gate, ExpertMlp experts, int active = 2, ExpertSelection selection = ExpertSelection.SoftmaxOfKept, bool softmaxOutputs = false, float shareSum = 1)
    {
        ArgumentNullException.ThrowIfNull(gate);
        ArgumentNullException.ThrowIfNull(experts);
        if (gate.Experts != experts.Experts || gate.InFeatures != experts.InFeatures)
        {
            throw new ArgumentException(
                $"SparseMixture: the gate must score the experts that there are: it scores {gate.Experts} of rows of {gate.InFeatures}; there are {experts.Experts} for rows of "
                + $"{experts.InFeatures}.");
        }
        if (active < 1 || active > gate.Experts)
        {
            throw new ArgumentException($"SparseMixture: from 1 to {gate.Experts} experts can be active; got {active}.", nameof(active));
        }
        (Active, Selection, SoftmaxOutputs, ShareSum) = (active, selection, softmaxOutputs, shareSum);
        Gate = Add("gate", gate);
        Experts = Add("experts", experts);
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "sparse-mixture",
        Title = "Sparsely gated mixture of experts",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Shazeer and others", "Outrageously Large Neural Networks: The Sparsely-Gated Mixture-of-Experts Layer", "ICLR", 2017) { Arxiv = "1701.06538" },
        Equation = "y = sum_e G_e(x) E_e(x), G = softmax over the k largest of x W_g + noise softplus(x W_n)",
        Source = "eq. 1 to 6, losses eq. 8 to 11; the other selection as in davidmrau/mixture-of-experts",
        Layers = [typeof(SparseMixture), typeof(LinearGate), typeof(NoisyGate), typeof(ExpertMlp)],
        Cases = ["Sparse MoE"],
        Recipe = "moe-shakespeare",
    };

    /// <summary>
    /// What was published of run-time capacities: experts serve as many rows as a step sends them, without padding, and the limit changes without a rebuild
    /// (<see cref="CapacityFactor"/>). Recalled from the paper's abstract, not verified against the authors' code.
    /// </summary>
    public static PublishedSystem RunTimeCapacity { get; } = new()
    {
        Name = "dynamoe",
        Title = "Run-time expert capacities (DynaMoE)",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Kossmann, Jia, Aiken", "Optimizing Mixture of Experts using Dynamic Recompilations", "arXiv", 2022) { Arxiv = "2205.01848" },
        Equation = "the rows of expert e, at most ceil(factor N k / E) of them where a factor is set, in one grouped product",
        Source = "abstract; not verified against the authors' code",
        Layers = [typeof(SparseMixture)],
    };

    /// <summary>Scores experts.</summary>
    public Gate Gate { get; }

    /// <summary>The experts.</summary>
    public ExpertMlp Experts { get; }

    /// <summary>How many serve a row.</summary>
    public int Active { get; }

    /// <summary>How shares follow from the gate's scores.</summary>
    public ExpertSelection Selection { get; }

    /// <summary>Whether each expert's output goes through a softmax.</summary>
    public bool SoftmaxOutputs { get; }

    /// <summary>What shares are multiplied by.</summary>
    public float ShareSum { get; }

    /// <summary>
    /// How many rows an expert serves at most, as a multiple of its even part of them; null, the default, for as many as the gate sends it. May be changed between any two
    /// calls: nothing is laid out for a capacity, and no place is filled up. Files do not hold it.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive.</exception>
    public double? CapacityFactor
    {
        get;
        set => field = value is null or > 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), $"SparseMixture: the capacity factor must be positive, or null for no limit; got {value}.");
    }

    /// <summary>Routes every row and mixes what its experts give.</summary>
    /// <param name="input"><c>[B, ..., inFeatures]</c>: every row along the last axis is routed by itself.</param>
    /// <returns><c>[B, ..., outFeatures]</c></returns>
    /// <exception cref="ArgumentException">The last axis has another size.</exception>
    public override Tensor Forward(Tensor input)
    {
        Tensor rows = Ops.Reshape(input, -1, input.Shape[-1]);
        return Ops.Reshape(Mix(rows, Route(rows)), input.Shape.With(-1, Experts.OutFeatures));
    }

    /// <summary>Chooses experts; for those who want the losses of the load besides the answer of <see cref="Mix"/>.</summary>
    /// <param name="rows"><c>[N, inFeatures]</c></param>
    /// <exception cref="ArgumentException">The rows have another size.</exception>
    public Routing Route(Tensor rows) => Routing.Of(Gate.Forward(rows), Active, Selection);

    /// <summary>Mixes what the chosen experts give.</summary>
    /// <param name="rows"><c>[N, inFeatures]</c></param>
    /// <param name="routing">Of the same rows.</param>
    /// <returns>
    /// <c>[N, outFeatures]</c>. Beyond the capacity (<see cref="CapacityFactor"/>) rows lose an expert: later rows first, and an expert that is a row's second choice before
    /// one that is another's first. A row without any gets zeros.
    /// </returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public Tensor Mix(Tensor rows, Routing routing)
    {
        ArgumentNullException.ThrowIfNull(routing);
        Tensor shares = ShareSum == 1 ? routing.Shares : Ops.MultiplyScalar(routing.Shares, ShareSum);
        if (CapacityFactor is { } factor)
        {
            return MixWithin(rows, routing.Experts, shares, (int)Math.Ceiling(factor * shares.Count / Experts.Experts));
        }
        RowGroups groups = RowGroups.Of(routing.Experts, Experts.Experts);
        return Ops.MixGroups(Give(rows, groups.Sources, groups), groups, shares);
    }

    static string IStoredLayer<SparseMixture>.TypeName => "SparseMixture";

    static SparseMixture IStoredLayer<SparseMixture>.Read(LayerSettings settings) => new(
        settings.Layer<Gate>("gate"), settings.Layer<ExpertMlp>("experts"), settings.Int("active"), settings.Choice<ExpertSelection>("selection"),
        settings.Flag("softmaxOutputs"), settings.Has("shareSum") ? settings.Number("shareSum") : 1);

    void IStoredLayer<SparseMixture>.WriteSettings(LayerSettings settings) => settings
        .SetLayer("gate", Gate).SetLayer("experts", Experts).Set("active", Active).Set("selection", Selection).Set("softmaxOutputs", SoftmaxOutputs)
        .Set("shareSum", ShareSum);

    /// <inheritdoc/>
    protected override string Describe() => $"SparseMixture(active: {Active}, selection: {Selection})";

    private Tensor Give(Tensor rows, Tensor sources, RowGroups groups)
    {
        Tensor given = Experts.Forward(Ops.GatherRows(rows, sources), groups);
        return SoftmaxOutputs ? Ops.Softmax(given) : given;
    }

    private Tensor MixWithin(Tensor rows, Tensor experts, Tensor shares, int capacity)
    {
        int active = experts.Shape[1];
        int[] chosen = experts.ToIntArray();
        int[] served = new int[Experts.Experts];
        bool[] stays = new bool[chosen.Length];
        for (int choice = 0; choice < active; choice++)
        {
            for (int at = choice; at < chosen.Length; at += active)
            {
                stays[at] = served[chosen[at]]++ < capacity;
            }
        }
        int[] kept = [.. Enumerable.Range(0, chosen.Length).Where(at => stays[at])];
        RowGroups groups = RowGroups.Of(Array.ConvertAll(kept, at => chosen[at]), Experts.Experts, rows.Device);
        Tensor Sorted(int[] numbers) => Ops.GatherRows(Tensor.From(numbers, [numbers.Length], rows.Device), groups.Order);
        Tensor sources = Sorted(Array.ConvertAll(kept, at => at / active));
        Tensor counts = Ops.GatherRows(Ops.Reshape(shares, -1, 1), Sorted(kept));
        return Ops.ScatterAddRows(Ops.Multiply(Give(rows, sources, groups), counts), sources, rows.Shape[0]);
    }
}
