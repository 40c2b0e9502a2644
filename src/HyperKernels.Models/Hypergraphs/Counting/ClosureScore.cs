namespace HyperKernels.Models;

/// <summary>What a triangle is scored by; the higher, the sooner a simplex is expected to hold all three nodes.</summary>
public enum ClosureScore
{
    /// <summary>The harmonic mean of the three pair weights (p = -1).</summary>
    HarmonicMean,

    /// <summary>Their geometric mean (p = 0).</summary>
    GeometricMean,

    /// <summary>Their arithmetic mean (p = 1).</summary>
    ArithmeticMean,

    /// <summary>The number of nodes that are neighbours of all three.</summary>
    CommonNeighbours,

    /// <summary>That number, by the number of nodes that are neighbours of any.</summary>
    Jaccard,

    /// <summary>The sum of <c>1 / ln(degree)</c> over the common neighbours.</summary>
    AdamicAdar,

    /// <summary>The product of the three degrees in the projected graph.</summary>
    DegreeProduct,
}
