namespace HyperKernels;

/// <summary>How a loss sums up.</summary>
public enum Reduction
{
    /// <summary>One value per row or element.</summary>
    None,

    /// <summary>The sum of all.</summary>
    Sum,

    /// <summary>The sum over the number of rows or elements.</summary>
    Mean,

    /// <summary>The sum over the size of the first axis.</summary>
    BatchMean,
}
