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
    /// <exception cref="ArgumentException">Gate and experts do not fit each other, or active is not from 1 to the number of experts.</exception>
    public SparseMixture(
        Gate gate, ExpertMlp experts, int active = 2, ExpertSelection selection = ExpertSelection.SoftmaxOfKept, bool softmaxOutputs = false)
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
        (Active, Selection, SoftmaxOutputs) = (active, selection, softmaxOutputs);
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
    /// <returns><c>[N, outFeatures]</c></returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public Tensor Mix(Tensor rows, Routing routing)
    {
        ArgumentNullException.ThrowIfNull(routing);
        RowGroups groups = RowGroups.Of(routing.Experts, Experts.Experts);
        Tensor given = Experts.Forward(Ops.GatherRows(rows, groups.Sources), groups);
        given = SoftmaxOutputs ? Ops.Softmax(given) : given;
        return Ops.MixGroups(given, groups, routing.Shares);
    }

    static string IStoredLayer<SparseMixture>.TypeName => "SparseMixture";

    static SparseMixture IStoredLayer<SparseMixture>.Read(LayerSettings settings) => new(
        settings.Layer<Gate>("gate"), settings.Layer<ExpertMlp>("experts"), settings.Int("active"), settings.Choice<ExpertSelection>("selection"),
        settings.Flag("softmaxOutputs"));

    void IStoredLayer<SparseMixture>.WriteSettings(LayerSettings settings) => settings
        .SetLayer("gate", Gate).SetLayer("experts", Experts).Set("active", Active).Set("selection", Selection).Set("softmaxOutputs", SoftmaxOutputs);

    /// <inheritdoc/>
    protected override string Describe() => $"SparseMixture(active: {Active}, selection: {Selection})";
}
