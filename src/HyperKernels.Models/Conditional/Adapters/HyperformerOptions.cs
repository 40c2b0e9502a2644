namespace HyperKernels.Models;

/// <summary>The choices of a <see cref="HyperformerAdapter"/> and a <see cref="HyperformerController"/>; the defaults are the authors'.</summary>
public sealed record HyperformerOptions
{
    /// <summary>The bottleneck is that many times narrower than the model.</summary>
    public int Reduction { get; init; } = 32;

    /// <summary>Inside the bottleneck.</summary>
    public Activation Activation { get; init; } = Activation.GeluTanh;

    /// <summary>Whether there is a norm before the adapter.</summary>
    public bool PreNorm { get; init; }

    /// <summary>Whether there is a norm behind it.</summary>
    public bool PostNorm { get; init; } = true;

    /// <summary>Whether the norms' gains and shifts are generated too; else they are learned.</summary>
    public bool ConditionalNorm { get; init; } = true;
}
