namespace HyperKernels.Models;

/// <summary>Which scores a softmax of <see cref="HypergraphAttentionConv"/> makes add up to one.</summary>
public enum HypergraphAttention
{
    /// <summary>There is no attention: every membership counts as it is.</summary>
    None,

    /// <summary>Those of the members of a hyperedge: nodes compete for it.</summary>
    OverMembers,

    /// <summary>Those of the hyperedges of a node, as in the paper: hyperedges compete for it.</summary>
    OverEdges,
}
