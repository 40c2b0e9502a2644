namespace HyperKernels.Models;

/// <summary>How a <see cref="HyperConnection"/> normalises streams before it makes its weights of them.</summary>
public enum StreamNorm
{
    /// <summary>Layer norm with gain and shift: the paper's.</summary>
    Layer,

    /// <summary>Length <c>sqrt(features)</c>, then times <c>gain + 1</c> with a gain that starts at zero: that of a well-known port.</summary>
    Length,
}
