namespace HyperKernels.Models;

/// <summary>Three nodes of which every two share a simplex.</summary>
/// <param name="U">The smallest.</param>
/// <param name="V">The next.</param>
/// <param name="W">The largest.</param>
/// <param name="Closed">Whether some simplex holds all three.</param>
public readonly record struct ProjectedTriangle(int U, int V, int W, bool Closed);
