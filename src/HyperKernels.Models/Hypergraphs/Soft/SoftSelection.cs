namespace HyperKernels.Models;

/// <summary>Which soft hyperedges a <see cref="SoftHgnnSesConv"/> keeps, and the memberships over them.</summary>
/// <param name="Assignment">A, <c>[B, N, fixedEdges + dynamicEdges]</c>, the fixed ones first; columns that are not kept are zero.</param>
/// <param name="Kept"><c>[B, fixedEdges + dynamicEdges]</c>: 1 where a soft hyperedge is kept, else 0.</param>
/// <param name="Balance">The balance loss, one number: how unevenly the dynamic hyperedges were kept over the batch.</param>
public sealed record SoftSelection(Tensor Assignment, Tensor Kept, Tensor Balance);
