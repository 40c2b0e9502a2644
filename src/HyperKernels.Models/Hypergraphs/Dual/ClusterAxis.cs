namespace HyperKernels.Models;

/// <summary>Over what the assignment of an <see cref="EdgeCluster"/> adds up to one.</summary>
public enum ClusterAxis
{
    /// <summary>Over the clusters: every edge shares itself out.</summary>
    Clusters,

    /// <summary>Over the edges of a graph: every cluster is a weighted mean of edges, as in plain attention.</summary>
    Edges,
}
