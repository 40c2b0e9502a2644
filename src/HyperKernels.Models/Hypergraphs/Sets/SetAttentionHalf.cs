using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Pooling by attention to a learned seed: <c>o[e] = seed + sum over the members v of softmax(leaky_relu(seed . K x[v])) V x[v]</c> in each head, and
/// <c>out = LN1(o + relu(MLP(o)))</c> with <c>o = LN0(heads joined)</c>.
/// </summary>
internal sealed class SetAttentionHalf : SetHalf
{
    private const float Slope = 0.2f;
    private readonly Linear _keys;
    private readonly Linear _values;
    private readonly Parameter _seed;
    private readonly LayerNorm _before;
    private readonly LayerNorm _after;
    private readonly SetMlp _mlp;

    public SetAttentionHalf(int inFeatures, int outFeatures, AllSetOptions options, RandomStream? random)
    {
        if (options.Heads < 1 || outFeatures % options.Heads != 0)
        {
            throw new ArgumentException($"AllSetConv: heads must divide the features; got {options.Heads} heads of {outFeatures} features.");
        }
        PropagationLayers prop = Add("prop", new PropagationLayers());
        _keys = prop.With("lin_K", new Linear(inFeatures, outFeatures, random: random));
        _values = prop.With("lin_V", new Linear(inFeatures, outFeatures, random: random));
        foreach (Linear linear in new[] { _keys, _values })
        {
            Initializer.XavierUniform().Apply(linear.Weight, random);
        }
        _seed = prop.Seed(options.Heads, outFeatures / options.Heads, random);
        _before = prop.With("ln0", new LayerNorm(outFeatures));
        _after = prop.With("ln1", new LayerNorm(outFeatures));
        _mlp = prop.With("rFF", new SetMlp(outFeatures, outFeatures, outFeatures, options.MlpLayers, random: random));
    }

    public override Tensor Forward(Tensor rows, Hypergraph graph, Toward toward)
    {
        Incidence incidence = graph.Incidence;
        (int heads, int width) = (_seed.Shape[1], _seed.Shape[2]);

        // A row's score is of that row alone, and linear up to the leaky relu: the seed goes into K, and no key is made.
        Tensor seed = Ops.Reshape(_seed.Value, heads, 1, width);
        Tensor toScores = Ops.Reshape(Ops.Matmul(seed, Ops.Reshape(_keys.Weight.Value, heads, width, -1)), heads, -1);
        Tensor bias = Ops.Reshape(Ops.Matmul(seed, Ops.Reshape(_keys.Bias!.Value, heads, width, 1)), heads);
        Tensor scores = Ops.Linear(rows, toScores, bias, Activation.LeakyRelu(Slope));
        Tensor values = Ops.Reshape(_values.Forward(rows), -1, heads, width);

        bool toEdges = toward == Toward.Edges;
        Tensor each = toEdges ? Ops.NodesToMemberships(scores, incidence) : Ops.EdgesToMemberships(scores, incidence);
        Tensor shares = Ops.SegmentSoftmax(each, incidence, toward);
        Tensor pooled = toEdges ? Ops.NodesToEdges(values, incidence, shares) : Ops.EdgesToNodes(values, incidence, shares);
        Tensor x = _before.Forward(Ops.Reshape(Ops.Add(pooled, _seed.Value), -1, heads * width));
        return _after.Forward(Ops.Add(x, Ops.Relu(_mlp.Forward(x))));
    }

    /// <summary>The authors' names stand under <c>prop</c>.</summary>
    private sealed class PropagationLayers : Layer
    {
        public TLayer With<TLayer>(string name, TLayer layer)
            where TLayer : Layer => Add(name, layer);

        // Xavier's bound for a tensor of three axes, as PyTorch counts its fans: the last axis belongs to both.
        public Parameter Seed(int heads, int width, RandomStream? random)
        {
            float bound = (float)Math.Sqrt(6.0 / ((heads + 1) * width));
            return AddParameter("att_r", [1, heads, width], Initializer.Uniform(-bound, bound), random);
        }
    }
}
