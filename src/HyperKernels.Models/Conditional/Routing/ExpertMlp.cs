using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Experts of two dense layers each, <c>E_e(x) = W2_e act(W1_e x + b1_e) + b2_e</c>, held in one tensor per kind so that the rows of all experts run in two grouped
/// products.
/// </summary>
public sealed class ExpertMlp : Layer, IStoredLayer<ExpertMlp>
{
    static ExpertMlp() => LayerTypes.Register<ExpertMlp>();

    /// <summary>Makes the experts; each starts like a pair of linear layers of its own.</summary>
    /// <param name="experts">The number E of experts.</param>
    /// <param name="inFeatures">I.</param>
    /// <param name="hiddenFeatures">H.</param>
    /// <param name="outFeatures">O.</param>
    /// <param name="activation">Between the layers; ReLU unless given.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public ExpertMlp(int experts, int inFeatures, int hiddenFeatures, int outFeatures, Activation? activation = null, RandomStream? random = null)
    {
        if (experts < 1 || inFeatures < 1 || hiddenFeatures < 1 || outFeatures < 1)
        {
            throw new ArgumentException(
                $"ExpertMlp: experts, inFeatures, hiddenFeatures and outFeatures must be at least 1; got {experts}, {inFeatures}, {hiddenFeatures} and {outFeatures}.");
        }
        (Experts, InFeatures, HiddenFeatures, OutFeatures) = (experts, inFeatures, hiddenFeatures, outFeatures);
        Activation = activation ?? Activation.Relu;
        Weight1 = AddParameter("weight1", [experts, hiddenFeatures, inFeatures], Initializer.DefaultFor(inFeatures), random);
        Bias1 = AddParameter("bias1", [experts, hiddenFeatures], Initializer.DefaultFor(inFeatures), random, ParameterRole.Bias, Weight1);
        Weight2 = AddParameter("weight2", [experts, outFeatures, hiddenFeatures], Initializer.DefaultFor(hiddenFeatures), random);
        Bias2 = AddParameter("bias2", [experts, outFeatures], Initializer.DefaultFor(hiddenFeatures), random, ParameterRole.Bias, Weight2);
    }

    /// <summary>E.</summary>
    public int Experts { get; }

    /// <summary>I.</summary>
    public int InFeatures { get; }

    /// <summary>H.</summary>
    public int HiddenFeatures { get; }

    /// <summary>O.</summary>
    public int OutFeatures { get; }

    /// <summary>Between the layers.</summary>
    public Activation Activation { get; }

    /// <summary><c>[E, H, I]</c></summary>
    public Parameter Weight1 { get; }

    /// <summary><c>[E, H]</c></summary>
    public Parameter Bias1 { get; }

    /// <summary><c>[E, O, H]</c></summary>
    public Parameter Weight2 { get; }

    /// <summary><c>[E, O]</c></summary>
    public Parameter Bias2 { get; }

    /// <summary>Runs every row through its expert.</summary>
    /// <param name="rows"><c>[M, I]</c>, sorted by expert.</param>
    /// <param name="groups">The rows of each expert.</param>
    /// <returns><c>[M, O]</c></returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public Tensor Forward(Tensor rows, RowGroups groups)
    {
        Tensor hidden = Ops.LinearGrouped(rows, Weight1.Value, groups, Bias1.Value, Activation);
        return Ops.LinearGrouped(hidden, Weight2.Value, groups, Bias2.Value);
    }

    static string IStoredLayer<ExpertMlp>.TypeName => "ExpertMlp";

    static ExpertMlp IStoredLayer<ExpertMlp>.Read(LayerSettings settings) => new(
        settings.Int("experts"), settings.Int("inFeatures"), settings.Int("hiddenFeatures"), settings.Int("outFeatures"), settings.Activation());

    void IStoredLayer<ExpertMlp>.WriteSettings(LayerSettings settings) => settings
        .Set("experts", Experts).Set("inFeatures", InFeatures).Set("hiddenFeatures", HiddenFeatures).Set("outFeatures", OutFeatures).SetActivation(Activation);

    /// <inheritdoc/>
    protected override string Describe() => $"ExpertMlp({Experts}, {InFeatures}, {HiddenFeatures}, {OutFeatures})";
}
