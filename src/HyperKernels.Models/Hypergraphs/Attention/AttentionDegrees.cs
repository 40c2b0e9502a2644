namespace HyperKernels.Models;

/// <summary>What the degrees D and B of a <see cref="HypergraphAttentionConv"/> are sums of.</summary>
public enum AttentionDegrees
{
    /// <summary>
    /// The hypergraph's own memberships, as in PyTorch Geometric's layer. Attention adds up to one already, so that a row is divided twice: a node of d
    /// hyperedges gets about <c>1 / d</c> of an average.
    /// </summary>
    OfHypergraph,

    /// <summary>Attention, which is what the paper's H holds there: both ways are averages.</summary>
    OfAttention,
}
