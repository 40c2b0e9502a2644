namespace HyperKernels.Tests.Hypergraphs;

/// <summary>What each random model promises: numbers that are exact are exact, those that are expected lie within five deviations.</summary>
public sealed class RandomHypergraphsTests
{
    [Test]
    public void Uniform_EveryHyperedge_HasDifferentMembersFromEverywhere()
    {
        using Hypergraph graph = RandomHypergraphs.Uniform(20, 4000, 3, new RandomStream(1));
        Assert.That(Enumerable.Range(0, graph.EdgeCount).Select(edge => graph.Incidence.MembersOf(edge).ToArray().Distinct().Count()), Is.All.EqualTo(3));
        // Each node is in one of 20/3 hyperedges: binomial.
        double mean = 4000 * 3 / 20.0, deviation = Math.Sqrt(mean * (1 - (3 / 20.0)));
        Assert.That(Enumerable.Range(0, 20).Select(node => graph.Incidence.EdgesOf(node).Length), Is.All.EqualTo(mean).Within(5 * deviation));
    }

    [TestCase(0)]
    [TestCase(0.03)]
    [TestCase(0.4)]
    [TestCase(1)]
    public void Independent_EveryPair_IsAsLikely(double probability)
    {
        const int Nodes = 60, Edges = 500;
        using Hypergraph graph = RandomHypergraphs.Independent(Nodes, Edges, probability, new RandomStream(2));
        Assert.That(graph.Statistics().RepeatedMembers, Is.Zero);
        Assert.That(Enumerable.Range(0, Nodes).Select(node => graph.Incidence.EdgesOf(node).Length), Is.All.EqualTo(Edges * probability).Within(Width(Edges)));
        Assert.That(graph.MembershipCount, Is.EqualTo(Nodes * Edges * probability).Within(Width(Nodes * Edges)));

        double Width(int pairs) => 5 * Math.Sqrt(pairs * probability * (1 - probability));
    }

    [Test]
    public void Blocks_HyperedgesInsideAndAcross_AreAsManyAsAsked()
    {
        int[] sizes = [8, 2, 30];
        using Hypergraph graph = RandomHypergraphs.Blocks(sizes, 3, within: 600, across: 400, new RandomStream(3));
        int[] block = [.. sizes.SelectMany((size, i) => Enumerable.Repeat(i, size))];
        int[][] blocks = [.. Enumerable.Range(0, graph.EdgeCount).Select(edge => graph.Incidence.MembersOf(edge).ToArray().Select(node => block[node]).ToArray())];

        Assert.That(blocks.Take(600).Select(members => members.Distinct().Count()), Is.All.EqualTo(1));
        Assert.That(blocks.Skip(600).Select(members => members.Distinct().Count()), Is.All.GreaterThan(1));
        Assert.That(Enumerable.Range(0, graph.EdgeCount).Select(edge => graph.Incidence.MembersOf(edge).ToArray().Distinct().Count()), Is.All.EqualTo(3));
        // Sets of three: 56 of the first block, none of the second, 4,060 of the third.
        Assert.That(blocks.Take(600).Count(members => members[0] == 0), Is.EqualTo(600 * 56 / 4116.0).Within(5 * Math.Sqrt(8.2)));
        Assert.That(blocks.Take(600).Count(members => members[0] == 1), Is.Zero);
    }

    [Test]
    public void Configuration_DegreesAndSizes_AreExact()
    {
        int[] degrees = [0, 3, 5, 1, 7], sizes = [4, 0, 6, 1, 5];
        using Hypergraph graph = RandomHypergraphs.Configuration(degrees, sizes, new RandomStream(4));
        using Hypergraph other = RandomHypergraphs.Configuration(degrees, sizes, new RandomStream(5));
        Assert.That(Enumerable.Range(0, 5).Select(node => graph.Incidence.EdgesOf(node).Length), Is.EqualTo(degrees));
        Assert.That(Enumerable.Range(0, 5).Select(edge => graph.Incidence.MembersOf(edge).Length), Is.EqualTo(sizes));
        Assert.That(other.Incidence.Nodes.ToArray(), Is.Not.EqualTo(graph.Incidence.Nodes.ToArray()));
    }

    [Test]
    public void ChungLu_Degrees_AreThoseExpected()
    {
        // Products from far below to above one; the last node and hyperedge expect nothing.
        double[] degrees = [2, 400, 60, 1000, 0.5, 30, 0], sizes = [.. Enumerable.Range(0, 900).Select(edge => 1 + (edge % 3)), 0];
        using Hypergraph graph = RandomHypergraphs.ChungLu(degrees, sizes, new RandomStream(6));
        for (int node = 0; node < degrees.Length; node++)
        {
            double[] probabilities = [.. sizes.Select(size => Math.Min(1, degrees[node] * size / degrees.Sum()))];
            double deviation = Math.Sqrt(probabilities.Sum(p => p * (1 - p)));
            Assert.That(graph.Incidence.EdgesOf(node).Length, Is.EqualTo(probabilities.Sum()).Within((5 * deviation) + 1e-9), $"node {node}");
        }
        Assert.That(graph.Statistics().RepeatedMembers, Is.Zero);
        Assert.That(graph.Incidence.MembersOf(900).Length, Is.Zero);
    }

    [Test]
    public void SamePlaceOfTheStream_GivesTheSameGraph()
    {
        using Hypergraph first = RandomHypergraphs.Independent(30, 30, 0.1, new RandomStream(7));
        using Hypergraph again = RandomHypergraphs.Independent(30, 30, 0.1, new RandomStream(7));
        Assert.That(again.Incidence.Nodes.ToArray(), Is.EqualTo(first.Incidence.Nodes.ToArray()));
        Assert.That(again.Incidence.Edges.ToArray(), Is.EqualTo(first.Incidence.Edges.ToArray()));
    }

    [Test]
    public void WhatCannotBeDrawn_IsRefused()
    {
        RandomStream random = new();
        Assert.Multiple(() =>
        {
            Assert.That(() => RandomHypergraphs.Uniform(4, 2, 5, random), Throws.ArgumentException.With.Message.EqualTo(
                "Uniform: a hyperedge must have from 0 to 4 members, all different; got 5."));
            Assert.That(() => RandomHypergraphs.Uniform(-1, 2, 0, random), Throws.ArgumentException.With.Message.Contains("must not be negative; got -1"));
            Assert.That(() => RandomHypergraphs.Independent(4, 2, double.NaN, random), Throws.ArgumentException.With.Message.Contains("from 0 to 1; got NaN"));
            Assert.That(() => RandomHypergraphs.Blocks([2, 2], 3, 1, 0, random), Throws.ArgumentException.With.Message.EqualTo(
                "Blocks: hyperedges must have at least 2 members, and there must be room inside a block and across blocks; got size 3 for blocks of 2, 2."));
            Assert.That(() => RandomHypergraphs.Blocks([4, 0], 3, 0, 1, random), Throws.ArgumentException.With.Message.Contains("across blocks"));
            Assert.That(() => RandomHypergraphs.Configuration([1, 2], [2], random), Throws.ArgumentException.With.Message.EqualTo(
                "Configuration: degrees and sizes must add up to the same number; got 3 and 2."));
            Assert.That(() => RandomHypergraphs.ChungLu([1, -2], [2], random), Throws.ArgumentException.With.Message.EqualTo(
                "RandomHypergraphs: degrees must be finite and not negative; got -2."));
        });
    }
}
