using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Every row reads all rows of its segment (SAB): the sum of squared sizes in time and memory.</summary>
internal sealed class PairwiseOperator : SegmentOperator
{
    private readonly AttentionBlock _block;

    public PairwiseOperator(int inFeatures, int features, SegmentOperatorOptions options, RandomStream? random) =>
        _block = Add("mab", new AttentionBlock(inFeatures, inFeatures, features, options.Heads, options.LayerNorm, random));

    public override Tensor Forward(Tensor rows, MembershipGraph graph, Toward toward) => _block.Forward(rows, rows, graph.AllPairs(toward), Toward.Nodes);
}
