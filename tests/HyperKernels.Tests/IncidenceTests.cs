namespace HyperKernels.Tests;

/// <summary>Structures of random pairs: what must hold whatever they are.</summary>
public sealed class IncidenceTests
{
    private static readonly int[] s_seeds = [1, 2, 3, 4, 5, 6, 7, 8];

    [TestCaseSource(nameof(s_seeds))]
    public void Transpose_Twice_GivesTheSameStructure(int seed)
    {
        using Incidence incidence = RandomIncidence(seed);
        using Incidence dual = incidence.Transpose();
        using Incidence again = dual.Transpose();

        Assert.That((dual.NodeCount, dual.EdgeCount), Is.EqualTo((incidence.EdgeCount, incidence.NodeCount)));
        Assert.That(again.Nodes.ToArray(), Is.EqualTo(incidence.Nodes.ToArray()));
        Assert.That(again.Edges.ToArray(), Is.EqualTo(incidence.Edges.ToArray()));
        for (int node = 0; node < incidence.NodeCount; node++)
        {
            Assert.That(dual.MembersOf(node).ToArray(), Is.EqualTo(incidence.EdgesOf(node).ToArray()));
        }
    }

    [TestCaseSource(nameof(s_seeds))]
    public void MembersOf_AndEdgesOf_HoldEveryPairInOrder(int seed)
    {
        using Incidence incidence = RandomIncidence(seed);
        int[] nodes = incidence.Nodes.ToArray();
        int[] edges = incidence.Edges.ToArray();

        for (int edge = 0; edge < incidence.EdgeCount; edge++)
        {
            Assert.That(incidence.MembersOf(edge).ToArray(), Is.EqualTo(nodes.Where((_, pair) => edges[pair] == edge)));
        }
        for (int node = 0; node < incidence.NodeCount; node++)
        {
            Assert.That(incidence.EdgesOf(node).ToArray(), Is.EqualTo(edges.Where((_, pair) => nodes[pair] == node)));
        }
    }

    [TestCaseSource(nameof(s_seeds))]
    public void Degrees_OfAnyStructure_AddUpToTheMemberships(int seed)
    {
        using Hypergraph graph = RandomGraph(seed);
        using MemoryScope scope = new();
        float[] nodeDegrees = graph.NodeDegrees.ToArray();
        float[] edgeDegrees = graph.EdgeDegrees.ToArray();

        Assert.That(nodeDegrees.Sum(), Is.EqualTo(graph.MembershipCount));
        Assert.That(edgeDegrees.Sum(), Is.EqualTo(graph.MembershipCount));
        Assert.That(nodeDegrees.Select((degree, node) => (int)degree == graph.Incidence.EdgesOf(node).Length), Is.All.True);
    }

    [TestCaseSource(nameof(s_seeds))]
    public void NodesToEdges_PairsInAnotherOrder_GivesTheSame(int seed)
    {
        using Incidence incidence = RandomIncidence(seed);
        using MemoryScope scope = new();
        int[] order = [.. Enumerable.Range(0, incidence.MembershipCount)];
        new Random(seed).Shuffle(order);
        int[] nodes = incidence.Nodes.ToArray();
        int[] edges = incidence.Edges.ToArray();
        float[] weights = Normals(order.Length, seed);
        using Incidence shuffled = Incidence.FromPairs(
            incidence.NodeCount, incidence.EdgeCount, [.. order.Select(i => nodes[i])], [.. order.Select(i => edges[i])]);
        Tensor x = Tensor.From(Normals(incidence.NodeCount * 7, seed + 1), [incidence.NodeCount, 7]);

        float[] expected = Ops.NodesToEdges(x, incidence, Tensor.From(weights)).ToArray();
        float[] actual = Ops.NodesToEdges(x, shuffled, Tensor.From([.. order.Select(i => weights[i])])).ToArray();

        Assert.That(actual, Is.EqualTo(expected).Within(1e-5));
    }

    [TestCaseSource(nameof(s_seeds))]
    public void EdgesToNodes_NodesRenamed_RenamesTheResult(int seed)
    {
        using Incidence incidence = RandomIncidence(seed);
        using MemoryScope scope = new();
        int[] names = [.. Enumerable.Range(0, incidence.NodeCount)];
        new Random(seed).Shuffle(names);
        using Incidence renamed = Incidence.FromPairs(
            incidence.NodeCount, incidence.EdgeCount, [.. incidence.Nodes.ToArray().Select(node => names[node])], incidence.Edges);
        Tensor z = Tensor.From(Normals(incidence.EdgeCount * 3, seed + 2), [incidence.EdgeCount, 3]);

        float[] expected = Ops.EdgesToNodes(z, incidence).ToArray();
        float[] actual = Ops.EdgesToNodes(z, renamed).ToArray();

        // The same pairs in the same order: the same bits.
        for (int node = 0; node < names.Length; node++)
        {
            Assert.That(actual.AsSpan(3 * names[node], 3).ToArray(), Is.EqualTo(expected.AsSpan(3 * node, 3).ToArray()));
        }
    }

    [Test]
    public void FromEdges_NodeTwiceInAnEdge_CountsTwice()
    {
        using Hypergraph graph = Hypergraph.FromEdges(4, [[0, 1, 1], [], [2]]);
        using MemoryScope scope = new();

        Assert.That(graph.EdgeDegrees.ToArray(), Is.EqualTo(new float[] { 3, 0, 1 }));
        Assert.That(graph.NodeDegrees.ToArray(), Is.EqualTo(new float[] { 1, 2, 1, 0 }));
        Assert.That(graph.SymmetricNodeScale.ToArray(), Is.EqualTo(new float[] { 1, 1 / MathF.Sqrt(2), 1, 0 }).Within(1e-6));
        Assert.That(graph.EdgeScale.ToArray(), Is.EqualTo(new float[] { 1f / 3, 0, 1 }).Within(1e-6));
        Assert.That(graph.ToString(), Is.EqualTo("4 nodes, 3 hyperedges, 4 memberships"));
    }

    [Test]
    public void Scales_OfUnweightedGraph_OutliveTheScopeOfTheirFirstUse()
    {
        using Hypergraph graph = Hypergraph.FromEdges(3, [[0, 1]]);
        Tensor scale;
        using (MemoryScope scope = new())
        {
            scale = graph.SymmetricNodeScale;
        }

        Assert.That(scale.ToArray(), Is.EqualTo(new float[] { 1, 1, 0 }));
        Assert.That(graph.SymmetricNodeScale, Is.EqualTo(scale));
    }

    [Test]
    public void WithSelfLoops_OnlyIsolated_AddsOneMemberEdgesAtTheEnd()
    {
        using Hypergraph graph = Hypergraph.FromEdges(5, [[0, 3], []]);
        using MemoryScope scope = new();
        using Hypergraph weighted = graph.WithEdgeWeights(Tensor.From([2f, 4]));
        using Hypergraph loops = weighted.WithSelfLoops(onlyIsolated: true);
        using Hypergraph all = graph.WithSelfLoops(onlyIsolated: false);

        Assert.That(loops.Incidence.Nodes.ToArray(), Is.EqualTo(new[] { 0, 3, 1, 2, 4 }));
        Assert.That(loops.Incidence.Edges.ToArray(), Is.EqualTo(new[] { 0, 0, 2, 3, 4 }));
        Assert.That(loops.EdgeWeights!.Value.ToArray(), Is.EqualTo(new float[] { 2, 4, 1, 1, 1 }));
        Assert.That(all.EdgeCount, Is.EqualTo(7));
        Assert.That(all.Incidence.MembersOf(2).ToArray(), Is.EqualTo(new[] { 0 }));
    }

    [Test]
    public void FromPairs_BadInput_NamesPairIdAndBound()
    {
        Assert.That(() => Incidence.FromPairs(6, 2, [0, 1, 6], [0, 0, 1]),
            Throws.ArgumentException.With.Message.EqualTo("Incidence: node ids must be from 0 to below 6; pair 2 has 6."));
        Assert.That(() => Incidence.FromPairs(6, 2, [0, 1], [0, -1]),
            Throws.ArgumentException.With.Message.EqualTo("Incidence: hyperedge ids must be from 0 to below 2; pair 1 has -1."));
        Assert.That(() => Incidence.FromPairs(6, 2, [0, 1], [0]),
            Throws.ArgumentException.With.Message.EqualTo("Incidence: every pair needs a node and a hyperedge; got 2 node ids and 1 hyperedge ids."));
        Assert.That(() => Incidence.FromPairs(-1, 2, [], []), Throws.ArgumentException.With.Message.Contains("must be from 0 to"));
    }

    [Test]
    public void SegmentOps_RowsThatDoNotFit_SayWhatMustHold()
    {
        using Incidence incidence = Incidence.FromEdges(6, [[0, 1, 2], [2, 3], [3, 4, 5]]);
        using MemoryScope scope = new();
        Tensor x = Tensor.Zeros([6, 4]);

        Assert.That(() => Ops.SegmentSum(x, incidence, Toward.Edges), Throws.ArgumentException.With.Message.EqualTo(
            "SegmentSum: the tensor must have one row per membership; it is [6, 4], the incidence has 6 nodes, 3 hyperedges, 8 memberships."));
        Assert.That(() => Ops.NodesToEdges(x, incidence, Tensor.Zeros([8, 3])), Throws.ArgumentException.With.Message.Contains("[M, H]"));
        Assert.That(() => Ops.NodesToEdges(x, incidence, nodeScale: Tensor.Zeros([6, 1])), Throws.ArgumentException.With.Message.Contains("one number per row, [6]"));
        Assert.That(() => Ops.SampledDot(x, Tensor.Zeros([3, 5]), incidence), Throws.ArgumentException.With.Message.Contains("same axes"));
        Assert.That(() => new Hypergraph(incidence, Tensor.Zeros([4])), Throws.ArgumentException.With.Message.EqualTo(
            "Hypergraph: hyperedge weights must be [3], one per hyperedge; got [4]."));
    }

    [Test]
    public void SegmentMax_EqualValuesAndNaN_FirstGetsTheGradientAndNaNShows()
    {
        using Incidence incidence = Incidence.FromEdges(3, [[0, 1, 2], [0, 1]]);
        using Tape tape = new();
        Tensor values = tape.Watch(Tensor.From([2f, 5, 5, 1, float.NaN]));

        Tensor max = Ops.SegmentMax(values, incidence, Toward.Edges);
        Tensor gradient = tape.Gradient(max, values);

        Assert.That(max.ToArray(), Is.EqualTo(new[] { 5, float.NaN }));
        Assert.That(gradient.ToArray(), Is.EqualTo(new float[] { 0, 1, 0, 0, 1 }));
    }

    private static Incidence RandomIncidence(int seed)
    {
        Random random = new(seed);
        int nodes = random.Next(1, 40);
        int edges = random.Next(1, 30);
        int memberships = random.Next(0, 200);
        return Incidence.FromPairs(
            nodes, edges, [.. Enumerable.Range(0, memberships).Select(_ => random.Next(nodes))], [.. Enumerable.Range(0, memberships).Select(_ => random.Next(edges))]);
    }

    private static Hypergraph RandomGraph(int seed)
    {
        using Incidence incidence = RandomIncidence(seed);
        return Hypergraph.FromPairs(incidence.NodeCount, incidence.EdgeCount, incidence.Nodes, incidence.Edges);
    }

    private static float[] Normals(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 2) - 1))];
    }

    [Test]
    public void Incidence_OfMoreSegmentsThanArraysHold_OrOfNoMembers_IsRefused()
    {
        Assert.That(() => Incidence.FromPairs(int.MaxValue, 1, [], []), Throws.ArgumentException.With.Message.Contains("got 2147483647 nodes and 1 hyperedges"));
        Assert.That(() => Incidence.FromPairs(1, int.MaxValue, [], []), Throws.ArgumentException.With.Message.Contains("got 1 nodes and 2147483647 hyperedges"));
        Assert.That(() => Hypergraph.FromEdges(3, [[0], null!]), Throws.ArgumentException.With.Message.Contains("that of hyperedge 1 is null"));
    }
}
