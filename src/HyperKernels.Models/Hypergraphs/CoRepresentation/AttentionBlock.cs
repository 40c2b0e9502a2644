using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The attention block of set transformers over listed pairs: <c>o = q + sum softmax(q . k / sqrt D) v</c> in heads, <c>out = LN1(r + relu(W r))</c> with
/// <c>r = LN0(o)</c>; the norms where asked for. Scores are divided by the root of all features, not of a head's.
/// </summary>
internal sealed class AttentionBlock : Layer
{
    private readonly int _heads;
    private readonly Linear _queries;
    private readonly Linear _keys;
    private readonly Linear _values;
    private readonly LayerNorm? _before;
    private readonly LayerNorm? _after;
    private readonly LayerList<Linear> _outputs;

    public AttentionBlock(int queryFeatures, int keyFeatures, int features, int heads, bool layerNorm, RandomStream? random)
    {
        if (heads < 1 || features % heads != 0)
        {
            throw new ArgumentException($"AttentionBlock: heads must divide the features; got {heads} heads of {features} features.");
        }
        _heads = heads;
        _queries = Add("fc_q", new Linear(queryFeatures, features, random: random));
        _keys = Add("fc_k", new Linear(keyFeatures, features, random: random));
        _values = Add("fc_v", new Linear(keyFeatures, features, random: random));
        _before = layerNorm ? Add("ln0", new LayerNorm(features)) : null;
        _after = layerNorm ? Add("ln1", new LayerNorm(features)) : null;
        _outputs = Add("fc_o", new LayerList<Linear>().With(new Linear(features, features, random: random)));
    }

    private int Features => _queries.OutFeatures;

    private int Width => Features / _heads;

    // By root of D at once: the scores are products of it and of the keys.
    private float Scale => 1 / MathF.Sqrt(Features);

    /// <summary>Every row that asks reads the rows it is paired with.</summary>
    /// <param name="queries">Those who ask.</param>
    /// <param name="keys">Those who are asked.</param>
    /// <param name="pairs">Who reads whom.</param>
    /// <param name="asking">On which side those stand who ask: <see cref="Toward.Nodes"/> for the nodes of the pairs.</param>
    /// <returns><c>[queries, features]</c></returns>
    public Tensor Forward(Tensor queries, Tensor keys, Incidence pairs, Toward asking)
    {
        Tensor q = Heads(_queries.Forward(queries));
        Tensor k = Heads(_keys.Forward(keys));
        Tensor v = Heads(_values.Forward(keys));
        Tensor asked = Ops.MultiplyScalar(q, Scale);
        bool nodes = asking == Toward.Nodes;
        Tensor scores = nodes ? Ops.SampledDot(asked, k, pairs, perHead: true) : Ops.SampledDot(k, asked, pairs, perHead: true);
        Tensor shares = Ops.SegmentSoftmax(scores, pairs, asking);
        Tensor read = nodes ? Ops.EdgesToNodes(v, pairs, shares) : Ops.NodesToEdges(v, pairs, shares);
        return Finish(Ops.Reshape(Ops.Add(q, read), -1, Features));
    }

    /// <summary>The same few rows ask in every segment: no query is repeated, and none meets a key.</summary>
    /// <param name="queries"><c>[k, queryFeatures]</c></param>
    /// <param name="members"><c>[M, keyFeatures]</c></param>
    /// <param name="pairs">Those of <see cref="MembershipGraph.PairsWithRows"/>.</param>
    /// <returns><c>[k segments, features]</c></returns>
    public Tensor ForwardShared(Tensor queries, Tensor members, Incidence pairs)
    {
        int rows = queries.Shape[0];
        Tensor q = _queries.Forward(queries);

        // q . (W m + b) = (W^T q) . m + q . b, for k H vectors W^T q instead of a key for every member.
        Tensor heads = Ops.MultiplyScalar(Ops.Permute(Heads(q), 1, 0, 2), Scale);
        Tensor toScores = Ops.Matmul(heads, Ops.Reshape(_keys.Weight.Value, _heads, Width, -1));
        Tensor bias = Ops.Matmul(heads, Ops.Reshape(_keys.Bias!.Value, _heads, Width, 1));
        Tensor scores = Ops.Linear(
            members, Ops.Reshape(Ops.Permute(toScores, 1, 0, 2), rows * _heads, -1), Ops.Reshape(Ops.Permute(bias, 1, 0, 2), rows * _heads));
        Tensor shares = Ops.SegmentSoftmax(Ops.Reshape(scores, -1, _heads), pairs, Toward.Edges);
        Tensor read = Ops.NodesToEdges(Heads(_values.Forward(members)), pairs, shares);
        return Finish(Ops.Reshape(Ops.Add(Ops.Reshape(read, -1, rows, Features), q), -1, Features));
    }

    private Tensor Heads(Tensor rows) => Ops.Reshape(rows, -1, _heads, Width);

    private Tensor Finish(Tensor rows)
    {
        Tensor r = _before?.Forward(rows) ?? rows;
        Tensor y = Ops.Add(r, _outputs[0].Forward(r, Activation.Relu));
        return _after?.Forward(y) ?? y;
    }
}
