namespace HyperKernels.Models;

/// <summary>How a <see cref="UniGnn"/> is made; the values unless told otherwise are those of the authors' code.</summary>
public sealed record UniGnnOptions
{
    /// <summary>The number of convolutions, at least 2.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>Heads of every convolution but the last, which has one.</summary>
    public int Heads { get; init; } = 8;

    /// <summary>The share of inputs that training sets to zero.</summary>
    public float InputDropout { get; init; } = 0.6f;

    /// <summary>The share of hidden values that training sets to zero.</summary>
    public float Dropout { get; init; } = 0.6f;

    /// <summary>The share of attention that training sets to zero; of <see cref="UniKind.Gat"/> alone.</summary>
    public float AttentionDropout { get; init; } = 0.6f;

    /// <summary>How hyperedges gather their members.</summary>
    public SetAggregation First { get; init; } = SetAggregation.Mean;

    /// <summary>How nodes gather their hyperedges; of <see cref="UniKind.Sage"/> alone.</summary>
    public SetAggregation Second { get; init; } = SetAggregation.Sum;

    /// <summary>Whether every convolution divides rows by their length.</summary>
    public bool RowNorm { get; init; }
}
