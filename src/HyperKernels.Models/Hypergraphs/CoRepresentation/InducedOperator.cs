using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Learned rows read the segment, and its rows read what they found (ISAB): k times as many pairs as memberships.</summary>
internal sealed class InducedOperator : SegmentOperator
{
    private readonly Parameter _inducing;
    private readonly AttentionBlock _gather;
    private readonly AttentionBlock _give;

    public InducedOperator(int inFeatures, int features, SegmentOperatorOptions options, RandomStream? random)
    {
        if (options.InducingRows < 1)
        {
            throw new ArgumentException($"InducedAttention: there must be at least one inducing row; got {options.InducingRows}.");
        }
        float bound = (float)Math.Sqrt(6.0 / ((options.InducingRows + 1) * features));
        _inducing = AddParameter("I", [1, options.InducingRows, features], Initializer.Uniform(-bound, bound), random);
        _gather = Add("mab0", new AttentionBlock(features, inFeatures, features, options.Heads, options.LayerNorm, random));
        _give = Add("mab1", new AttentionBlock(inFeatures, features, features, options.Heads, options.LayerNorm, random));
    }

    public override Tensor Forward(Tensor rows, MembershipGraph graph, Toward toward)
    {
        int count = _inducing.Shape[1];
        Incidence pairs = graph.PairsWithRows(toward, count);
        Tensor found = _gather.ForwardShared(Ops.Reshape(_inducing.Value, count, -1), rows, pairs);
        return _give.Forward(rows, found, pairs, Toward.Nodes);
    }
}
