namespace HyperKernels.IO;

/// <summary>On which side of a directed hyperedge a member stands.</summary>
public enum MembershipRole : byte
{
    /// <summary>On none.</summary>
    None,

    /// <summary>Where the hyperedge begins.</summary>
    Tail,

    /// <summary>Where it ends.</summary>
    Head,
}
