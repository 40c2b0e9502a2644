using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class HnhnTests
{
    [TestCase(0, 0, 0)]
    [TestCase(-0.5f, 1.5f, 5)]
    public void Forward_EqualsLoops(float alpha, float beta, int edgeFeatures)
    {
        using MemoryScope scope = new();
        using Hypergraph plain = GraphLoops.Awkward();
        float[] w = [2f, 0.5f, 1, 3, 0.25f], h = [1f, 0.5f, 2, 1, 1.5f, 1, 0.75f, 1, 2];
        using Hypergraph graph = plain.WithEdgeWeights(Tensor.From(w)).WithMembershipWeights(Tensor.From(h));
        using HnhnConv layer = new(4, 3, alpha, beta, edgeFeatures, new RandomStream(1));
        Tensor x = Ops.RandomNormal([6, 4], new RandomStream(2));

        Incidence incidence = plain.Incidence;
        double[][] ones = GraphLoops.Map(GraphLoops.Rows(x), (_, _) => 1);
        double[] size = [.. GraphLoops.ToEdges(ones, incidence, i => h[i]).Select(row => row[0])];
        double[] degree = [.. GraphLoops.ToNodes([.. w.Select(value => new double[] { value })], incidence, i => h[i]).Select(row => row[0])];
        double[][] rows = GraphLoops.Linear(GraphLoops.Rows(x), layer, "theta_v2e.weight", "theta_v2e.bias");
        double[][] edges = Mean(rows, v => Math.Pow(degree[v], beta), (values, weight) => GraphLoops.ToEdges(values, incidence, weight), incidence.Nodes.ToArray(), h);
        edges = GraphLoops.Linear(GraphLoops.Map(edges, (value, _) => Math.Max(0, value)), layer, "theta_e2v.weight", "theta_e2v.bias");
        double[][] expected = Mean(
            edges, e => w[e] * Math.Pow(size[e], alpha), (values, weight) => GraphLoops.ToNodes(values, incidence, weight), incidence.Edges.ToArray(), h);

        GraphLoops.AssertEqual(layer.Forward(x, graph), expected);
        Assert.That(expected[5], Has.All.Zero, "a node without hyperedges");
    }

    [Test]
    public void Network_IsOneConvolution_AndEveryHyperedgeHasTheHiddenFeatures()
    {
        using MemoryScope scope = new();
        using Hypergraph graph = GraphLoops.Awkward();
        using Hnhn one = new(4, 7, 2, random: new RandomStream(1));
        using HnhnConv conv = new(4, 2, edgeFeatures: 7, random: new RandomStream(1));
        using Hnhn two = new(4, 7, 2, layers: 2);
        Tensor x = Ops.RandomNormal([6, 4], new RandomStream(2));

        Assert.That(one.Forward(x, graph).ToArray(), Is.EqualTo(conv.Forward(x, graph).ToArray()));
        Assert.That(two.NamedParameters().Select(named => named.Parameter.Shape[0]), Is.EqualTo(new[] { 7, 7, 7, 7, 7, 7, 2, 2 }));
        Assert.That(() => new Hnhn(4, 7, 2, layers: 0), Throws.ArgumentException.With.Message.Contains("at least one layer; got 0"));
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using Hypergraph graph = GraphLoops.Awkward();
        using Hnhn network = new(4, 3, 2, alpha: -0.5f, beta: 0.5f, dropout: 0.25f, layers: 3, new RandomStream(1));
        Tensor x = Ops.RandomNormal([6, 4], new RandomStream(2));
        network.Eval();
        network.Save(folder.File("hnhn.safetensors"));

        using Hnhn again = Layer.Load<Hnhn>(folder.File("hnhn.safetensors"));

        Assert.That(again.ToString(), Is.EqualTo(network.ToString()), "settings, dropout too");
        Assert.That(again.Forward(x, graph).ToArray(), Is.EqualTo(network.Forward(x, graph).ToArray()));
    }

    private static double[][] Mean(
        double[][] rows, Func<int, double> counts, Func<double[][], Func<int, double>, double[][]> gather, int[] from, float[] h)
    {
        double[][] sums = gather(rows, i => h[i] * counts(from[i]));
        double[] total = [.. gather([.. rows.Select(_ => new[] { 1.0 })], i => h[i] * counts(from[i])).Select(row => row[0])];
        return GraphLoops.Map(sums, (value, r) => GraphLoops.Over(value, total[r]));
    }
}
