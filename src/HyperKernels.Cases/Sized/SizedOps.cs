namespace HyperKernels.Cases.Sized;

/// <summary>The ops that <c>bench --sizes</c> knows.</summary>
public static class SizedOps
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<SizedOp> All { get; } =
    [
        ElementwiseSized.Add,
        MatmulSized.Matmul,
        MatmulSized.LinearPerSample,
        GenerateSized.Linear,
        GenerateSized.Materialised,
        GenerateSized.Tiled,
        GenerateSized.Reassociated,
        ConvSized.PerSample,
        GridSized.Sample,
        SegmentSized.NodesToEdges,
        SegmentSized.Convolution,
        SegmentSized.Softmax,
        SegmentSized.Attention,
        SegmentOrderSized.Shuffled,
        SegmentOrderSized.Reordered,
        HypergraphSized.Hgnn,
        HypergraphSized.HyperGcn,
        HypergraphSized.UniGcnII,
        HypergraphSized.UniGat,
        HypergraphSized.AllSet,
        HypergraphSized.EdHnn,
        HypergraphSized.PhenomNn,
        OptimizerSized.Adam,
        MipSized.Step,
        HyperLstmSized.Sequence,
        HypernetworkSized.Static,
        HypernetworkSized.Chunks,
        HypernetworkSized.Recurrent,
        HypernetworkSized.SelfTuning,
        HypernetworkSized.SelfTuningImages,
        HypernetworkSized.Shapeshifter,
        HypernetworkSized.Interval,
        ConditionalSized.CondConv,
        ConditionalSized.SparseMixture,
        ConditionalSized.Lora,
        ConditionalSized.Adapter,
        ConditionalSized.Kronecker,
        ConditionalSized.Siren,
        LayerSized.Mlp,
        LayerSized.MipMlp,
        LayerSized.LeNet,
    ];
}
