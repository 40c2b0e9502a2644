namespace HyperKernels.Models;

/// <summary>How a code is chosen from a codebook.</summary>
public enum QuantizerKind
{
    /// <summary>The nearest code; gradients pass as if nothing had been rounded.</summary>
    Nearest,

    /// <summary>A draw in proportion to learned scores, made differentiable by Gumbel noise and a softmax; the highest score when not training.</summary>
    Gumbel,
}
