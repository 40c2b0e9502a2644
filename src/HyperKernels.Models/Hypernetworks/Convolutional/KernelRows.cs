namespace HyperKernels.Models;

/// <summary>What a row of a static hypernetwork's hidden matrix makes of a tile of kernels.</summary>
public enum KernelRows
{
    /// <summary>All kernels that read one input channel: the paper's equations.</summary>
    InputChannels,

    /// <summary>All kernels that give one output channel: the released code. Kernels of one tile along the inputs then stay factored.</summary>
    OutputChannels,
}
