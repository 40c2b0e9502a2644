namespace HyperKernels.Models;

/// <summary>The choices of a <see cref="HyperLstmCell"/>; the defaults are those of the authors' released cell.</summary>
public sealed record HyperLstmOptions
{
    /// <summary>Whether gates and memories of both cells are normalised.</summary>
    public bool LayerNorm { get; init; } = true;

    /// <summary>From which state of the small cell embeddings come.</summary>
    public EmbeddingState EmbeddingState { get; init; }

    /// <summary>Added to the large cell's forget gate behind its norm: a fresh cell remembers.</summary>
    public float ForgetBias { get; init; } = 1;

    /// <summary>Added to the small cell's forget gate behind its norm.</summary>
    public float HyperForgetBias { get; init; } = 1;

    /// <summary>Whether the small cell adds a bias before its norms; the norms leave little of it.</summary>
    public bool HyperBias { get; init; } = true;

    /// <summary>The share of the large cell's candidates that training sets to zero: recurrent dropout without memory loss.</summary>
    public float Dropout { get; init; }

    /// <summary>The same of the small cell; for those of 512 units and more.</summary>
    public float HyperDropout { get; init; }

    /// <summary>Added to variances in all norms.</summary>
    public float Epsilon { get; init; } = 1e-3f;
}
