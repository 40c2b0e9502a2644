namespace HyperKernels.IO;

/// <summary>What the hyperedges of a file stand for.</summary>
public enum NetworkKind
{
    /// <summary>Sets of members.</summary>
    Undirected,

    /// <summary>Members are heads or tails (<see cref="MembershipRole"/>).</summary>
    Directed,

    /// <summary>Faces of an abstract simplicial complex; only those that the file lists are read.</summary>
    SimplicialComplex,
}
