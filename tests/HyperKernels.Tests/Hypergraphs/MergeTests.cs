namespace HyperKernels.Tests.Hypergraphs;

/// <summary>Repeated hyperedges and members become one, against groups by their written-out members.</summary>
[TestFixtureSource(typeof(SmallHypergraphs), nameof(SmallHypergraphs.Seeds))]
public sealed class MergeTests(int seed)
{
    [Test]
    public void WithoutRepeatedEdges_KeepsTheFirstOfEachKind([Values] bool typed)
    {
        using Hypergraph structure = WithTwins(seed);
        using MemoryScope scope = new();
        Hypergraph graph = typed ? TypedTwins(structure) : structure;
        using MergedHypergraph merged = graph.WithoutRepeatedEdges();

        string[] keys = [.. Enumerable.Range(0, graph.EdgeCount).Select(edge => SmallHypergraphs.Key(graph, edge))];
        string[] kinds = [.. keys.Distinct()];
        Assert.That(kinds, Has.Length.LessThan(keys.Length), "there must be something to merge");
        Assert.That(kinds, Has.Length.GreaterThan(1));
        Assert.That(Enumerable.Range(0, merged.Graph.EdgeCount).Select(edge => SmallHypergraphs.Key(merged.Graph, edge)), Is.EqualTo(kinds));
        Assert.That(merged.EdgeOf.ToArray(), Is.EqualTo(keys.Select(key => Array.IndexOf(kinds, key))));
        Assert.That(merged.Graph.EdgeWeights!.Value.ToArray(), Is.EqualTo(kinds.Select(kind => keys.Count(key => key == kind))));
        for (int pair = 0; pair < graph.MembershipCount; pair++)
        {
            int place = merged.MembershipOf[pair];
            Assert.That(merged.Graph.Incidence.Nodes[place], Is.EqualTo(graph.Incidence.Nodes[pair]));
            Assert.That(merged.Graph.Incidence.Edges[place], Is.EqualTo(merged.EdgeOf[graph.Incidence.Edges[pair]]));
            Assert.That(merged.Graph.Roles?.GroupOfRow[place], Is.EqualTo(graph.Roles?.GroupOfRow[pair]));
        }
        // Inside one hyperedge no two went to the same place.
        Assert.That(Enumerable.Range(0, graph.MembershipCount).GroupBy(pair => (graph.Incidence.Edges[pair], merged.MembershipOf[pair])).All(group => group.Count() == 1));
    }

    [Test]
    public void WithoutRepeatedEdges_Rules_SayWhatBecomesOfWeights()
    {
        using Hypergraph structure = WithTwins(seed);
        using Tape tape = new();
        float[] weights = SmallHypergraphs.Numbers(structure.EdgeCount, seed);
        Tensor watched = tape.Watch(Tensor.From(weights));
        Hypergraph graph = structure.WithEdgeWeights(watched);
        using MergedHypergraph sum = graph.WithoutRepeatedEdges();
        using MergedHypergraph mean = graph.WithoutRepeatedEdges(MergeRule.Mean);
        using MergedHypergraph first = graph.WithoutRepeatedEdges(MergeRule.First);
        IGrouping<int, float>[] groups = [.. weights.Zip(sum.EdgeOf.ToArray()).GroupBy(edge => edge.Second, edge => edge.First).OrderBy(group => group.Key)];

        Assert.That(sum.Graph.EdgeWeights!.Value.ToArray(), Is.EqualTo(groups.Select(group => group.Sum())).Within(1e-5f));
        Assert.That(mean.Graph.EdgeWeights!.Value.ToArray(), Is.EqualTo(groups.Select(group => group.Average())).Within(1e-5f));
        Assert.That(first.Graph.EdgeWeights!.Value.ToArray(), Is.EqualTo(groups.Select(group => group.First())));

        // Two hops do not see that edges were merged, and the weights before get their gradients.
        Tensor x = Ops.RandomNormal([graph.NodeCount, 3], new RandomStream(3)), onOutput = Ops.RandomNormal([graph.NodeCount, 3], new RandomStream(4));
        Tensor before = TwoHops(x, graph), after = TwoHops(x, sum.Graph);
        Assert.That(after.ToArray(), Is.EqualTo(before.ToArray()).Within(1e-4f));
        Assert.That(tape.Gradient(after, [watched], onOutput)[0].ToArray(), Is.EqualTo(tape.Gradient(before, [watched], onOutput)[0].ToArray()).Within(1e-4f));
    }

    [Test]
    public void WithoutRepeatedMembers_SumOfWeights_LeavesProductsAlone([Values] bool weighted, [Values] bool typed)
    {
        using Hypergraph structure = WithTwins(seed);
        using MemoryScope scope = new();
        Hypergraph graph = weighted ? SmallHypergraphs.Weighted(structure, seed) : structure;
        graph = typed ? SmallHypergraphs.Typed(graph) : graph;
        using MergedHypergraph merged = graph.WithoutRepeatedMembers();
        Incidence incidence = merged.Graph.Incidence;
        (int, int, int)[] members = [.. Members(graph)];

        Assert.That(Members(merged.Graph), Is.EqualTo(members.Distinct()));
        Assert.That(merged.MembershipOf.ToArray(), Is.EqualTo(members.Select(member => Array.IndexOf([.. members.Distinct()], member))));
        Assert.That(SmallHypergraphs.Matrix(merged.Graph), Is.EqualTo(SmallHypergraphs.Matrix(graph)).Within(1e-5));
        Assert.That((incidence.NodeCount, incidence.EdgeCount), Is.EqualTo((graph.NodeCount, graph.EdgeCount)));
    }

    [Test]
    public void WithoutRepeatedMembers_OtherRules_AverageOrKeepTheFirst()
    {
        using Hypergraph structure = Hypergraph.FromEdges(3, [[0, 1, 1], [], [1, 1]]);
        using MemoryScope scope = new();
        Hypergraph graph = structure.WithMembershipWeights(Tensor.From([1f, 2, 4, seed, 6]));
        using MergedHypergraph mean = graph.WithoutRepeatedMembers(MergeRule.Mean);
        using MergedHypergraph first = graph.WithoutRepeatedMembers(MergeRule.First);
        using MergedHypergraph plain = structure.WithoutRepeatedMembers(MergeRule.Mean);

        Assert.That(mean.Graph.MembershipWeights!.Value.ToArray(), Is.EqualTo(new[] { 1, 3, (seed + 6) / 2f }));
        Assert.That(first.Graph.MembershipWeights!.Value.ToArray(), Is.EqualTo(new float[] { 1, 2, seed }));
        Assert.That(plain.Graph.MembershipWeights, Is.Null);
    }

    private static Tensor TwoHops(Tensor x, Hypergraph graph) => Ops.EdgesToNodes(Ops.NodesToEdges(x, graph), graph, graph.EdgeWeights);

    private static IEnumerable<(int, int, int)> Members(Hypergraph graph) =>
        Enumerable.Range(0, graph.MembershipCount).Select(pair => (graph.Incidence.Nodes[pair], graph.Incidence.Edges[pair], graph.Roles?.GroupOfRow[pair] ?? 0));

    /// <summary>Twins are of one type, and their nodes in one role, but for one membership: what it is in stays alone.</summary>
    private static Hypergraph TypedTwins(Hypergraph twins)
    {
        int half = twins.EdgeCount / 2;
        int[] roles = [.. twins.Incidence.Nodes.ToArray().Select(node => node % 2)];
        roles[0] = 2;
        return twins
            .WithEdgeTypes(RowGroups.Of([.. Enumerable.Range(0, twins.EdgeCount).Select(edge => edge % half % 2)], 2))
            .WithRoles(RowGroups.Of(roles, 3));
    }

    /// <summary>The small one, its hyperedges again in the reverse order of members under another place, and a repeated pair.</summary>
    private static Hypergraph WithTwins(int seed)
    {
        using Hypergraph small = SmallHypergraphs.Plain(seed);
        int[] nodes = [.. small.Incidence.Nodes], edges = [.. small.Incidence.Edges];
        return Hypergraph.FromPairs(
            small.NodeCount,
            (2 * small.EdgeCount) + 1,
            [.. nodes, .. nodes.Reverse(), 0, 0],
            [.. edges, .. edges.Reverse().Select(edge => edge + small.EdgeCount), 2 * small.EdgeCount, 2 * small.EdgeCount]);
    }
}
