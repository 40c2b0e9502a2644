namespace HyperKernels.Models;

/// <summary>How many memberships hyperedges and nodes have, whatever weights a graph has.</summary>
internal static class SegmentCounts
{
    /// <returns><c>[E]</c> or <c>[N]</c></returns>
    public static Tensor Of(Incidence incidence, Toward toward) =>
        Ops.SegmentSum(Tensor.Ones([incidence.MembershipCount], incidence.Device), incidence, toward);

    public static Tensor AtLeastOne(Tensor counts) => Ops.Maximum(counts, Tensor.Ones([], counts.Device));

    /// <summary>The factor of each row's sum.</summary>
    public static Tensor? Scale(Incidence incidence, Toward toward, SetAggregation aggregation) =>
        aggregation == SetAggregation.Mean ? incidence.InverseCounts(toward) : null;
}
