namespace HyperKernels.TorchPeer;

/// <summary>How rows are summed over memberships.</summary>
internal enum Sums
{
    /// <summary>Gathered by one index and added by another.</summary>
    Gathered,

    /// <summary>By a sparse matrix in coordinates.</summary>
    Sparse,
}
