using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

/// <summary>Counts on hypergraphs: projections and what they lose, closures of triangles, ranks by paths.</summary>
public sealed class CountingTests
{
    // Against all subsets of a small random hypergraph, tried one after the other.
    [TestCase(1UL)]
    [TestCase(2UL)]
    [TestCase(3UL)]
    public void MaximalCliques_AndLosses_EqualBruteForce(ulong seed)
    {
        const int Nodes = 9;
        using Incidence incidence = Random(Nodes, 8, seed);
        int[][] sets = [.. Sets(incidence).Where(set => set.Length > 1).DistinctBy(Mask)];
        bool Joined(int u, int v) => sets.Any(set => set.Contains(u) && set.Contains(v));
        bool IsMaximal(int mask) => IsClique(mask) && !Enumerable.Range(0, Nodes).Any(v => (mask >> v & 1) == 0 && IsClique(mask | 1 << v));
        int[] cliques = [.. Enumerable.Range(1, (1 << Nodes) - 1).Where(mask => int.PopCount(mask) > 1 && IsMaximal(mask))];
        bool IsClique(int mask)
        {
            int[] nodes = [.. Enumerable.Range(0, Nodes).Where(v => (mask >> v & 1) == 1)];
            return nodes.All(u => nodes.All(v => u == v || Joined(u, v)));
        }

        int[] found = [.. MaximalCliques.Of(Project(incidence)).Select(Mask)];
        ProjectionLoss loss = ProjectionLoss.Of(incidence);

        Assert.That(found, Is.EquivalentTo(cliques));
        int[] masks = Array.ConvertAll(sets, Mask);
        Assert.That(loss.Kept, Is.EqualTo(masks.Count(cliques.Contains)));
        Assert.That(loss.Phantom, Is.EqualTo(cliques.Count(clique => !masks.Contains(clique))));
        Assert.That(loss.Nested, Is.EqualTo(masks.Count(inner => masks.Any(outer => outer != inner && (outer & inner) == inner))));
        Assert.That(loss.OpenTriangles + loss.ClosedTriangles, Is.EqualTo(loss.Triangles));
    }

    [Test]
    public void Losses_AndClosure_CountMembersOnce_AndLeaveLargeSimplicesOut()
    {
        using Incidence incidence = Incidence.FromEdges(6, [[2, 0, 2], [], [0, 2], [4], [0, 1, 2, 3]]);
        ProjectionLoss loss = ProjectionLoss.Of(incidence);
        SimplicialClosure small = SimplicialClosure.Of(incidence, largest: 3);
        SimplicialClosure whole = SimplicialClosure.Of(incidence);

        Assert.That((loss.Edges, loss.MaximalCliques, loss.Kept, loss.Covered, loss.Nested), Is.EqualTo((2, 1, 1, 1, 1)));
        Assert.That((small.Graph.EdgeCount, small.Graph.WeightsOf(0)[0]), Is.EqualTo((1, 2f)), "twice in a simplex counts once, two simplices count twice");
        Assert.That((small.Triangles.Count, whole.Triangles.Count(triangle => triangle.Closed)), Is.EqualTo((0, 4)));
    }

    [Test]
    public void Sampler_FindsEveryHyperedge_WhereTheBudgetReaches()
    {
        using Incidence incidence = Random(12, 14, 5);
        WeightedGraph graph = Project(incidence);
        CliqueSampler sampler = CliqueSampler.Fit(incidence);

        IReadOnlyList<int[]> all = sampler.Sample(graph, long.MaxValue, new RandomStream(1));
        IReadOnlyList<int[]> few = sampler.Sample(graph, 10, new RandomStream(1));

        int[] masks = [.. Sets(incidence).Where(set => set.Length > 1).Select(Mask).Distinct()];
        Assert.That(masks, Is.SubsetOf(all.Select(Mask)), "of its own projection: every hyperedge lies in a maximal clique");
        Assert.That(all.Select(Mask), Is.Unique);
        Assert.That(few, Has.Count.InRange(1, 10));
        Assert.That(few.Select(Mask), Is.SubsetOf(all.Select(Mask)));
        Assert.That(sampler.Shares.Select(share => share.Rho), Is.Ordered.Descending);
        Assert.That(sampler.Shares, Is.All.Matches<CliqueShare>(static share => share is { Rho: > 0 and <= 1 }));
        Assert.That(CliqueSampler.Jaccard(all, incidence), Is.EqualTo((double)masks.Length / all.Count));
        float[] rows = CliqueFeatures.Of(graph, all);
        for (int i = 0; i < all.Count; i++)
        {
            ReadOnlySpan<float> row = rows.AsSpan(i * CliqueFeatures.Count, CliqueFeatures.Count);
            Assert.That(row[0], Is.EqualTo(all[i].Length));
            Assert.That(row[2], Is.GreaterThanOrEqualTo(1), "a clique lies in a maximal one");
            Assert.That(row[1] == 1, Is.EqualTo(row[2] == 1 && row[3] == row[0]), "a maximal clique lies in itself alone");
            Assert.That(row[5], Is.GreaterThanOrEqualTo(row[2]).And.LessThanOrEqualTo(row[4]), "what holds the whole holds each pair");
        }
    }

    // Figures of the paper's authors for their copy, which this one equals.
    [Test]
    public void Enron_HasThePublishedTriangles()
    {
        string folder = TestData.Folder(Path.Combine("hypergraph", "email-enron-simplices"));
        int[] sizes = Numbers<int>(Path.Combine(folder, "email-enron-nverts.txt"));
        int[] members = [.. Numbers<int>(Path.Combine(folder, "email-enron-simplices.txt")).Select(node => node - 1)];
        long[] times = Numbers<long>(Path.Combine(folder, "email-enron-times.txt"));
        int[] edges = [.. sizes.SelectMany((size, edge) => Enumerable.Repeat(edge, size))];
        using Incidence incidence = Incidence.FromPairs(148, sizes.Length, members, edges);

        SimplicialClosure whole = SimplicialClosure.Of(incidence);
        (SimplicialClosure first, bool[] closes) = SimplicialClosure.Split(incidence, times);

        Assert.That(whole.Graph.EdgeCount, Is.EqualTo(1800));
        Assert.That(whole.Triangles.Count(triangle => triangle.Closed), Is.EqualTo(6578));
        Assert.That(whole.Triangles, Has.Count.EqualTo(9895));
        Assert.That(first.Triangles.Count(triangle => !triangle.Closed), Is.EqualTo(2574));
        Assert.That(closes.Count(close => close), Is.EqualTo(119));
        int[] open = [.. Enumerable.Range(0, closes.Length).Where(i => !first.Triangles[i].Closed)];
        double[] scores = first.Scores(ClosureScore.HarmonicMean);
        double gain = SimplicialClosure.RelativePrecision([.. open.Select(i => scores[i])], [.. open.Select(i => closes[i])]);
        Assert.That(gain, Is.GreaterThan(1.2), "a score that tells something");
        // The authors print their highest ones; their solver stops at a thousandth.
        double[] ranks = first.Scores(ClosureScore.PageRank);
        Assert.That(open.Select(i => ranks[i]).OrderDescending().Take(4), Is.EqualTo(new[] { 0.304908, 0.272448, 0.253939, 0.189741 }).Within(1e-3));
    }

    [Test]
    public void RelativePrecision_IsTheAreaOverThatOfChance()
    {
        bool[] closes = [true, false, true, false];
        Assert.That(SimplicialClosure.RelativePrecision([4, 3, 2, 1], closes), Is.EqualTo(((1.0 + (2.0 / 3)) / 2) / 0.5).Within(1e-12));
        Assert.That(SimplicialClosure.RelativePrecision([1, 1, 1, 1], closes), Is.EqualTo(1), "equal scores tell nothing");
        Assert.That(SimplicialClosure.RelativePrecision([1, 2], [false, false]), Is.Zero);
        Assert.That(() => SimplicialClosure.RelativePrecision([1], []), Throws.ArgumentException);
    }

    [Test]
    public void PathRanking_TakesTheMedian_AndPutsDrugsWithoutPathsLast()
    {
        // Drug 0 is prescribed; drug 1 has two paths, one along and one across; drug 2 none; drug 3 one of zeros.
        float[] paths = [2, 0, 1, 0, 0, 3, 0, 0];
        double[] scores = PathRanking.Scores(paths, [0, 1, 1, 3], drugs: 4, [0, 0]);

        Assert.That(scores, Is.EqualTo(new[] { 1, 0.5, double.NegativeInfinity, 0 }));
        Assert.That(PathRanking.Ranks(scores), Is.EqualTo(new[] { 1, 2, 4, 3 }));
        Assert.That(PathRanking.Scores([], [], 2, [1]), Is.All.EqualTo(double.NegativeInfinity));
        Assert.That(() => PathRanking.Scores(paths, [0, 1, 1, 4], 4, [0]), Throws.ArgumentException.With.Message.Contains("got 4"));
        Assert.That(() => PathRanking.Scores(paths, [0, 1, 1], 4, [0]), Throws.ArgumentException.With.Message.Contains("one row per path"));
    }

    private static Incidence Random(int nodes, int edges, ulong seed)
    {
        RandomStream random = new(seed);
        int[] order = new int[nodes];
        int[][] members = new int[edges][];
        for (int edge = 0; edge < edges; edge++)
        {
            random.FillPermutation(order);
            members[edge] = order[..(1 + (edge % 5))];
        }
        return Incidence.FromEdges(nodes, members);
    }

    private static WeightedGraph Project(Incidence incidence)
    {
        using Hypergraph graph = new(incidence);
        return graph.CliqueProjection();
    }

    private static IEnumerable<int[]> Sets(Incidence incidence) => Enumerable.Range(0, incidence.EdgeCount).Select(edge => incidence.MembersOf(edge).ToArray());

    private static int Mask(int[] set) => set.Aggregate(0, (mask, node) => mask | 1 << node);

    private static T[] Numbers<T>(string path)
        where T : IParsable<T> => [.. File.ReadLines(path).Select(line => T.Parse(line, null))];
}
