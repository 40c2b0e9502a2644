using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Weighs experts by what is known of a token instead of by the token: <c>t = LN([gelu] A a + b)</c>, <c>p = softmax(W t)</c> over all experts, of which k are kept. The
/// attributes a are zeros and ones that name task and modality.
/// </summary>
/// <remarks>
/// Several experts that are kept share out their sum; one that is kept alone counts its probability. Source: Zhu and others, Uni-Perceiver-MoE, NeurIPS 2022
/// (arXiv 2206.04674), section 3, and the authors' code, fundamentalvision/Uni-Perceiver.
/// </remarks>
public sealed class AttributeGate : MixtureGate, IStoredLayer<AttributeGate>
{
    private readonly Linear _transform;
    private readonly LayerNorm _norm;

    static AttributeGate() => LayerTypes.Register<AttributeGate>();

    /// <summary>Makes the gate.</summary>
    /// <param name="attributes">The number of attributes; 8 in the paper.</param>
    /// <param name="hiddenFeatures">The width of what attributes are turned into.</param>
    /// <param name="experts">The number E of experts.</param>
    /// <param name="active">k, how many are kept.</param>
    /// <param name="gelu">Whether a GELU stands before the norm.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or active not from 1 to the number of experts.</exception>
    public AttributeGate(int attributes, int hiddenFeatures, int experts, int active = 2, bool gelu = false, RandomStream? random = null)
        : base(attributes, experts, FeatureAxis.Last)
    {
        if (active < 1 || active > experts)
        {
            throw new ArgumentException($"AttributeGate: from 1 to {experts} experts can be active; got {active}.", nameof(active));
        }
        (Active, HasGelu) = (active, gelu);
        _transform = Add("transform", new Linear(attributes, hiddenFeatures, random: random));
        _norm = Add("norm", new LayerNorm(hiddenFeatures));
        Weight = AddParameter("weight", [experts, hiddenFeatures], Initializer.DefaultFor(hiddenFeatures), random);
    }

    /// <summary>How many experts are kept.</summary>
    public int Active { get; }

    /// <summary>Whether a GELU stands before the norm.</summary>
    public bool HasGelu { get; }

    /// <summary>W, <c>[E, hiddenFeatures]</c>.</summary>
    public Parameter Weight { get; }

    /// <summary>Chooses experts.</summary>
    /// <param name="attributes"><c>[R, attributes]</c></param>
    /// <returns>Of the R rows.</returns>
    /// <exception cref="ArgumentException">The attributes have another shape.</exception>
    public Routing Route(Tensor attributes)
    {
        Tensor turned = _transform.Forward(Pool(attributes), HasGelu ? Activation.Gelu : Activation.None);
        Tensor logits = Ops.Linear(_norm.Forward(turned), Weight);
        return Routing.Of(new GateScores(logits, logits), Active, ExpertSelection.KeptProbabilities);
    }

    /// <summary>The shares of all experts.</summary>
    /// <param name="input">Attributes, <c>[R, attributes]</c>.</param>
    /// <returns><c>[R, E]</c>, zero for experts that are not kept.</returns>
    /// <exception cref="ArgumentException">The attributes have another shape.</exception>
    public override Tensor Forward(Tensor input) => Route(input).Gates;

    static string IStoredLayer<AttributeGate>.TypeName => "AttributeGate";

    static AttributeGate IStoredLayer<AttributeGate>.Read(LayerSettings settings) => new(
        settings.Int("attributes"), settings.Int("hiddenFeatures"), settings.Int("experts"), settings.Int("active"), settings.Flag("gelu"));

    void IStoredLayer<AttributeGate>.WriteSettings(LayerSettings settings) => settings
        .Set("attributes", InFeatures).Set("hiddenFeatures", _transform.OutFeatures).Set("experts", Experts).Set("active", Active).Set("gelu", HasGelu);

    /// <inheritdoc/>
    protected override string Describe() => $"AttributeGate({InFeatures}, {_transform.OutFeatures}, {Experts}, active: {Active})";
}
