namespace HyperKernels.Cli.Training;

/// <summary>Shows how hyperedges and members are spread over a hypergraph: of nodes by degree, and of hyperedges by size.</summary>
internal static class DistributionPicture
{
    /// <summary>The share of nodes in at least k hyperedges, and of hyperedges with at least k members, over k: smooth where counts of the largest are not.</summary>
    /// <param name="title">The heading, which no other picture of the report has.</param>
    /// <param name="graph">The hypergraph, without loops that were added to it.</param>
    public static Picture Of(string title, Hypergraph graph)
    {
        HypergraphStatistics statistics = graph.Statistics();
        string words =
            $"{graph.NodeCount:N0} nodes, {statistics.IsolatedNodes:N0} of them in no hyperedge; {graph.EdgeCount:N0} hyperedges; {graph.MembershipCount:N0} memberships.";
        return Picture.OfCurves(
            title, words, "k", "share", [("nodes in at least k hyperedges", AtLeast(statistics.Degrees)), ("hyperedges of at least k members", AtLeast(statistics.Sizes))]);
    }

    // From counts of exactly k to shares of at least k, from 1 on.
    private static (double X, double Y)[] AtLeast(ReadOnlySpan<int> counts)
    {
        double all = 0;
        foreach (int count in counts)
        {
            all += count;
        }
        (double X, double Y)[] points = new (double X, double Y)[Math.Max(0, counts.Length - 1)];
        long above = 0;
        for (int k = counts.Length - 1; k > 0; k--)
        {
            above += counts[k];
            points[k - 1] = (k, above / all);
        }
        return points;
    }
}
