namespace HyperKernels;

/// <summary>Which segments memberships are gathered into.</summary>
public enum Toward
{
    /// <summary>One segment per hyperedge: its members.</summary>
    Edges,

    /// <summary>One segment per node: the hyperedges that it is in.</summary>
    Nodes,
}
