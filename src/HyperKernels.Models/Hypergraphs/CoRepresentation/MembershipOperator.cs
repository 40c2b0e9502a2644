namespace HyperKernels.Models;

/// <summary>How memberships of a hyperedge, or of a node, change with regard to each other.</summary>
public enum MembershipOperator
{
    /// <summary>By their average (UNP, or UNB).</summary>
    Pooling,

    /// <summary>By attention of each to each (SAB).</summary>
    Attention,

    /// <summary>By attention through a few learned rows (ISAB).</summary>
    InducedAttention,
}
