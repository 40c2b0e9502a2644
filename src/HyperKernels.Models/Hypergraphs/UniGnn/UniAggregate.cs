namespace HyperKernels.Models;

/// <summary>How a convolution of UniGNN gathers rows.</summary>
public enum UniAggregate
{
    /// <summary>Their mean; of nothing a row of zeros.</summary>
    Mean,

    /// <summary>Their sum.</summary>
    Sum,
}
