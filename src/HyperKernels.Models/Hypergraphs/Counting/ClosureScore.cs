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

    /// <summary>The product of the numbers of simplices that hold each of the three.</summary>
    SimplexProduct,

    /// <summary>Walks of any length between the three, long ones counting for little (personalised Katz), all pairs alike.</summary>
    Katz,

    /// <summary>The same, a step counting as often as its pair's weight.</summary>
    WeightedKatz,

    /// <summary>How often walks that restart at one of the three are at another (personalised PageRank), all pairs alike.</summary>
    PageRank,

    /// <summary>The same, steps chosen by the pairs' weights.</summary>
    WeightedPageRank,
}
