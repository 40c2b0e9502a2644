using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>A transformer layer with norms behind: <c>x = LN(x + attention(x)); x = LN(x + mlp(x))</c>.</summary>
internal sealed class PostNormBlock : TensorLayer
{
    private const int Widening = 4;

    private readonly SelfAttention _attention;
    private readonly LayerNorm _first;
    private readonly LayerNorm _second;
    private readonly Sequential _mlp;

    public PostNormBlock(int features, int heads, float dropout, RandomStream? random)
    {
        _attention = Add("attn", new SelfAttention(features, heads, dropout: dropout, random: random));
        _first = Add("norm1", new LayerNorm(features));
        _mlp = Add("mlp", new Sequential(
            new Linear(features, Widening * features, random: random), new Gelu(), new Dropout(dropout, random),
            new Linear(Widening * features, features, random: random), new Dropout(dropout, random)));
        _second = Add("norm2", new LayerNorm(features));
    }

    /// <summary><c>[B, T, features]</c> to the same.</summary>
    public override Tensor Forward(Tensor input)
    {
        Tensor hidden = _first.Forward(Ops.Add(input, _attention.Forward(input)));
        return _second.Forward(Ops.Add(hidden, _mlp.Forward(hidden)));
    }
}
