namespace HyperKernels.Models;

/// <summary>How a <see cref="HypergraphAttentionConv"/> is made; the values unless told otherwise are those of PyTorch Geometric.</summary>
public sealed record HypergraphAttentionOptions
{
    /// <summary>Which scores add up to one.</summary>
    public HypergraphAttention Attention { get; init; } = HypergraphAttention.OverMembers;

    /// <summary>The number of heads.</summary>
    public int Heads { get; init; } = 1;

    /// <summary>Whether heads stand side by side in the output; else they are averaged.</summary>
    public bool Concatenate { get; init; } = true;

    /// <summary>What the leaky ReLU of the scores does to negative ones.</summary>
    public float Slope { get; init; } = 0.2f;

    /// <summary>The share of attention that training sets to zero.</summary>
    public float Dropout { get; init; }

    /// <summary>What the weights of hyperedges do.</summary>
    public EdgeWeightUse EdgeWeights { get; init; } = EdgeWeightUse.MessagesAndDegrees;

    /// <summary>What D and B are sums of, where there is attention.</summary>
    public AttentionDegrees Degrees { get; init; } = AttentionDegrees.OfHypergraph;

    /// <summary>Whether a bias is added to the result.</summary>
    public bool Bias { get; init; } = true;
}
