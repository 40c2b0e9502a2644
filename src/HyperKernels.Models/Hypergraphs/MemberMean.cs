namespace HyperKernels.Models;

/// <summary>Plain means over the members of hyperedges.</summary>
internal static class MemberMean
{
    /// <summary>Gives every hyperedge the mean of its members' rows.</summary>
    /// <param name="nodes">One row per node, <c>[N, ...]</c>.</param>
    /// <param name="incidence">N nodes, E hyperedges; a member named twice counts twice.</param>
    /// <returns><c>[E, ...]</c>; zeros for a hyperedge without members.</returns>
    public static Tensor Of(Tensor nodes, Incidence incidence) =>
        Ops.NodesToEdges(nodes, incidence, edgeScale: incidence.InverseCounts(Toward.Edges));
}
