namespace HyperKernels.Models;

/// <summary>How a hypernetwork made by <see cref="TaskHyperNetwork"/> starts.</summary>
public enum TaskStart
{
    /// <summary>PyTorch's first values everywhere: what the authors' code does.</summary>
    Default,

    /// <summary>Generated weights start with the variance of a fan-in start (<see cref="Layers.Hyperfan"/>).</summary>
    HyperfanIn,

    /// <summary>Generated weights start with the variance of a fan-out start.</summary>
    HyperfanOut,
}
