namespace HyperKernels.Models;

/// <summary>Everything about a <see cref="MetaHgnie"/> but the sizes of what it reads; the authors' choices unless set.</summary>
public sealed record MetaHgnieOptions
{
    /// <summary>The number of layers of each channel.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>The number of heads of each layer.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>Features of a node per head.</summary>
    public int HeadFeatures { get; init; } = 20;

    /// <summary>Features of a type of hyperedges.</summary>
    public int TypeFeatures { get; init; } = 10;

    /// <summary>The share of nodes' features that training sets to zero.</summary>
    public float Dropout { get; init; } = 0.2f;

    /// <summary>The share of the structure channel's attention weights that training sets to zero.</summary>
    public float AttentionDropout { get; init; } = 0.3f;

    /// <summary>What similarities are divided by in the contrastive loss.</summary>
    public float Temperature { get; init; } = 0.5f;

    /// <summary>What the contrastive loss counts.</summary>
    public float ContrastiveWeight { get; init; } = 0.1f;

    /// <summary>What the mean loss of the channels alone counts.</summary>
    public float ChannelWeight { get; init; } = 0.2f;
}
