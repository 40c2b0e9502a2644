namespace HyperKernels;

/// <summary>
/// What is checked of every op that a device computes: see <see cref="Device.Checks"/>. The environment variable <c>HYPERKERNELS_CHECK</c>, with one or more of the names
/// separated by commas, says it for devices that are opened.
/// </summary>
[Flags]
public enum OpChecks
{
    /// <summary>Nothing: ops run as fast as they can.</summary>
    None = 0,

    /// <summary>The first op that makes a NaN or an infinity ends with an <see cref="OpCheckException"/>.</summary>
    Finite = 1,

    /// <summary>
    /// Every op is computed again by a twin: plain code without vector instructions for the processor, the processor for a GPU. The first whose results differ by more
    /// than rounding explains ends with an <see cref="OpCheckException"/>. Ten to a hundred times slower.
    /// </summary>
    Twin = 2,
}
