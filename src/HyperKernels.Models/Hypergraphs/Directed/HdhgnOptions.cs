namespace HyperKernels.Models;

/// <summary>Everything about an <see cref="Hdhgn"/> but what it reads and tells; the authors' choices unless set.</summary>
public sealed record HdhgnOptions
{
    /// <summary>The number of convolutions.</summary>
    public int Layers { get; init; } = 4;

    /// <summary>Heads of the attention in hyperedges; divides the hidden features.</summary>
    public int EdgeHeads { get; init; } = 8;

    /// <summary>Heads of the attention at nodes; divides the hidden features.</summary>
    public int NodeHeads { get; init; } = 8;

    /// <summary>Heads of the attention over the nodes of a graph; divides the hidden features.</summary>
    public int ReadoutHeads { get; init; } = 8;

    /// <summary>The width of the last hidden layer.</summary>
    public int ReadoutFeatures { get; init; } = 1024;

    /// <summary>Whether that layer is normalised over the batch, as in the paper; in the authors' released code it is not.</summary>
    public bool BatchNorm { get; init; } = true;

    /// <summary>The share of that layer's values that training sets to zero.</summary>
    public float Dropout { get; init; } = 0.2f;
}
