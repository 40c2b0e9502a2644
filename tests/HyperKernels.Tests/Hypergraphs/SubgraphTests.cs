using HyperKernels.Layers;

namespace HyperKernels.Tests.Hypergraphs;

/// <summary>Parts of a hypergraph, against filters over its list of pairs.</summary>
[TestFixtureSource(typeof(SmallHypergraphs), nameof(SmallHypergraphs.Seeds))]
public sealed class SubgraphTests(int seed)
{
    [Test]
    public void SubgraphOfNodes_KeepsThePairsAmongThem([Values] bool wholeEdges)
    {
        using Hypergraph structure = SmallHypergraphs.Plain(seed);
        using MemoryScope scope = new();
        Hypergraph graph = SmallHypergraphs.Typed(SmallHypergraphs.Weighted(structure, seed));
        int[] nodes = Some(graph.NodeCount);
        using SubHypergraph part = graph.SubgraphOfNodes(nodes, wholeEdges);

        int[] edges = [.. Enumerable.Range(0, graph.EdgeCount).Where(edge =>
        {
            int[] members = graph.Incidence.MembersOf(edge).ToArray();
            return members.Any(nodes.Contains) && (!wholeEdges || members.All(nodes.Contains));
        })];
        HasThePairs(graph, part, nodes, edges);
        Assert.That(part.SeedCount, Is.EqualTo(nodes.Length));
    }

    [Test]
    public void SubgraphOfEdges_KeepsThemWhole([Values] bool allNodes)
    {
        using Hypergraph structure = SmallHypergraphs.Plain(seed);
        using MemoryScope scope = new();
        Hypergraph graph = SmallHypergraphs.Typed(SmallHypergraphs.Weighted(structure, seed));
        int[] edges = Some(graph.EdgeCount);
        using SubHypergraph part = graph.SubgraphOfEdges(edges, allNodes);

        int[] nodes = [.. Enumerable.Range(0, graph.NodeCount).Where(node => allNodes || edges.Any(edge => graph.Incidence.MembersOf(edge).Contains(node)))];
        HasThePairs(graph, part, nodes, edges);
    }

    [Test]
    public void Neighbourhood_OfEachHop_HoldsWhatASearchFinds([Values(0, 1, 2)] int hops)
    {
        using Hypergraph graph = SmallHypergraphs.Plain(seed);
        int[] seeds = [graph.NodeCount - 1, 1];
        using SubHypergraph part = graph.Neighbourhood(seeds, hops);

        HashSet<int> nodes = [.. seeds], edges = [];
        for (int hop = 0; hop < hops; hop++)
        {
            edges.UnionWith(nodes.SelectMany(node => graph.Incidence.EdgesOf(node).ToArray()).ToArray());
            nodes.UnionWith(edges.SelectMany(edge => graph.Incidence.MembersOf(edge).ToArray()).ToArray());
        }
        Assert.That(part.Nodes.Ids.ToArray(), Is.EquivalentTo(nodes));
        Assert.That(part.Nodes.Ids[..2].ToArray(), Is.EqualTo(seeds));
        Assert.That(part.Edges.Ids.ToArray(), Is.EquivalentTo(edges));
        HasThePairs(graph, part, part.Nodes.Ids.ToArray(), part.Edges.Ids.ToArray());
    }

    [Test]
    public void Neighbourhood_OneHopMoreThanLayers_GivesTheSeedsTheirRowsOfTheWhole()
    {
        using Hypergraph structure = SmallHypergraphs.Plain(seed);
        using MemoryScope scope = new();
        Hypergraph graph = SmallHypergraphs.Weighted(structure, seed);
        RandomStream random = new(3);
        HypergraphConv first = new(3, 4, random: random), second = new(4, 2, random: random);
        Tensor x = Ops.RandomNormal([graph.NodeCount, 3], random);
        Tensor Run(Tensor nodes, Hypergraph over) => second.Forward(Ops.Relu(first.Forward(nodes, over)), over);
        int[] seeds = [2, 0];
        using SubHypergraph part = graph.Neighbourhood(seeds, hops: 3);

        Tensor expected = Ops.GatherRows(Run(x, graph), Tensor.From(seeds));
        Assert.That(part.SeedRows(Run(part.Nodes.Apply(x), part.Graph)).ToArray(), Is.EqualTo(expected.ToArray()).Within(1e-5f));
    }

    [Test]
    public void Components_AreWhatASearchFinds()
    {
        using Hypergraph graph = SmallHypergraphs.Plain(seed);
        HypergraphComponents components = graph.Components();

        List<int[]> expected = [];
        for (int node = 0; node < graph.NodeCount; node++)
        {
            if (!expected.Any(found => found.Contains(node)))
            {
                using SubHypergraph reached = graph.Neighbourhood([node], graph.NodeCount);
                expected.Add([.. reached.Nodes.Ids.ToArray().Order()]);
            }
        }
        Assert.That(components.Count, Is.EqualTo(expected.Count));
        Assert.That(Enumerable.Range(0, components.Count).Select(components.NodesOf), Is.EqualTo(expected));
        Assert.That(components.Sizes.ToArray(), Is.EqualTo(expected.Select(nodes => nodes.Length)));
        Assert.That(expected[components.Largest], Has.Length.EqualTo(expected.Max(nodes => nodes.Length)));
        for (int edge = 0; edge < graph.EdgeCount; edge++)
        {
            int[] members = graph.Incidence.MembersOf(edge).ToArray();
            Assert.That(components.OfEdge[edge], Is.EqualTo(members.Length == 0 ? -1 : components.OfNode[members[0]]));
        }
    }

    [Test]
    public void Statistics_AreCountsOfThePairs()
    {
        using Hypergraph graph = SmallHypergraphs.Plain(seed);
        HypergraphStatistics statistics = graph.Statistics();
        double[,] counts = SmallHypergraphs.Matrix(graph);
        int[] degrees = [.. Enumerable.Range(0, graph.NodeCount).Select(node => (int)Enumerable.Range(0, graph.EdgeCount).Sum(edge => counts[node, edge]))];
        int[] sizes = [.. Enumerable.Range(0, graph.EdgeCount).Select(edge => (int)Enumerable.Range(0, graph.NodeCount).Sum(node => counts[node, edge]))];

        Assert.That(statistics.Degrees.ToArray(), Is.EqualTo(Enumerable.Range(0, degrees.Max() + 1).Select(degree => degrees.Count(d => d == degree))));
        Assert.That(statistics.Sizes.ToArray(), Is.EqualTo(Enumerable.Range(0, sizes.Max() + 1).Select(size => sizes.Count(s => s == size))));
        Assert.That((statistics.IsolatedNodes, statistics.EmptyEdges), Is.EqualTo((degrees.Count(d => d == 0), sizes.Count(s => s == 0))));
        Assert.That(statistics.RepeatedMembers, Is.EqualTo((int)counts.Cast<double>().Sum(count => Math.Max(count - 1, 0))));
        Assert.That((statistics.TwoHopCost, statistics.CliqueCost), Is.EqualTo((2L * graph.MembershipCount, sizes.Sum(size => (long)size * size))));
        Assert.That((statistics.Components, statistics.LargestComponent), Is.EqualTo((graph.Components().Count, graph.Components().Sizes.ToArray().Max())));
    }

    [Test]
    public void RowSelection_Undo_PutsRowsBackAndZerosElsewhere()
    {
        using Hypergraph graph = SmallHypergraphs.Plain(seed);
        using MemoryScope scope = new();
        using SubHypergraph part = graph.SubgraphOfNodes([2, 0]);
        Tensor x = Tensor.From(SmallHypergraphs.Numbers(graph.NodeCount, seed));

        float[] expected = x.ToArray();
        expected.AsSpan(3).Clear();
        expected[1] = 0;
        Assert.That(part.Nodes.Undo(part.Nodes.Apply(x)).ToArray(), Is.EqualTo(expected));
    }

    [Test]
    public void Subgraphs_OfWhatThereIsNot_AreRefused()
    {
        using Hypergraph graph = Hypergraph.FromEdges(4, [[0, 1], [1]]);
        using MemoryScope scope = new();
        using SubHypergraph part = graph.SubgraphOfNodes([1]);
        Assert.Multiple(() =>
        {
            Assert.That(
                () => graph.SubgraphOfNodes([0, 4]), Throws.ArgumentException.With.Message.EqualTo("SubgraphOfNodes: node ids must be from 0 to below 4; got 4."));
            Assert.That(
                () => graph.SubgraphOfEdges([1, 1]), Throws.ArgumentException.With.Message.EqualTo("SubgraphOfEdges: every hyperedge may be given once; 1 comes again."));
            Assert.That(() => graph.Neighbourhood([3, 3], 1), Throws.ArgumentException.With.Message.EqualTo("Neighbourhood: every node may be given once; 3 comes again."));
            Assert.That(() => graph.Neighbourhood([0], -1), Throws.ArgumentException.With.Message.Contains("must not be negative; got -1"));
            Assert.That(
                () => part.Nodes.Apply(Tensor.Zeros([1, 2])),
                Throws.ArgumentException.With.Message.EqualTo("RowSelection: the tensor must have 4 rows, which 1 are selected of; it is [1, 2]."));
            Assert.That(() => part.Nodes.Undo(Tensor.Zeros([4])), Throws.ArgumentException.With.Message.Contains("must have the 1 rows that are selected"));
            Assert.That(() => part.SeedRows(Tensor.Zeros([4])), Throws.ArgumentException.With.Message.Contains("one per node of the part"));
        });
    }

    private int[] Some(int count)
    {
        int[] all = [.. Enumerable.Range(0, count)];
        new Random(seed).Shuffle(all);
        return all[..((count / 2) + 1)];
    }

    private static void HasThePairs(Hypergraph graph, SubHypergraph part, int[] nodes, int[] edges)
    {
        int[] pairs = [.. edges.SelectMany(edge => Enumerable.Range(0, graph.MembershipCount)
            .Where(pair => graph.Incidence.Edges[pair] == edge && nodes.Contains(graph.Incidence.Nodes[pair])))];
        Assert.That(part.Nodes.Ids.ToArray(), Is.EqualTo(nodes));
        Assert.That(part.Edges.Ids.ToArray(), Is.EqualTo(edges));
        Assert.That(part.Memberships.Ids.ToArray(), Is.EqualTo(pairs));
        Assert.That((part.Graph.NodeCount, part.Graph.EdgeCount), Is.EqualTo((nodes.Length, edges.Length)));
        Assert.That(part.Graph.Incidence.Nodes.ToArray(), Is.EqualTo(pairs.Select(pair => Array.IndexOf(nodes, graph.Incidence.Nodes[pair]))));
        Assert.That(part.Graph.Incidence.Edges.ToArray(), Is.EqualTo(pairs.Select(pair => Array.IndexOf(edges, graph.Incidence.Edges[pair]))));
        Assert.That(part.Graph.EdgeWeights?.ToArray(), Is.EqualTo(graph.EdgeWeights is { } w ? part.Edges.Apply(w).ToArray() : null));
        Assert.That(part.Graph.MembershipWeights?.ToArray(), Is.EqualTo(graph.MembershipWeights is { } h ? part.Memberships.Apply(h).ToArray() : null));
        Assert.That(part.Graph.Roles?.GroupOfRow.ToArray(), Is.EqualTo(graph.Roles is { } roles ? pairs.Select(pair => roles.GroupOfRow[pair]) : null));
        Assert.That(part.Graph.NodeTypes?.GroupOfRow.ToArray(), Is.EqualTo(graph.NodeTypes is { } types ? nodes.Select(node => types.GroupOfRow[node]) : null));
        Assert.That(part.Graph.EdgeTypes?.GroupOfRow.ToArray(), Is.EqualTo(graph.EdgeTypes is { } kinds ? edges.Select(edge => kinds.GroupOfRow[edge]) : null));
    }
}
