using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class HyperDropTests
{
    // Graph 0: a triangle with a tail of one node and a node of its own; graph 1 has no nodes; graph 2: two nodes, joined twice.
    private static readonly int[] s_sources = [0, 1, 2, 3, 5, 6];
    private static readonly int[] s_targets = [1, 2, 0, 0, 6, 5];
    private static readonly int[] s_graphs = [0, 0, 0, 0, 0, 2, 2];

    [Test]
    public void Dual_WithLoops_LeavesOneMemberHyperedgesEmpty()
    {
        using EdgeGraph graph = Graph();
        using Incidence plain = DualTransform.Of(graph, loops: false);
        using Incidence loops = DualTransform.Of(graph, loops: true);
        Assert.Multiple(() =>
        {
            Assert.That(plain.ToString(), Is.EqualTo("6 nodes, 7 hyperedges, 12 memberships"));
            Assert.That(plain.MembersOf(0).ToArray(), Is.EqualTo(new[] { 0, 2, 3 }));
            Assert.That(plain.MembersOf(3).ToArray(), Is.EqualTo(new[] { 3 }));
            Assert.That(plain.MembersOf(4).ToArray(), Is.Empty);
            Assert.That(loops.ToString(), Is.EqualTo("6 nodes, 13 hyperedges, 17 memberships"));
            Assert.That(loops.MembersOf(3).ToArray(), Is.Empty, "it would be a second loop of edge 3");
            Assert.That(loops.MembersOf(7 + 3).ToArray(), Is.EqualTo(new[] { 3 }));
        });
    }

    [Test]
    public void Forward_OverKeptEdges_EqualsTheGraphWithoutTheOthers()
    {
        using MemoryScope scope = new();
        using EdgeGraph graph = Graph();
        using EdgeDrop drop = new(3, keepRatio: 0.5, new RandomStream(4));
        using HypergraphAttentionConv dualConv = new(
            3, 2, new HypergraphAttentionOptions { Attention = HypergraphAttention.None }, new RandomStream(2));
        using GraphConv graphConv = new(4, 2, new RandomStream(3));
        Randomise(dualConv);
        Tensor x = Ops.RandomNormal([7, 4], new RandomStream(5));
        Tensor z = Ops.RandomNormal([6, 3], new RandomStream(6));

        KeptEdges kept = drop.Forward(z, KeptEdges.All(graph));

        int[] edges = kept.Edges.ToArray();
        float[] scores = kept.Scores!.Value.ToArray();
        Assert.That(edges, Is.EqualTo(
            Enumerable.Range(0, 4).OrderByDescending(edge => scores[edge]).Take(2).Concat(Enumerable.Range(4, 2).OrderByDescending(edge => scores[edge]).Take(1))));
        using EdgeGraph smaller = new(7, Pick(s_sources, edges), Pick(s_targets, edges), s_graphs, 3);
        Tensor rows = Tensor.From(edges);
        float[] dual = Ops.GatherRows(dualConv.Forward(z, kept.Dual), rows).ToArray();
        Assert.That(dual, Is.EqualTo(dualConv.Forward(Ops.GatherRows(z, rows), KeptEdges.All(smaller).Dual).ToArray()).Within(1e-6f));
        Tensor weights = Ops.GatherRows(Ops.Clamp(kept.Scores!.Value, 0, 1), rows);
        Assert.That(graphConv.Forward(x, graph, kept.Weights).ToArray(), Is.EqualTo(graphConv.Forward(x, smaller, weights).ToArray()).Within(1e-6f));

        // Twice in a row: of two and one edges that are left, one each stays.
        Assert.That(drop.Forward(z, kept).Edges.Length, Is.EqualTo(2));
    }

    [Test]
    public void Forward_OfABatch_EqualsEachGraphAlone()
    {
        using MemoryScope scope = new();
        using EdgeGraph graph = Graph();
        using EdgeGraph first = new(5, s_sources.AsSpan(0, 4), s_targets.AsSpan(0, 4));
        using EdgeGraph last = new(2, [0, 1], [1, 0]);
        using HyperDrop network = new(4, 3, hiddenFeatures: 6, classes: 2, keepRatio: 0.5, random: new RandomStream(1));
        network.Eval();
        Tensor x = Ops.RandomNormal([7, 4], new RandomStream(5));
        Tensor z = Ops.RandomNormal([6, 3], new RandomStream(6));

        float[] all = network.Forward(x, z, graph).ToArray();

        float[] alone = network.Forward(Ops.Slice(x, 0, 0, 5), Ops.Slice(z, 0, 0, 4), first).ToArray();
        Assert.That(all[..2], Is.EqualTo(alone).Within(1e-5f));
        Assert.That(all[2..4], Has.None.NaN, "a graph without nodes reads zeros");
        Assert.That(all[4..], Is.EqualTo(network.Forward(Ops.Slice(x, 0, 5, 2), Ops.Slice(z, 0, 4, 2), last).ToArray()).Within(1e-5f));
    }

    [Test]
    public void Unpool_EqualsPlainLoops([Values] ClusterAxis axis, [Values(1, 2)] int heads)
    {
        const int Features = 4;
        const int Clusters = 3;
        using MemoryScope scope = new();
        using EdgeGraph graph = Graph();
        using EdgeCluster layer = new(Features, Clusters, heads, layerNorm: false, axis, new RandomStream(1));
        Randomise(layer);
        KeptEdges all = KeptEdges.All(graph);
        Tensor z = Ops.RandomNormal([6, Features], new RandomStream(6));

        EdgeClusters clusters = layer.Forward(z, all);
        float[] unpooled = layer.Unpool(clusters, graph).ToArray();

        float[] queries = ((Linear)Child(layer, "query")).Forward(layer.Find("seeds")[0].Parameter.Value).ToArray();
        float[] keys = ((HypergraphAttentionConv)Child(layer, "key")).Forward(z, all.Dual).ToArray();
        float[] values = ((HypergraphAttentionConv)Child(layer, "value")).Forward(z, all.Dual).ToArray();
        int width = Features / heads;
        double Exp(int edge, int cluster, int head) => Math.Exp(
            Enumerable.Range(head * width, width).Sum(k => (double)queries[(cluster * Features) + k] * keys[(edge * Features) + k]) / Math.Sqrt(Features));
        int[] Edges(int of) => [.. Enumerable.Range(0, 6).Where(edge => s_graphs[s_sources[edge]] == of)];
        double Share(int edge, int cluster, int head) => Exp(edge, cluster, head) / (axis == ClusterAxis.Clusters
            ? Enumerable.Range(0, Clusters).Sum(other => Exp(edge, other, head))
            : Edges(s_graphs[s_sources[edge]]).Sum(other => Exp(other, cluster, head)));
        float[] pooled = clusters.Pooled.ToArray();
        Linear output = (Linear)Child(layer, "output");
        for (int of = 0; of < 3; of++)
        {
            float[] sums = [.. Enumerable.Range(0, Clusters * Features).Select(i => (float)(queries[i]
                + Edges(of).Sum(edge => Share(edge, i / Features, i % Features / width) * values[(edge * Features) + (i % Features)])))];
            Tensor rows = Tensor.From(sums, [Clusters, Features]);
            Assert.That(
                pooled.AsSpan(of * Clusters * Features, Clusters * Features).ToArray(),
                Is.EqualTo(Ops.Add(rows, Ops.Relu(output.Forward(rows))).ToArray()).Within(1e-5f), $"graph {of}");
        }
        for (int i = 0; i < unpooled.Length; i++)
        {
            (int edge, int k) = (i / Features, i % Features);
            int place = s_graphs[s_sources[edge]] * Clusters;
            double expected = Enumerable.Range(0, Clusters).Sum(cluster => Share(edge, cluster, k / width) * pooled[((place + cluster) * Features) + k]);
            Assert.That(unpooled[i], Is.EqualTo(expected).Within(1e-5));
        }
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using EdgeGraph graph = Graph();
        using HyperDrop dropping = new(4, 3, hiddenFeatures: 6, classes: 2, layers: 2, keepRatio: 0.35, dropout: 0.25f, new RandomStream(1));
        using HyperCluster clustering = new(3, 4, clusters: 2, layers: 1, heads: 2, layerNorm: true, ClusterAxis.Edges, new RandomStream(1));
        dropping.Eval();
        dropping.Save(folder.File("drop.safetensors"));
        clustering.Save(folder.File("cluster.safetensors"));

        using HyperDrop droppingAgain = Layer.Load<HyperDrop>(folder.File("drop.safetensors"));
        using HyperCluster clusteringAgain = Layer.Load<HyperCluster>(folder.File("cluster.safetensors"));

        Tensor x = Ops.RandomNormal([7, 4], new RandomStream(5));
        Tensor z = Ops.RandomNormal([6, 3], new RandomStream(6));
        Assert.That(droppingAgain.ToString(), Is.EqualTo(dropping.ToString()));
        Assert.That(droppingAgain.Forward(x, z, graph).ToArray(), Is.EqualTo(dropping.Forward(x, z, graph).ToArray()));
        Assert.That(clusteringAgain.ToString(), Is.EqualTo(clustering.ToString()));
        Assert.That(clusteringAgain.Forward(z, graph).ToArray(), Is.EqualTo(clustering.Forward(z, graph).ToArray()));
        Assert.That(clustering.Forward(z, graph).Shape.AsSpan().ToArray(), Is.EqualTo(new[] { 6, 3 }));
    }

    [Test]
    public void Graphs_ThatDoNotFit_AreRefused() => Assert.Multiple(() =>
    {
        Assert.That(
            () => new EdgeGraph(3, [0, 1], [1]),
            Throws.ArgumentException.With.Message.EqualTo("EdgeGraph: every edge needs two ends; got 2 sources and 1 targets."));
        Assert.That(
            () => new EdgeGraph(3, [0, 1], [1, 2], [0, 0, 1], 2),
            Throws.ArgumentException.With.Message.EqualTo("EdgeGraph: an edge must not join two graphs; edge 1 leads from graph 0 to graph 1."));
        Assert.That(
            () => new EdgeGraph(3, [0], [1], [0, 0], 1),
            Throws.ArgumentException.With.Message.EqualTo("EdgeGraph: each node needs a graph; got 2 for 3 nodes."));
        Assert.That(
            () => new GraphConv(3, 0), Throws.ArgumentException.With.Message.EqualTo("GraphConv: inFeatures and outFeatures must be at least 1; got 3 and 0."));
        Assert.That(
            () => new HyperDrop(4, 3, hiddenFeatures: 1, classes: 2),
            Throws.ArgumentException.With.Message.EqualTo("HyperDrop: there must be a layer and two hidden features at least; got 3 and 1."));
        Assert.That(
            () => new HyperCluster(3, 4, clusters: 2, layers: 0),
            Throws.ArgumentException.With.Message.StartsWith("HyperCluster: there must be at least one layer; got 0."));
        Assert.That(() => new EdgeDrop(3, 0), Throws.ArgumentException.With.Message.StartsWith("EdgeDrop: keepRatio must be above 0 and at most 1; got 0."));
        Assert.That(
            () => new EdgeCluster(6, 2, heads: 4),
            Throws.ArgumentException.With.Message.EqualTo(
                "EdgeCluster: features and clusters must be at least 1, and heads must divide the features; got 6, 2 and 4 heads."));
    });

    private static EdgeGraph Graph() => new(7, s_sources, s_targets, s_graphs, 3);

    private static int[] Pick(int[] values, int[] at) => Array.ConvertAll(at, i => values[i]);

    private static Layer Child(Layer layer, string name) => layer.Children.Single(child => child.Name == name).Layer;

    private static void Randomise(Layer layer)
    {
        RandomStream random = new(5);
        foreach (NamedParameter named in layer.NamedParameters())
        {
            Initializer.Normal(0, 0.7f).Apply(named.Parameter, random);
        }
    }
}
