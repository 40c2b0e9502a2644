namespace HyperKernels.Models;

/// <summary>What stands before each block of a <see cref="BindNetwork"/>.</summary>
public enum BindNorm
{
    /// <summary>A root mean square norm with epsilon 1e-6; the blocks have no biases.</summary>
    Rms,

    /// <summary>A layer norm; the blocks have biases. The authors' "legacy" bridge.</summary>
    Layer,
}
