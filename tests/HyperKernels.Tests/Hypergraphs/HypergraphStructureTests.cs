namespace HyperKernels.Tests.Hypergraphs;

/// <summary>Types, roles and weights: where they go when structures change; figures and limits of structures.</summary>
public sealed class HypergraphStructureTests
{
    [Test]
    public void WithSelfLoops_TypesAndRoles_LoopsGetOnesOfTheirOwn()
    {
        using Hypergraph structure = Hypergraph.FromEdges(4, [[0, 1], [1]]);
        using MemoryScope scope = new();
        using Hypergraph loops = SmallHypergraphs.Typed(structure).WithSelfLoops(onlyIsolated: true);

        Assert.That(loops.EdgeTypes!.GroupOfRow.ToArray(), Is.EqualTo(new[] { 0, 1, 2, 2 }));
        Assert.That(loops.Roles!.GroupOfRow.ToArray(), Is.EqualTo(new[] { 0, 0, 0, 2, 2 }));
        Assert.That((loops.EdgeTypes.Groups, loops.Roles.Groups, loops.NodeTypes!.Groups), Is.EqualTo((3, 3, 3)));
    }

    [TestCaseSource(typeof(SmallHypergraphs), nameof(SmallHypergraphs.Seeds))]
    public void Dual_WeightsAndTypes_ChangeSides(int seed)
    {
        using Hypergraph structure = SmallHypergraphs.Plain(seed);
        using MemoryScope scope = new();
        Hypergraph graph = SmallHypergraphs.Typed(SmallHypergraphs.Weighted(structure, seed));
        using Hypergraph dual = graph.Dual();
        Tensor x = Ops.RandomNormal([graph.NodeCount, 2], new RandomStream(2));

        Assert.That(Ops.EdgesToNodes(x, dual).ToArray(), Is.EqualTo(Ops.NodesToEdges(x, graph).ToArray()));
        Assert.That(dual.EdgeWeights, Is.Null);
        Assert.That((dual.NodeTypes, dual.EdgeTypes, dual.Roles), Is.EqualTo((graph.EdgeTypes, graph.NodeTypes, graph.Roles)));
    }

    [Test]
    public void Reordered_TypesAndRoles_FollowTheirRows()
    {
        using Hypergraph structure = SmallHypergraphs.Plain(5);
        using MemoryScope scope = new();
        Hypergraph graph = SmallHypergraphs.Typed(structure);
        using ReorderedHypergraph order = graph.Reordered();

        Assert.That(order.Graph.Roles!.GroupOfRow.ToArray(), Is.EqualTo(order.Memberships.Order.ToArray().Select(pair => graph.Roles!.GroupOfRow[pair])));
        Assert.That(order.Graph.NodeTypes!.GroupOfRow.ToArray(), Is.EqualTo(order.Nodes.Order.ToArray().Select(node => graph.NodeTypes!.GroupOfRow[node])));
        Assert.That(order.Graph.EdgeTypes!.GroupOfRow.ToArray(), Is.EqualTo(order.Edges.Order.ToArray().Select(edge => graph.EdgeTypes!.GroupOfRow[edge])));
    }

    [Test]
    public void TypesOfAnotherNumber_AreRefused()
    {
        using Hypergraph graph = Hypergraph.FromEdges(4, [[0, 1], [1]]);
        using MemoryScope scope = new();
        Assert.Multiple(() =>
        {
            Assert.That(
                () => graph.WithRoles(RowGroups.Of([0, 1], 2)),
                Throws.ArgumentException.With.Message.EqualTo("Hypergraph: roles must be 3, one per membership; got 2."));
            Assert.That(() => graph.WithNodeTypes(RowGroups.Of([0, 1], 2)), Throws.ArgumentException.With.Message.Contains("node types must be 4, one per node"));
            Assert.That(() => graph.WithEdgeTypes(RowGroups.Of([0], 2)), Throws.ArgumentException.With.Message.Contains("hyperedge types must be 2, one per hyperedge"));
            Assert.That(
                () => Ops.LinearTyped(Tensor.Ones([3, 5]), Tensor.Ones([2, 6, 5]), RowGroups.Of([0, 1], 2)),
                Throws.ArgumentException.With.Message.EqualTo("LinearTyped: x must be [2, I], one row for each that has a type; got [3, 5]."));
        });
    }

    [Test]
    public void Statistics_InWords_NameEveryFigure()
    {
        using Hypergraph graph = Hypergraph.FromEdges(4, [[0, 1, 1], [], [2]]);
        Assert.That(graph.Statistics().ToString().ReplaceLineEndings("\n"), Is.EqualTo("""
            memberships 4, of repeated members 1
            degrees     mean 1, largest 2; isolated nodes 1
            sizes       mean 1.33, largest 3; empty hyperedges 1
            components  3, the largest of 2 nodes
            cost        two hops 8, pairs 10
            """.ReplaceLineEndings("\n")));
    }

    [Test]
    public void Build_MoreMembershipsThanAListHolds_IsRefusedBeforeItIsMade() =>
        Assert.That(
            () => RandomHypergraphs.Uniform(1000, 100_000_000, 100, new RandomStream(1)),
            Throws.ArgumentException.With.Message.EqualTo($"Incidence: there can be at most {Array.MaxLength} memberships; this would have 10000000000."));
}
