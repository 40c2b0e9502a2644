namespace HyperKernels.Models;

/// <summary>The choices of a <see cref="CheckpointTransformer"/>; the defaults are those of the authors' MNIST run.</summary>
public sealed record CheckpointTransformerOptions
{
    /// <summary>Which values become a token together.</summary>
    public TokenSplit Split { get; init; } = TokenSplit.ChunkWithinLayer;

    /// <summary>The values of a token, but for <see cref="TokenSplit.LayerByLayer"/>.</summary>
    public int ChunkSize { get; init; } = 1000;

    /// <summary>The width of a token's embedding.</summary>
    public int Embedding { get; init; } = 1536;

    /// <summary>The attention heads; they divide the width.</summary>
    public int Heads { get; init; } = 16;

    /// <summary>The transformer blocks.</summary>
    public int Blocks { get; init; } = 12;

    /// <summary>The linear layers of each token's encoder, with GELUs between.</summary>
    public int EncoderDepth { get; init; } = 1;

    /// <summary>The linear layers of each token's decoder, with GELUs between.</summary>
    public int DecoderDepth { get; init; } = 1;

    /// <summary>How many frequencies scalars are embedded with.</summary>
    public int Frequencies { get; init; } = 128;

    /// <summary>The highest frequency's power of two.</summary>
    public float MaxFrequencyLog2 { get; init; } = 14;

    /// <summary>Whether the losses themselves are tokens, beside their difference.</summary>
    public bool AbsoluteLoss { get; init; } = true;

    /// <summary>The probability with which attention weights and activations are dropped while training.</summary>
    public float Dropout { get; init; }

    /// <summary>Added to the variance in layer norms.</summary>
    public float Epsilon { get; init; } = 1e-5f;
}
