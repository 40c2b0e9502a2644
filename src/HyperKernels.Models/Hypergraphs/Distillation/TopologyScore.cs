namespace HyperKernels.Models;

/// <summary>
/// How far members lie from their hyperedges' means: <c>mean_e mean_{v in e} |mean x_e - x_v|</c>. A network that smooths everything has a score of zero; a student
/// that follows its teacher's structure has one like its teacher's.
/// </summary>
/// <remarks>Source: Feng, Luo, Ying, Gao, LightHGNN, ICLR 2024 (arXiv 2402.04296), appendix on topology-aware distillation, and the authors' code.</remarks>
public static class TopologyScore
{
    /// <summary>Computes the score.</summary>
    /// <param name="embedding">One row per node, <c>[N, F]</c>.</param>
    /// <param name="incidence">N nodes, E hyperedges; one without members counts as a zero.</param>
    /// <returns>A scalar; zero if there is no hyperedge. Differentiable; the derivative of a distance of zero is taken as zero.</returns>
    /// <exception cref="ArgumentException">embedding is not a matrix of a row per node.</exception>
    public static Tensor Compute(Tensor embedding, Incidence incidence)
    {
        ArgumentNullException.ThrowIfNull(incidence);
        if (embedding.Rank != 2 || embedding.Shape[0] != incidence.NodeCount)
        {
            throw new ArgumentException($"TopologyScore: the embedding must be [{incidence.NodeCount}, F], one row per node; got {embedding.Shape}.");
        }
        if (incidence.EdgeCount == 0)
        {
            return Tensor.Zeros([], embedding.Device);
        }
        // One row per membership is written out: |a|^2 + |b|^2 - 2 ab would save it, and lose all digits where members are alike.
        Tensor means = Ops.EdgesToMemberships(MemberMean.Of(embedding, incidence), incidence);
        Tensor distances = Ops.L2Norm(Ops.Subtract(means, Ops.NodesToMemberships(embedding, incidence)), [1]);
        return Ops.Mean(Ops.SegmentMean(distances, incidence, Toward.Edges));
    }
}
