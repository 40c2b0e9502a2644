namespace HyperKernels.Models;

/// <summary>How the rows of a set become one; nothing becomes zeros.</summary>
public enum SetAggregation
{
    /// <summary>They are added.</summary>
    Sum,

    /// <summary>They are averaged.</summary>
    Mean,
}
