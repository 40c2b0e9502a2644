namespace HyperKernels.Models;

/// <summary>The coordinate descent of a <see cref="SoftTopKRouter"/>; the defaults are those for text.</summary>
public sealed record SoftTopKOptions
{
    /// <summary>How often the two multipliers are updated.</summary>
    public int Iterations { get; init; } = 20;

    /// <summary>The first temperature, where it is above <see cref="Epsilon"/>.</summary>
    public float FirstEpsilon { get; init; } = 4;

    /// <summary>What the temperature is multiplied by after each update.</summary>
    public float Decay { get; init; } = 0.7f;

    /// <summary>The least temperature: 0.03 for text, up to 1 for speech.</summary>
    public float Epsilon { get; init; } = 0.03f;

    /// <summary>How much larger the sum of the shares is than the number of tokens that are chosen; it stays within the number of tokens.</summary>
    public float Ratio { get; init; } = 9f / 8;

    /// <summary>Whether a chosen token counts 1, with the gradient of its share, instead of its share.</summary>
    public bool StraightThrough { get; init; } = true;
}
