using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class MembershipRanksTests
{
    [Test]
    public void Of_SharesPlacesAmongEqualScores_OnEitherSide()
    {
        using MemoryScope scope = new();
        using Incidence incidence = Incidence.FromPairs(4, 3, [2, 0, 1, 3, 3, 0], [0, 0, 0, 0, 2, 2]);

        Assert.That(
            MembershipRanks.Of(incidence, Toward.Edges, [5, 5, 1, 9], [1, 2, 3, 0]).ToArray(),
            Is.EqualTo(new[] { 0.25f, 1, 0.5f, 0.5f, 0.5f, 0.75f, 0.75f, 0.25f, 1, 0.5f, 0.5f, 1 }));
        Assert.That(MembershipRanks.Of(incidence, Toward.Nodes, [7, 0, 4]).ToArray(), Is.EqualTo(new[] { 1, 1, 1, 1, 0.5f, 0.5f }));
        Assert.That(() => MembershipRanks.Of(incidence, Toward.Nodes, [7, 0]), Throws.ArgumentException.With.Message.Contains("a score for each hyperedge, 3"));
        Assert.That(() => MembershipRanks.Of(incidence, Toward.Edges), Throws.ArgumentException.With.Message.Contains("scores to rank by"));
    }

    [Test]
    public void Core_TakesHyperedgesAwayWithTheFirstOfTheirNodes()
    {
        // Nodes 0 to 2 hold three hyperedges together; 3 hangs on one more, and 4 is alone. By the last the third of the three goes first.
        using Incidence incidence = Incidence.FromEdges(5, [[0, 1], [1, 2], [0, 2], [2, 3]]);

        Assert.That(Centrality.Core(incidence), Is.EqualTo(new double[] { 2, 2, 2, 1, 0 }));
        Assert.That(Centrality.Degrees(incidence), Is.EqualTo(new double[] { 2, 2, 3, 1, 0 }));
    }

    [Test]
    public void PageRankAndEigenvector_AreThoseOfTheWrittenOutExpansion()
    {
        int[][] edges = [[0, 1, 2], [2, 3, 3], [], [1, 4, 0], [5]];
        using Incidence incidence = Incidence.FromEdges(7, edges);
        double[][] clique = [.. Enumerable.Range(0, 7).Select(u => Enumerable.Range(0, 7).Select(v =>
            u == v ? 0.0 : edges.Sum(edge => edge.Count(member => member == u) * edge.Count(member => member == v))).ToArray())];

        double[] rank = [.. Enumerable.Repeat(1 / 7.0, 7)];
        double[] vector = [.. rank];
        for (int step = 0; step < 500; step++)
        {
            double stuck = Enumerable.Range(0, 7).Where(u => clique[u].Sum() == 0).Sum(u => rank[u]);
            double[] leaving = [.. rank.Select((value, u) => clique[u].Sum() > 0 ? value / clique[u].Sum() : 0)];
            rank = [.. rank.Select((_, v) => (0.15 / 7) + (0.85 * ((stuck / 7) + leaving.Select((value, u) => value * clique[u][v]).Sum())))];
            vector = [.. vector.Select((own, v) => own + vector.Select((value, u) => value * clique[u][v]).Sum())];
            double length = Math.Sqrt(vector.Sum(value => value * value));
            vector = [.. vector.Select(value => value / length)];
        }
        Assert.That(Centrality.PageRank(incidence, tolerance: 1e-12), Is.EqualTo(rank).Within(1e-9));
        Assert.That(Centrality.Eigenvector(incidence, tolerance: 1e-12), Is.EqualTo(vector).Within(1e-9));
        Assert.That(rank.Sum(), Is.EqualTo(1).Within(1e-9));
        Assert.That(() => Centrality.PageRank(incidence, damping: 1), Throws.ArgumentException.With.Message.Contains("[0, 1)"));
    }

    [Test]
    public void ByCentralities_IsARowForEachMembership()
    {
        using MemoryScope scope = new();
        using Incidence incidence = Incidence.FromEdges(5, [[0, 1], [1, 2], [0, 2], [2, 3]]);

        Tensor ranks = MembershipRanks.ByCentralities(incidence);

        Assert.That(ranks.Shape, Is.EqualTo(new Shape(8, 4)));
        Assert.That(Ops.Slice(ranks, 0, 6, 2).ToArray(), Is.EqualTo(new[] { 1, 1, 1, 1, 0.5f, 0.5f, 0.5f, 0.5f }), "node 2 before node 3 in all");
    }
}
