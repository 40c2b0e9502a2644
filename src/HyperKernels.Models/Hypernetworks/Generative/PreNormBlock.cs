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

    private sealed class SelfAttention : TensorLayer
    {
        private const float Never = -1e30f;

        private readonly int _heads;
        private readonly bool _causal;
        private readonly Linear _key;
        private readonly Linear _query;
        private readonly Linear _value;
        private readonly Dropout _dropWeights;
        private readonly Dropout _dropOutput;
        private readonly Linear _projection;

        public SelfAttention(int embedding, int heads, bool causal, float dropout, RandomStream? random)
        {
            _heads = heads;
            _causal = causal;
            _key = Add("key", NewLinear(embedding, embedding, random));
            _query = Add("query", NewLinear(embedding, embedding, random));
            _value = Add("value", NewLinear(embedding, embedding, random));
            _dropWeights = Add("attn_drop", new Dropout(dropout, random));
            _dropOutput = Add("resid_drop", new Dropout(dropout, random));
            _projection = Add("proj", NewLinear(embedding, embedding, random));
        }

        public override Tensor Forward(Tensor input)
        {
            (int batch, int tokens, int embedding) = (input.Shape[0], input.Shape[1], input.Shape[2]);
            Tensor Heads(Linear layer) => Ops.Permute(Ops.Reshape(layer.Forward(input), [batch, tokens, _heads, embedding / _heads]), 0, 2, 1, 3);
            Tensor scores = Ops.MultiplyScalar(Ops.Matmul(Heads(_query), Heads(_key), transposeB: true), 1 / MathF.Sqrt(embedding / _heads));
            if (_causal)
            {
                float[] mask = new float[tokens * tokens];
                for (int i = 0; i < mask.Length; i++)
                {
                    mask[i] = i % tokens > i / tokens ? Never : 0;
                }
                scores = Ops.Add(scores, Tensor.From(mask, [tokens, tokens], input.Device));
            }
            Tensor mixed = Ops.Matmul(_dropWeights.Forward(Ops.Softmax(scores)), Heads(_value));
            return _dropOutput.Forward(_projection.Forward(Ops.Reshape(Ops.Permute(mixed, 0, 2, 1, 3), [batch, tokens, embedding])));
        }
    }
}
