using HyperKernels.Layers;

namespace HyperKernels.Tests.Hypergraphs;

public sealed class NeighbourSamplerTests
{
    private static readonly int[] s_seeds = [3, 0, 7];

    [Test]
    public void Sample_OfEverything_GivesTheSeedsTheirRowsOfTheWhole()
    {
        using Hypergraph graph = Dense();
        using MemoryScope scope = new();
        RandomStream random = new(1);
        HypergraphConv[] layers = [new(3, 4, random: random), new(4, 2, random: random)];
        Tensor x = Ops.RandomNormal([graph.NodeCount, 3], random);
        using SampledHypergraph sample = new NeighbourSampler(graph, int.MaxValue, int.MaxValue, hops: 2).Sample(s_seeds, random);

        Tensor expected = layers[1].Forward(Ops.Relu(layers[0].Forward(x, graph)), graph);
        Tensor actual = sample.Forward(x, (layer, nodes, hop) => layer == 0 ? Ops.Relu(layers[0].Forward(nodes, hop)) : layers[1].Forward(nodes, hop));
        Assert.That(actual.ToArray(), Is.EqualTo(Ops.GatherRows(expected, Tensor.From(s_seeds)).ToArray()).Within(1e-5f));
    }

    [Test]
    public void Sample_OverManyDraws_IsRightOnAverage([Values] bool weighted)
    {
        const int Draws = 3000;
        using Hypergraph structure = Dense();
        using MemoryScope outer = new();
        Hypergraph graph = weighted ? SmallHypergraphs.Weighted(structure, 1) : structure;
        RandomStream random = new(2);
        Tensor x = Ops.RandomNormal([graph.NodeCount, 2], random);
        float[] expected = Ops.GatherRows(TwoLayers(x, graph), Tensor.From(s_seeds)).ToArray();
        NeighbourSampler sampler = new(graph, edgesPerNode: 2, nodesPerEdge: 2, hops: 2);
        double[] sums = new double[expected.Length], squares = new double[expected.Length];
        for (int draw = 0; draw < Draws; draw++)
        {
            using MemoryScope scope = new();
            using SampledHypergraph sample = sampler.Sample(s_seeds, random);
            float[] actual = sample.Forward(x, (_, nodes, hop) => TwoHops(nodes, hop)).ToArray();
            for (int i = 0; i < actual.Length; i++)
            {
                sums[i] += actual[i];
                squares[i] += (double)actual[i] * actual[i];
            }
        }
        for (int i = 0; i < expected.Length; i++)
        {
            double mean = sums[i] / Draws, deviation = Math.Sqrt((squares[i] / Draws) - (mean * mean));
            Assert.That(deviation, Is.GreaterThan(0.05 * Math.Abs(mean)), "a sample that never differs shows nothing");
            Assert.That(mean, Is.EqualTo(expected[i]).Within(4 * deviation / Math.Sqrt(Draws)), $"element {i}");
        }
    }

    [Test]
    public void Sample_CountsAndDegrees_AreAsAsked()
    {
        using Hypergraph graph = Dense();
        using MemoryScope scope = new();
        using SampledHypergraph sample = new NeighbourSampler(graph, edgesPerNode: 2, nodesPerEdge: 3).Sample(s_seeds, new RandomStream(4));
        SubHypergraph hop = sample.Hops[0];
        Incidence incidence = hop.Graph.Incidence;
        float[] nodeward = hop.Graph.MembershipWeightsToward(Toward.Nodes)!.Value.ToArray(), edgeward = hop.Graph.MembershipWeightsToward(Toward.Edges)!.Value.ToArray();

        Assert.That((hop.SeedCount, sample.Nodes), Is.EqualTo((s_seeds.Length, hop.Nodes)));
        Assert.That(hop.Nodes.Ids[..s_seeds.Length].ToArray(), Is.EqualTo(s_seeds));
        Assert.That(hop.Graph.NodeDegrees.ToArray(), Is.EqualTo(hop.Nodes.Ids.ToArray().Select(node => graph.Incidence.EdgesOf(node).Length)).Within(1e-5f));
        Assert.That(hop.Graph.EdgeDegrees.ToArray(), Is.EqualTo(hop.Edges.Ids.ToArray().Select(edge => graph.Incidence.MembersOf(edge).Length)).Within(1e-5f));
        for (int seed = 0; seed < s_seeds.Length; seed++)
        {
            int drawn = Enumerable.Range(0, nodeward.Length).Count(pair => incidence.Nodes[pair] == seed && nodeward[pair] > 0);
            Assert.That(drawn, Is.EqualTo(Math.Min(2, graph.Incidence.EdgesOf(s_seeds[seed]).Length)));
        }
        for (int edge = 0; edge < hop.Edges.Count; edge++)
        {
            int drawn = Enumerable.Range(0, edgeward.Length).Count(pair => incidence.Edges[pair] == edge && edgeward[pair] > 0);
            Assert.That(drawn, Is.EqualTo(Math.Min(3, graph.Incidence.MembersOf(hop.Edges.Ids[edge]).Length)));
        }
        for (int pair = 0; pair < incidence.MembershipCount; pair++)
        {
            int before = hop.Memberships.Ids[pair];
            Assert.That(graph.Incidence.Nodes[before], Is.EqualTo(hop.Nodes.Ids[incidence.Nodes[pair]]));
            Assert.That(graph.Incidence.Edges[before], Is.EqualTo(hop.Edges.Ids[incidence.Edges[pair]]));
        }
    }

    [Test]
    public void Sample_SamePlaceOfTheStream_GivesTheSame()
    {
        using Hypergraph graph = Dense();
        using MemoryScope scope = new();
        NeighbourSampler sampler = new(graph, 2, 2, hops: 2);
        RandomStream random = new(5);
        RandomState before = random.State;
        int[] first = Pairs();
        Assert.That(Pairs(), Is.Not.EqualTo(first), "the stream went on");
        random.State = before;
        Assert.That(Pairs(), Is.EqualTo(first));

        int[] Pairs()
        {
            using SampledHypergraph sample = sampler.Sample(s_seeds, random);
            return sample.Hops[1].Memberships.Ids.ToArray();
        }
    }

    [Test]
    public void Sample_SeedAloneOrAmongRepeats_HasDefinedRows()
    {
        using Hypergraph graph = Hypergraph.FromEdges(4, [[0, 0, 0, 1], [], [2]]);
        using MemoryScope scope = new();
        using SampledHypergraph sample = new NeighbourSampler(graph, 2, 2).Sample([3, 0], new RandomStream(6));
        float[] rows = sample.Forward(Tensor.Ones([4, 1]), (_, nodes, hop) => TwoHops(nodes, hop)).ToArray();

        // Node 0 is three times in a hyperedge of four, and all features are one.
        Assert.That(rows, Is.EqualTo(new float[] { 0, 12 }).Within(1e-5f));
    }

    [Test]
    public void Draws_Choose_GivesEverySetAsOften([Values(2, 40)] int count)
    {
        const int Draws = 6000;
        int bound = count + 2;
        Draws draws = new(new RandomStream(7));
        int[] left = new int[bound * bound];
        List<int> picks = [];
        for (int draw = 0; draw < Draws; draw++)
        {
            draws.Choose(bound, count, picks);
            Assert.That(picks, Has.Count.EqualTo(count).And.Ordered.And.Unique);
            int[] out_ = [.. Enumerable.Range(0, bound).Except(picks)];
            left[(out_[0] * bound) + out_[1]]++;
        }
        // Chi-square of the pairs that are left out; five deviations above its mean.
        int pairs = bound * (bound - 1) / 2;
        double expected = Draws / (double)pairs;
        double chiSquare = left.Where((_, i) => i / bound < i % bound).Sum(seen => (seen - expected) * (seen - expected) / expected);
        Assert.That(chiSquare, Is.LessThan(pairs - 1 + (5 * Math.Sqrt(2 * (pairs - 1)))));
        Assert.That(left.Sum(), Is.EqualTo(Draws));
    }

    [Test]
    public void Sample_WhatCannotBeDrawn_IsRefused()
    {
        using Hypergraph graph = Dense();
        Assert.Multiple(() =>
        {
            Assert.That(() => new NeighbourSampler(graph, 0, 2), Throws.ArgumentException.With.Message.EqualTo(
                "NeighbourSampler: edges per node, nodes per edge and hops must be at least 1; got 0, 2 and 1."));
            Assert.That(() => new NeighbourSampler(graph, 1, 2).Sample([1, 1], new RandomStream()), Throws.ArgumentException.With.Message.EqualTo(
                "NeighbourSampler: every node may be given once; 1 comes again."));
        });
    }

    private static Hypergraph Dense()
    {
        Random random = new(1);
        return Hypergraph.FromPairs(
            12, 9, [.. Enumerable.Range(0, 50).Select(_ => random.Next(11))], [.. Enumerable.Range(0, 50).Select(_ => random.Next(8))]);
    }

    private static Tensor TwoHops(Tensor x, Hypergraph graph) => Ops.EdgesToNodes(Ops.NodesToEdges(x, graph), graph, graph.EdgeWeights);

    private static Tensor TwoLayers(Tensor x, Hypergraph graph) => TwoHops(TwoHops(x, graph), graph);
}
