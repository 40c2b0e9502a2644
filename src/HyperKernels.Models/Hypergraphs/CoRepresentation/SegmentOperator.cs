using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Changes the rows of every segment with regard to each other, and in no order: what it gives moves with the rows.</summary>
internal abstract class SegmentOperator : Layer
{
    /// <summary><c>[M, inFeatures]</c> to <c>[M, features]</c>.</summary>
    public abstract Tensor Forward(Tensor rows, MembershipGraph graph, Toward toward);

    /// <summary>Operators that follow each other; the first takes rows of another size.</summary>
    public static LayerList<SegmentOperator> Chain(int depth, int inFeatures, int features, SegmentOperatorOptions options, RandomStream? random)
    {
        LayerList<SegmentOperator> chain = new();
        for (int i = 0; i < depth; i++)
        {
            chain.With(Of(i == 0 ? inFeatures : features, features, options, random));
        }
        return chain;
    }

    private static SegmentOperator Of(int inFeatures, int features, SegmentOperatorOptions options, RandomStream? random) => options.Kind switch
    {
        MembershipOperator.Pooling => new PoolingOperator(inFeatures, features, options, random),
        MembershipOperator.Attention => new PairwiseOperator(inFeatures, features, options, random),
        MembershipOperator.InducedAttention => new InducedOperator(inFeatures, features, options, random),
        _ => throw new ArgumentException($"MembershipOperator: an operator must be Pooling, Attention or InducedAttention; got {options.Kind}."),
    };
}
