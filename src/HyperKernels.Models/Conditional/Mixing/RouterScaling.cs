namespace HyperKernels.Models;

/// <summary>What is done to the rows of a router's matrix before it multiplies.</summary>
public enum RouterScaling
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Each expert's row is normalised as by a layer norm, with a learned gain that starts small.</summary>
    LayerNorm,

    /// <summary>Each expert's row is divided by its length.</summary>
    Length,
}
