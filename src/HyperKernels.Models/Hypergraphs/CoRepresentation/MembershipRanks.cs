namespace HyperKernels.Models;

/// <summary>Positional encodings of memberships: which place each has in its hyperedge, or in its node, by scores of the other side.</summary>
/// <remarks>
/// The place is counted from 1 at the smallest score; equal scores share a place, and the next one is the next number. It is divided by the number of memberships, so that
/// encodings are in (0, 1]. Source: WHATsNet (Choe and others, KDD 2023, arXiv 2306.03032) and CoNHD.
/// </remarks>
public static class MembershipRanks
{
    /// <summary>Ranks the memberships inside each segment.</summary>
    /// <param name="incidence">M memberships.</param>
    /// <param name="inside">Whether inside hyperedges, by scores of their nodes, or inside nodes, by scores of their hyperedges.</param>
    /// <param name="scores">Scores of all nodes, or of all hyperedges; as many lists as there are numbers of an encoding.</param>
    /// <returns><c>[M, scores]</c>, in the order of the pairs.</returns>
    /// <exception cref="ArgumentException">There are no scores, or one list has not one for each node or hyperedge.</exception>
    public static Tensor Of(Incidence incidence, Toward inside, params ReadOnlySpan<double[]> scores)
    {
        ArgumentNullException.ThrowIfNull(incidence);
        int count = inside == Toward.Edges ? incidence.NodeCount : incidence.EdgeCount;
        if (scores.Length == 0)
        {
            throw new ArgumentException("MembershipRanks: there must be scores to rank by; got none.", nameof(scores));
        }
        float[] ranks = new float[incidence.MembershipCount * scores.Length];
        for (int i = 0; i < scores.Length; i++)
        {
            if (scores[i].Length != count)
            {
                throw new ArgumentException(
                    $"MembershipRanks: inside {(inside == Toward.Edges ? "hyperedges there must be a score for each node" : "nodes there must be a score for each hyperedge")}, "
                    + $"{count}; list {i} has {scores[i].Length}.",
                    nameof(scores));
            }
            Rank(incidence, inside, scores[i], ranks, i, scores.Length);
        }
        return Tensor.From(ranks, [incidence.MembershipCount, scores.Length], incidence.Device);
    }

    /// <summary>Ranks inside hyperedges by degree, eigenvector, PageRank and core number of their nodes: the four that the authors of CoNHD give.</summary>
    /// <param name="incidence">M memberships.</param>
    /// <returns><c>[M, 4]</c>, in the order of the pairs.</returns>
    public static Tensor ByCentralities(Incidence incidence) => Of(
        incidence, Toward.Edges, Centrality.Degrees(incidence), Centrality.Eigenvector(incidence), Centrality.PageRank(incidence), Centrality.Core(incidence));

    private static void Rank(Incidence incidence, Toward inside, double[] scores, float[] ranks, int column, int columns)
    {
        int[] segments = (inside == Toward.Edges ? incidence.Edges : incidence.Nodes).ToArray();
        int[] others = (inside == Toward.Edges ? incidence.Nodes : incidence.Edges).ToArray();
        int[] order = [.. Enumerable.Range(0, segments.Length)];

        // Segment by segment, in each from the smallest score on.
        Array.Sort(order, (a, b) => segments[a] != segments[b] ? segments[a].CompareTo(segments[b]) : scores[others[a]].CompareTo(scores[others[b]]));
        for (int start = 0, end; start < order.Length; start = end)
        {
            end = start + 1;
            while (end < order.Length && segments[order[end]] == segments[order[start]])
            {
                end++;
            }
            int place = 1;
            for (int at = start; at < end; at++)
            {
                place += at > start && scores[others[order[at]]] != scores[others[order[at - 1]]] ? 1 : 0;
                ranks[(order[at] * columns) + column] = (float)place / (end - start);
            }
        }
    }
}
