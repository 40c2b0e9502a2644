using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Attention of a sequence to itself, in heads: <c>y = W_o [softmax(Q_h K_h^T / sqrt(D / heads)) V_h]</c>, with GPT-2's first values. Names are those of minGPT.</summary>
/// <remarks>Source: Vaswani and others, Attention Is All You Need, NeurIPS 2017 (arXiv 1706.03762), section 3.2.</remarks>
public sealed class SelfAttention : TensorLayer, IStoredLayer<SelfAttention>
{
    private readonly float _dropout;
    private readonly Linear _key;
    private readonly Linear _query;
    private readonly Linear _value;
    private readonly Dropout _dropWeights;
    private readonly Dropout _dropOutput;
    private readonly Linear _projection;

    static SelfAttention() => LayerTypes.Register<SelfAttention>();

    /// <summary>Makes the layer.</summary>
    /// <param name="features">D, the size of a token.</param>
    /// <param name="heads">How many attend side by side; they divide D.</param>
    /// <param name="causal">Whether a token sees itself and those before it alone.</param>
    /// <param name="dropout">Of the attention's weights and of the answer.</param>
    /// <param name="random">Where first values and dropout come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or heads do not divide features.</exception>
    public SelfAttention(int features, int heads, bool causal = false, float dropout = 0, RandomStream? random = null)
    {
        if (features < 1 || heads < 1 || features % heads != 0)
        {
            throw new ArgumentException($"SelfAttention: heads must divide features, and both must be at least 1; got {features} features and {heads} heads.");
        }
        (Features, Heads, IsCausal, _dropout) = (features, heads, causal, dropout);
        _key = Add("key", PreNormBlock.NewLinear(features, features, random));
        _query = Add("query", PreNormBlock.NewLinear(features, features, random));
        _value = Add("value", PreNormBlock.NewLinear(features, features, random));
        _dropWeights = Add("attn_drop", new Dropout(dropout, random));
        _dropOutput = Add("resid_drop", new Dropout(dropout, random));
        _projection = Add("proj", PreNormBlock.NewLinear(features, features, random));
    }

    /// <summary>D.</summary>
    public int Features { get; }

    /// <summary>How many attend side by side.</summary>
    public int Heads { get; }

    /// <summary>Whether a token sees itself and those before it alone.</summary>
    public bool IsCausal { get; }

    /// <summary>Attends.</summary>
    /// <param name="input"><c>[B, T, D]</c></param>
    /// <returns><c>[B, T, D]</c></returns>
    /// <exception cref="ArgumentException">The input has another number of axes or another last axis.</exception>
    public override Tensor Forward(Tensor input)
    {
        if (input.Rank != 3 || input.Shape[2] != Features)
        {
            throw new ArgumentException($"SelfAttention: tokens must be [B, T, {Features}]; got {input.Shape}.", nameof(input));
        }
        (int batch, int tokens) = (input.Shape[0], input.Shape[1]);
        Tensor Split(Linear layer) => Ops.Permute(Ops.Reshape(layer.Forward(input), [batch, tokens, Heads, Features / Heads]), 0, 2, 1, 3);
        Tensor scores = Ops.MultiplyScalar(Ops.Matmul(Split(_query), Split(_key), transposeB: true), 1 / MathF.Sqrt(Features / Heads));
        if (IsCausal)
        {
            scores = Ops.Add(scores, CausalMask.Of(tokens, input.Device));
        }
        Tensor mixed = Ops.Matmul(_dropWeights.Forward(Ops.Softmax(scores)), Split(_value));
        return _dropOutput.Forward(_projection.Forward(Ops.Reshape(Ops.Permute(mixed, 0, 2, 1, 3), [batch, tokens, Features])));
    }

    static string IStoredLayer<SelfAttention>.TypeName => "SelfAttention";

    static SelfAttention IStoredLayer<SelfAttention>.Read(LayerSettings settings) =>
        new(settings.Int("features"), settings.Int("heads"), settings.Flag("causal"), settings.Number("dropout"));

    void IStoredLayer<SelfAttention>.WriteSettings(LayerSettings settings) =>
        settings.Set("features", Features).Set("heads", Heads).Set("causal", IsCausal).Set("dropout", _dropout);

    /// <inheritdoc/>
    protected override string Describe() => $"SelfAttention({Features}, heads: {Heads}{(IsCausal ? ", causal" : "")})";
}
