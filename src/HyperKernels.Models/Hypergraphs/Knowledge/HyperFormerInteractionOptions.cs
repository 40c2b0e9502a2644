namespace HyperKernels.Models;

/// <summary>Everything about a <see cref="HyperFormerInteraction"/> but its sizes; the authors' choices unless set.</summary>
public sealed record HyperFormerInteractionOptions
{
    /// <summary>Channels of the convolution of each picture.</summary>
    public int Channels { get; init; } = 96;

    /// <summary>The size of its kernels; odd.</summary>
    public int KernelSize { get; init; } = 9;

    /// <summary>How many pictures are made of a pair, each in an order of its own.</summary>
    public int Permutations { get; init; } = 1;

    /// <summary>The share of a picture that training sets to zero.</summary>
    public float InputDropout { get; init; } = 0.2f;

    /// <summary>The share of whole channels that training sets to zero.</summary>
    public float FeatureDropout { get; init; } = 0.5f;

    /// <summary>The share of what the linear layer gives that training sets to zero.</summary>
    public float HiddenDropout { get; init; } = 0.5f;
}
