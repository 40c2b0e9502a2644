using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A linear layer of parameterised hypercomplex multiplication (PHM): <c>y = x W^T + b</c> with <c>W = sum_i A_i (x) S_i</c>, n products of a rule <c>A_i [n, n]</c> and
/// <c>S_i [O / n, I / n]</c>. About 1 / n of a linear layer's parameters; n = 4 can learn the Hamilton product.
/// </summary>
/// <remarks>
/// <para>
/// Features go by component: the first I / n are those of the first component, and so on. W is written out once per use; saved are parameters and memory, not arithmetic. Both
/// factors start Xavier-uniform. The rule can be generated: put a tensor <c>[C, n, n, n]</c> in the place of <see cref="Rule"/>, or let a <see cref="HyperNetwork"/> do it.
/// </para>
/// <para>
/// Sources: Zhang and others, Beyond Fully-Connected Layers with Quaternions, ICLR 2021 (arXiv 2102.08597), eq. 3 and 4; Grassucci, Zhang, Comminiello, PHNNs, TNNLS 2022
/// (arXiv 2110.04176), and the authors' code, eleGAN23/HyperNets.
/// </para>
/// </remarks>
public sealed class KroneckerLinear : TensorLayer, IStoredLayer<KroneckerLinear>
{
    // Files may hold the convolutions before a program uses them.
    static KroneckerLinear()
    {
        LayerTypes.Register<KroneckerLinear>();
        LayerTypes.Register<KroneckerConv1d>();
        LayerTypes.Register<KroneckerConv2d>();
    }

    /// <summary>Makes the layer.</summary>
    /// <param name="inFeatures">The features I of what comes in, a multiple of n.</param>
    /// <param name="outFeatures">The features O of what comes out, a multiple of n.</param>
    /// <param name="n">The number of components.</param>
    /// <param name="bias">Whether a bias is added.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">n does not divide the features.</exception>
    public KroneckerLinear(int inFeatures, int outFeatures, int n = 4, bool bias = true, RandomStream? random = null)
    {
        KroneckerFactors.Check("KroneckerLinear", inFeatures, outFeatures, n, "features");
        (InFeatures, OutFeatures, N) = (inFeatures, outFeatures, n);
        Rule = AddParameter("rule", [n, n, n], Initializer.XavierUniform(), random);
        Factors = AddParameter("factors", [n, outFeatures / n, inFeatures / n], Initializer.XavierUniform(), random);
        Bias = bias ? AddParameter("bias", [outFeatures], Initializer.DefaultFor(inFeatures), random, ParameterRole.Bias) : null;
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "phm",
        Title = "Parameterised hypercomplex layers (PHM, PHC)",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Grassucci, Zhang, Comminiello", "PHNNs: Lightweight Neural Networks via Parameterized Hypercomplex Convolutions", "TNNLS", 2022)
        {
            Arxiv = "2110.04176",
        },
        Equation = "W = sum_i A_i (x) F_i, y = x W' + b or conv(x, W) + b",
        Source = "eq. 6 and 7; Zhang and others, ICLR 2021, eq. 3 and 4; the authors' code, eleGAN23/HyperNets (whose convolutions leave their bias out)",
        Layers = [typeof(KroneckerLinear), typeof(KroneckerConv1d), typeof(KroneckerConv2d)],
        Cases = ["PHM"],
        Recipe = "phc-images",
    };

    /// <summary>The features of what comes in.</summary>
    public int InFeatures { get; }

    /// <summary>The features of what comes out.</summary>
    public int OutFeatures { get; }

    /// <summary>The number of components.</summary>
    public int N { get; }

    /// <summary>A, the rule of multiplication, <c>[n, n, n]</c>.</summary>
    public Parameter Rule { get; }

    /// <summary>S, <c>[n, O / n, I / n]</c>.</summary>
    public Parameter Factors { get; }

    /// <summary>The bias, <c>[O]</c>, or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>W as what layers multiply by, <c>[O, I]</c>.</summary>
    public Weight Weight => Weight.Kronecker(Rule.Value, Factors.Value);

    /// <summary>Computes <c>x W^T + b</c>.</summary>
    /// <param name="input"><c>[B, ..., I]</c></param>
    /// <returns><c>[B, ..., O]</c></returns>
    /// <exception cref="ArgumentException">The last axis has another size.</exception>
    public override Tensor Forward(Tensor input) => Ops.Linear(input, Weight, Bias?.Value);

    static string IStoredLayer<KroneckerLinear>.TypeName => "KroneckerLinear";

    static KroneckerLinear IStoredLayer<KroneckerLinear>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("outFeatures"), settings.Int("n"), settings.Flag("bias"));

    void IStoredLayer<KroneckerLinear>.WriteSettings(LayerSettings settings) =>
        settings.Set("inFeatures", InFeatures).Set("outFeatures", OutFeatures).Set("n", N).Set("bias", Bias is not null);

    /// <inheritdoc/>
    protected override string Describe() => $"KroneckerLinear({InFeatures}, {OutFeatures}, n: {N})";
}
