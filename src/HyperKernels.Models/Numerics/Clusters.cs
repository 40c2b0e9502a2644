namespace HyperKernels.Models;

/// <summary>What <see cref="KMeans"/> found.</summary>
/// <param name="Labels">For every point its cluster.</param>
/// <param name="Centres">For every cluster the mean of its points.</param>
/// <param name="Converged">Whether the centres stood still before the rounds were over.</param>
public sealed record Clusters(int[] Labels, double[][] Centres, bool Converged);
