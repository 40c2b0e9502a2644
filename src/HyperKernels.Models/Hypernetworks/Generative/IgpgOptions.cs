namespace HyperKernels.Models;

/// <summary>The choices of an <see cref="Igpg"/>.</summary>
public sealed record IgpgOptions
{
    /// <summary>The values of a chunk; the last chunk of a tensor is filled up with zeros.</summary>
    public int ChunkSize { get; init; } = 64;

    /// <summary>The codes of a chunk.</summary>
    public int Tokens { get; init; } = 4;

    /// <summary>The number of codes.</summary>
    public int Codes { get; init; } = 512;

    /// <summary>The size of a code.</summary>
    public int CodeSize { get; init; } = 16;

    /// <summary>How codes are chosen.</summary>
    public QuantizerKind Quantizer { get; init; }

    /// <summary>The commitment's weight, or that of Gumbel's divergence.</summary>
    public float Commitment { get; init; } = 0.25f;

    /// <summary>The width of the codec's hidden layers.</summary>
    public int HiddenFeatures { get; init; } = 256;

    /// <summary>The length of embeddings of architectures, data sets, tensors and chunks, and the transformer's width.</summary>
    public int Embedding { get; init; } = 128;

    /// <summary>The attention heads.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>The transformer blocks.</summary>
    public int Blocks { get; init; } = 4;

    /// <summary>The probability with which activations are dropped while training.</summary>
    public float Dropout { get; init; }

    /// <summary>What weights are multiplied by before they are encoded, so that they are of the size of one.</summary>
    public float Scale { get; init; } = 1;
}
