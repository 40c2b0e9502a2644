namespace HyperKernels.Models;

/// <summary>Over what the memberships of a learned soft incidence add up to one.</summary>
public enum SoftAxis
{
    /// <summary>Over the nodes: every soft hyperedge is a weighted mean of nodes.</summary>
    Nodes,

    /// <summary>Over the soft hyperedges: every node shares itself out. Soft hyperedges that are not kept take no part.</summary>
    Edges,
}
