namespace HyperKernels.Models;

/// <summary>What the weights of hyperedges do in a <see cref="HypergraphAttentionConv"/>.</summary>
public enum EdgeWeightUse
{
    /// <summary>They weigh messages and degrees, as in the paper: a heavy hyperedge counts for more.</summary>
    MessagesAndDegrees,

    /// <summary>They weigh degrees alone, as in PyTorch Geometric's layer: nodes of heavy hyperedges get smaller rows.</summary>
    DegreesAlone,
}
