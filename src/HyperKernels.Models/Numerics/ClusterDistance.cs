namespace HyperKernels.Models;

/// <summary>How far a point is from the centre of a cluster.</summary>
public enum ClusterDistance
{
    /// <summary>The sum of the squared differences: then the mean of its points is the best centre.</summary>
    SquaredEuclidean,

    /// <summary>The mean of the absolute differences.</summary>
    MeanAbsolute,
}
