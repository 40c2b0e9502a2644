namespace HyperKernels.Cases;

/// <summary>What a row of the catalogue proves.</summary>
public enum CaseKind
{
    /// <summary>An op of <see cref="HyperKernels.Ops"/>.</summary>
    Op,

    /// <summary>A layer: an op of its parameters and its inputs.</summary>
    Layer,

    /// <summary>An optimiser over several steps, or what stands between a backward pass and a step.</summary>
    Optimizer,
}
