using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>A transformer block with norms in front: <c>x = x + attention(LN(x)); x = x + mlp(LN(x))</c>. Names are those of minGPT's modules.</summary>
internal sealed class PreNormBlock : TensorLayer
{
    private const int Widening = 4;

    private readonly LayerNorm _first;
    private readonly LayerNorm _second;
    private readonly SelfAttention _attention;
    private readonly Sequential _mlp;

    public PreNormBlock(int embedding, int heads, bool causal, float dropout, float epsilon, RandomStream? random)
    {
        _first = Add("ln1", new LayerNorm(embedding, epsilon));
        _second = Add("ln2", new LayerNorm(embedding, epsilon));
        _attention = Add("attn", new SelfAttention(embedding, heads, causal, dropout, random));
        _mlp = Add("mlp", new Sequential(
            NewLinear(embedding, Widening * embedding, random), new Gelu(), NewLinear(Widening * embedding, embedding, random), new Dropout(dropout, random)));
    }

    /// <summary><c>[B, T, embedding]</c> to the same.</summary>
    public override Tensor Forward(Tensor input)
    {
        Tensor hidden = Ops.Add(input, _attention.Forward(_first.Forward(input)));
        return Ops.Add(hidden, _mlp.Forward(_second.Forward(hidden)));
    }

    /// <summary>A linear layer with GPT-2's first values: weights from N(0, 0.02), biases zero.</summary>
    public static Linear NewLinear(int inFeatures, int outFeatures, RandomStream? random, bool bias = true)
    {
        const float Deviation = 0.02f;
        Linear linear = new(inFeatures, outFeatures, bias, random);
        Initializer.Normal(0, Deviation).Apply(linear.Weight, random);
        linear.Bias?.Load(new float[outFeatures]);
        return linear;
    }
}
