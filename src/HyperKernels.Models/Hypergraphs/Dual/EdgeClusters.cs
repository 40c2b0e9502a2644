namespace HyperKernels.Models;

/// <summary>What an <see cref="EdgeCluster"/> makes of the edges of each graph.</summary>
/// <param name="Pooled">A row for each cluster of each graph, <c>[G, clusters, features]</c>.</param>
/// <param name="Assignment">How much of each edge is in each cluster of its graph, head by head, <c>[E, heads, clusters]</c>.</param>
public sealed record EdgeClusters(Tensor Pooled, Tensor Assignment);
