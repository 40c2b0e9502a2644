using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Attention between tokens and parameters in the place of a linear layer: <c>y = phi(x K^T) V</c> with trainable rows K and V, so that a layer grows by more rows.
/// </summary>
/// <remarks>
/// Source: Wang and others, TokenFormer: Rethinking Transformer Scaling with Tokenized Model Parameters, ICLR 2025 (arXiv 2410.23168), eq. 4 and 5, and the authors'
/// code for the other orders of norm and activation.
/// </remarks>
public sealed class ParameterAttention : TensorLayer, IStoredLayer<ParameterAttention>
{
    private const float Deviation = 0.02f;

    static ParameterAttention() => LayerTypes.Register<ParameterAttention>();

    /// <summary>Makes the layer; keys and values start normal with deviation 0.02.</summary>
    /// <param name="inFeatures">The size of a token.</param>
    /// <param name="outFeatures">The size of the answer.</param>
    /// <param name="tokens">T, the number of parameter rows.</param>
    /// <param name="norm">How scores become weights.</param>
    /// <param name="scaleTokens">The T of the norm's scale, which a grown layer keeps; 0 means <paramref name="tokens"/>.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public ParameterAttention(
        int inFeatures, int outFeatures, int tokens, TokenNorm norm = TokenNorm.GeluThenLength, int scaleTokens = 0, RandomStream? random = null)
    {
        if (inFeatures < 1 || outFeatures < 1 || tokens < 1 || scaleTokens < 0)
        {
            throw new ArgumentException(
                $"ParameterAttention: inFeatures, outFeatures and tokens must be at least 1; got {inFeatures}, {outFeatures} and {tokens} (scaleTokens {scaleTokens}).");
        }
        (InFeatures, OutFeatures, Tokens, Norm, ScaleTokens) = (inFeatures, outFeatures, tokens, norm, scaleTokens == 0 ? tokens : scaleTokens);
        Keys = AddParameter("keys", [tokens, inFeatures], Initializer.Normal(0, Deviation), random);
        Values = AddParameter("values", [tokens, outFeatures], Initializer.Normal(0, Deviation), random);
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "tokenformer",
        Title = "TokenFormer's parameter attention",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Wang and others", "TokenFormer: Rethinking Transformer Scaling with Tokenized Model Parameters", "ICLR", 2025) { Arxiv = "2410.23168" },
        Equation = "y = phi(x K') V, phi(S) = gelu(S) / |gelu(S)| sqrt(T)",
        Source = "eq. 4 and 5; the other orders as in Haiyang-W/TokenFormer",
        Layers = [typeof(ParameterAttention)],
        Cases = ["TokenFormer"],
    };

    /// <summary>The size of a token.</summary>
    public int InFeatures { get; }

    /// <summary>The size of the answer.</summary>
    public int OutFeatures { get; }

    /// <summary>T, the number of parameter rows.</summary>
    public int Tokens { get; }

    /// <summary>How scores become weights.</summary>
    public TokenNorm Norm { get; }

    /// <summary>The number of rows in the norm's scale.</summary>
    public int ScaleTokens { get; }

    /// <summary>K, <c>[T, inFeatures]</c></summary>
    public Parameter Keys { get; }

    /// <summary>V, <c>[T, outFeatures]</c></summary>
    public Parameter Values { get; }

    /// <summary>Attends to the parameters.</summary>
    /// <param name="input"><c>[B, ..., inFeatures]</c></param>
    /// <returns><c>[B, ..., outFeatures]</c></returns>
    /// <exception cref="ArgumentException">The last axis has another size.</exception>
    public override Tensor Forward(Tensor input)
    {
        Tensor scores = Ops.Linear(input, Keys);
        float root = MathF.Sqrt(ScaleTokens);
        Tensor weights = Norm switch
        {
            TokenNorm.GeluThenLength => Ops.MultiplyScalar(Ops.L2Normalize(Ops.Gelu(scores)), root),
            TokenNorm.LengthThenGelu => Ops.Gelu(Ops.MultiplyScalar(Ops.L2Normalize(scores), root)),
            _ => Ops.MultiplyScalar(Ops.Softmax(scores), ScaleTokens),
        };
        return Ops.Matmul(weights, Values.Value);
    }

    /// <summary>A layer with more rows that gives the same answers: the new keys are zero, the norm's scale is kept.</summary>
    /// <param name="more">How many rows are added.</param>
    /// <param name="random">Draws the new values, which nothing reads at first; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">more is less than 1.</exception>
    /// <exception cref="InvalidOperationException">The norm is a softmax, to which a row of zero scores counts.</exception>
    public ParameterAttention Grow(int more, RandomStream? random = null)
    {
        if (more < 1)
        {
            throw new ArgumentException($"ParameterAttention.Grow: at least one row must be added; got {more}.", nameof(more));
        }
        if (Norm == TokenNorm.Softmax)
        {
            throw new InvalidOperationException("ParameterAttention.Grow: with a softmax new rows change the answers. Use a norm with gelu, whose weight of a zero score is zero.");
        }
        ParameterAttention grown = new(InFeatures, OutFeatures, Tokens + more, Norm, ScaleTokens, random);
        grown.Keys.Load([.. Keys.OwnValue.ToArray(), .. new float[more * InFeatures]]);
        float[] values = grown.Values.OwnValue.ToArray();
        Values.OwnValue.ToArray().CopyTo(values, 0);
        grown.Values.Load(values);
        return grown;
    }

    static string IStoredLayer<ParameterAttention>.TypeName => "ParameterAttention";

    static ParameterAttention IStoredLayer<ParameterAttention>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"), settings.Int("outFeatures"), settings.Int("tokens"), settings.Choice<TokenNorm>("norm"), settings.Int("scaleTokens"));

    void IStoredLayer<ParameterAttention>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", InFeatures).Set("outFeatures", OutFeatures).Set("tokens", Tokens).Set("norm", Norm).Set("scaleTokens", ScaleTokens);

    /// <inheritdoc/>
    protected override string Describe() => $"ParameterAttention({InFeatures}, {OutFeatures}, tokens: {Tokens}, norm: {Norm})";
}
