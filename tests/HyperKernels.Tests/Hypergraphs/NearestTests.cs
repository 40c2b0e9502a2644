namespace HyperKernels.Tests.Hypergraphs;

public sealed class NearestTests
{
    [TestCase(1)]
    [TestCase(4)]
    [TestCase(30)]
    public void FromNearest_MembersAndWeights_AreThoseOfAllDistances(int k)
    {
        const int Nodes = 30, Features = 5;
        using MemoryScope scope = new();
        // Far from the origin, where differences of squares would drown.
        float[] x = [.. SmallHypergraphs.Numbers(Nodes * Features, 1).Select(value => value + 300)];
        using Hypergraph graph = Hypergraph.FromNearest(Tensor.From(x, [Nodes, Features]), k, softness: 0.7f);
        float[] weights = graph.MembershipWeights!.Value.ToArray();

        for (int node = 0; node < Nodes; node++)
        {
            double[] distances = Distances(x, Features, node);
            int[] expected = [.. Enumerable.Range(0, Nodes).OrderBy(other => other == node ? -1 : distances[other]).Take(k)];
            double width = 0.7 * distances.Average();
            Assert.That(graph.Incidence.MembersOf(node).ToArray(), Is.EqualTo(expected));
            Assert.That(weights[(node * k)..((node + 1) * k)], Is.EqualTo(expected.Select(other => Math.Exp(-distances[other] * distances[other] / (width * width)))).Within(1e-4));
        }
    }

    [Test]
    public void FromNearest_MoreNodesThanOneBlock_ReachesTheLast()
    {
        const int Nodes = 2100;
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromNearest(Tensor.From([.. Enumerable.Range(0, Nodes).Select(node => (float)node)], [Nodes, 1]), 3, softness: null);

        Assert.That(graph.MembershipWeights, Is.Null);
        Assert.That(graph.Incidence.MembersOf(0).ToArray(), Is.EqualTo(new[] { 0, 1, 2 }));
        Assert.That(graph.Incidence.MembersOf(Nodes - 1).ToArray(), Is.EqualTo(new[] { Nodes - 1, Nodes - 2, Nodes - 3 }));
    }

    [Test]
    public void FromNearest_AllInOnePlace_HasItselfAndWeightsOfOne()
    {
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromNearest(Tensor.Ones([4, 3]), 2);
        Assert.That(graph.Incidence.Nodes.ToArray(), Is.EqualTo(new[] { 0, 1, 1, 0, 2, 0, 3, 0 }));
        Assert.That(graph.MembershipWeights!.Value.ToArray(), Is.All.EqualTo(1));
    }

    [Test]
    public void FromNearest_WhatHasNoNearest_IsRefused()
    {
        using MemoryScope scope = new();
        Assert.Multiple(() =>
        {
            Assert.That(() => Hypergraph.FromNearest(Tensor.Ones([4, 3]), 5), Throws.ArgumentException.With.Message.EqualTo(
                "FromNearest: features must be [N, F] and k from 1 to N; got features [4, 3] and k = 5."));
            Assert.That(() => Hypergraph.FromNearest(Tensor.Ones([4, 3]), 2, softness: 0), Throws.ArgumentException.With.Message.Contains("above 0, or null; got 0"));
        });
    }

    private static double[] Distances(float[] x, int features, int node) =>
        [.. Enumerable.Range(0, x.Length / features).Select(other =>
            Math.Sqrt(Enumerable.Range(0, features).Sum(f => Math.Pow((double)x[(node * features) + f] - x[(other * features) + f], 2))))];
}
