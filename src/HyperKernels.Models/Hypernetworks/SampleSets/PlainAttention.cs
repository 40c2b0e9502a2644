using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Self-attention without a map behind it, scores divided by the root of the whole width, in which only the first tokens ask.</summary>
internal sealed class PlainAttention : Layer
{
    private readonly int _features;
    private readonly int _heads;
    private readonly Linear _query;
    private readonly Linear _key;
    private readonly Linear _value;
    private readonly Dropout _dropout;

    public PlainAttention(int features, int heads, float dropout, RandomStream? random)
    {
        (_features, _heads) = (features, heads);
        _query = Add("q", new Linear(features, features, random: random));
        _key = Add("k", new Linear(features, features, random: random));
        _value = Add("v", new Linear(features, features, random: random));
        _dropout = Add("dropout", new Dropout(dropout, random));
    }

    /// <summary>Of <c>[C, T, D]</c> the answers to the first tokens, <c>[C, first, D]</c>.</summary>
    public Tensor Forward(Tensor tokens, int first)
    {
        Tensor Heads(Tensor rows) => Ops.Permute(Ops.Reshape(rows, rows.Shape[0], rows.Shape[1], _heads, _features / _heads), 0, 2, 1, 3);
        Tensor query = Heads(_query.Forward(Ops.Slice(tokens, 1, 0, first)));
        Tensor scores = Ops.MultiplyScalar(Ops.Matmul(query, Heads(_key.Forward(tokens)), transposeB: true), 1 / MathF.Sqrt(_features));
        Tensor answers = Ops.Matmul(_dropout.Forward(Ops.Softmax(scores)), Heads(_value.Forward(tokens)));
        return Ops.Reshape(Ops.Permute(answers, 0, 2, 1, 3), tokens.Shape[0], first, _features);
    }
}
