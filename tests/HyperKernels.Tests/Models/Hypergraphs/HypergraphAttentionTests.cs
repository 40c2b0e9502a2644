using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class HypergraphAttentionTests
{
    private const int Heads = 2;
    private const int Out = 3;

    [Test]
    public void Forward_EqualsLoops(
        [Values] HypergraphAttention attention, [Values] EdgeWeightUse use, [Values(true, false)] bool concatenate, [Values(true, false)] bool edgeFeatures,
        [Values] AttentionDegrees degrees)
    {
        using MemoryScope scope = new();
        using Hypergraph plain = GraphLoops.Awkward();
        float[] w = [2f, 0.5f, 1, 3, 0.25f], h = [1f, 0.5f, 2, 1, 1.5f, 1, 0.75f, 1, 2];
        using Hypergraph graph = plain.WithEdgeWeights(Tensor.From(w)).WithMembershipWeights(Tensor.From(h));
        HypergraphAttentionOptions options = new() { Attention = attention, Heads = Heads, Concatenate = concatenate, EdgeWeights = use, Degrees = degrees, Slope = 0.1f };
        using HypergraphAttentionConv layer = new(4, Out, options, new RandomStream(1));
        layer.NamedParameters().Single(named => named.Name == "bias").Parameter.Load([.. Enumerable.Range(1, layer.OutFeatures).Select(i => i / 10f)]);
        Tensor x = Ops.RandomNormal([6, 4], new RandomStream(2)), z = Ops.RandomNormal([5, 4], new RandomStream(3));

        double[][] alpha = attention == HypergraphAttention.None
            ? [.. h.Select(weight => Enumerable.Repeat((double)weight, Heads).ToArray())]
            : Alpha(layer, plain.Incidence, GraphLoops.Rows(x), edgeFeatures ? GraphLoops.Rows(z) : Means(GraphLoops.Rows(x), plain.Incidence), h);
        double[][] expected = Convolve(layer, plain.Incidence, GraphLoops.Rows(x), alpha, w, h);

        GraphLoops.AssertEqual(layer.Forward(x, graph, edgeFeatures ? z : null), expected);
        Assert.That(expected[5][0], Is.EqualTo(0.1).Within(1e-6), "a node without hyperedges gets the bias");
    }

    [Test]
    public void DegreesOfAttention_MakeAverages_WhereTheOthersShrinkRows([Values(HypergraphAttention.OverMembers, HypergraphAttention.OverEdges)] HypergraphAttention attention)
    {
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(3, [[0, 1], [0, 1, 2], [1, 2]]);
        Tensor same = Ops.BroadcastTo(Ops.RandomNormal([1, 4], new RandomStream(2)), [3, 4]);
        HypergraphAttentionOptions options = new() { Attention = attention, Degrees = AttentionDegrees.OfAttention, Bias = false };
        using HypergraphAttentionConv averages = new(4, Out, options, new RandomStream(1));
        using HypergraphAttentionConv shrinks = new(4, Out, options with { Degrees = AttentionDegrees.OfHypergraph }, new RandomStream(1));

        double[][] projected = GraphLoops.Linear(GraphLoops.Rows(same), averages, "lin.weight");
        GraphLoops.AssertEqual(averages.Forward(same, graph), projected);
        Assert.That(shrinks.Forward(same, graph).ToArray()[0], Is.Not.EqualTo(projected[0][0]).Within(0.3 * Math.Abs(projected[0][0])));
    }

    [Test]
    public void Attention_AllDroppedInTraining_LeavesTheBias()
    {
        using MemoryScope scope = new();
        using Hypergraph graph = GraphLoops.Awkward();
        using HypergraphAttentionConv layer = new(4, Out, new HypergraphAttentionOptions { Dropout = 1, Bias = false }, new RandomStream(1));
        Tensor x = Ops.RandomNormal([6, 4], new RandomStream(2));

        Assert.That(layer.Forward(x, graph).ToArray(), Has.All.Zero);
        layer.Eval();
        Assert.That(layer.Forward(x, graph).ToArray(), Has.Some.Not.Zero);
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using Hypergraph graph = GraphLoops.Awkward();
        using Hcha network = new(4, 3, 2, HypergraphAttention.OverMembers, heads: 2, dropout: 0.25f, new RandomStream(1));
        Tensor x = Ops.RandomNormal([6, 4], new RandomStream(2));
        network.Eval();
        network.Save(folder.File("hcha.safetensors"));

        using Hcha again = Layer.Load<Hcha>(folder.File("hcha.safetensors"));

        Assert.That(again.ToString(), Is.EqualTo(network.ToString()), "settings, dropout too");
        Assert.That(again.Forward(x, graph).ToArray(), Is.EqualTo(network.Forward(x, graph).ToArray()));
    }

    [Test]
    public void Load_OfAConvolution_KeepsEveryOption()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        HypergraphAttentionOptions options = new()
        {
            Attention = HypergraphAttention.OverEdges, Heads = 3, Concatenate = false, Slope = 0.3f, Dropout = 0.4f, EdgeWeights = EdgeWeightUse.DegreesAlone, Bias = false,
            Degrees = AttentionDegrees.OfAttention,
        };
        using HypergraphAttentionConv layer = new(4, Out, options);
        layer.Save(folder.File("conv.safetensors"));

        using HypergraphAttentionConv again = Layer.Load<HypergraphAttentionConv>(folder.File("conv.safetensors"));

        Assert.That(again.Options, Is.EqualTo(options));
        Assert.That(() => new HypergraphAttentionConv(4, 0), Throws.ArgumentException.With.Message.EqualTo(
            "HypergraphAttentionConv: outFeatures and heads must be at least 1; got 0 and 1."));
    }

    private static double[][] Alpha(HypergraphAttentionConv layer, Incidence incidence, double[][] x, double[][] z, float[] h)
    {
        double[][] rows = GraphLoops.Linear(x, layer, "lin.weight"), edges = GraphLoops.Linear(z, layer, "lin.weight");
        double[] att = [.. GraphLoops.Value(layer, "att").ToArray().Select(value => (double)value)];
        int[] nodeOf = incidence.Nodes.ToArray(), edgeOf = incidence.Edges.ToArray();
        int[] segmentOf = layer.Options.Attention == HypergraphAttention.OverMembers ? edgeOf : nodeOf;
        double[][] alpha = [.. h.Select(_ => new double[Heads])];
        for (int head = 0; head < Heads; head++)
        {
            double Score(int i) => Enumerable.Range(0, Out).Sum(k =>
                (att[(head * 2 * Out) + k] * rows[nodeOf[i]][(head * Out) + k]) + (att[(head * 2 * Out) + Out + k] * edges[edgeOf[i]][(head * Out) + k]));
            double[] exponentials = [.. Enumerable.Range(0, h.Length).Select(Score).Select(s => Math.Exp(s > 0 ? s : 0.1 * s))];
            for (int i = 0; i < h.Length; i++)
            {
                alpha[i][head] = h[i] * exponentials[i] / exponentials.Where((_, j) => segmentOf[j] == segmentOf[i]).Sum();
            }
        }
        return alpha;
    }

    private static double[][] Convolve(HypergraphAttentionConv layer, Incidence incidence, double[][] x, double[][] alpha, float[] w, float[] h)
    {
        double[][] rows = GraphLoops.Linear(x, layer, "lin.weight");
        bool messages = layer.Options.EdgeWeights == EdgeWeightUse.MessagesAndDegrees;
        double[] size = [.. GraphLoops.ToEdges(GraphLoops.Map(x, (_, _) => 1), incidence, i => h[i]).Select(row => row[0])];
        double[] degree = [.. GraphLoops.ToNodes([.. w.Select(value => new double[] { value })], incidence, i => h[i]).Select(row => row[0])];
        double[][] y = [.. Enumerable.Range(0, x.Length).Select(_ => new double[Heads * Out])];
        for (int head = 0; head < Heads; head++)
        {
            double[][] part = [.. rows.Select(row => row[(head * Out)..((head + 1) * Out)])];
            if (layer.Options.Degrees == AttentionDegrees.OfAttention)
            {
                size = [.. GraphLoops.ToEdges(GraphLoops.Map(x, (_, _) => 1), incidence, i => alpha[i][head]).Select(row => row[0])];
                degree = [.. GraphLoops.ToNodes([.. w.Select(value => new double[] { value })], incidence, i => alpha[i][head]).Select(row => row[0])];
            }
            double[][] edges = GraphLoops.ToEdges(part, incidence, i => alpha[i][head]);
            edges = GraphLoops.Map(edges, (value, e) => GraphLoops.Over(messages ? value * w[e] : value, size[e]));
            double[][] nodes = GraphLoops.ToNodes(edges, incidence, i => alpha[i][head]);
            for (int v = 0; v < y.Length; v++)
            {
                for (int k = 0; k < Out; k++)
                {
                    y[v][(head * Out) + k] = GraphLoops.Over(nodes[v][k], degree[v]);
                }
            }
        }
        if (!layer.Options.Concatenate)
        {
            y = [.. y.Select(row => Enumerable.Range(0, Out).Select(k => (row[k] + row[Out + k]) / Heads).ToArray())];
        }
        return [.. y.Select(row => row.Select((value, k) => value + ((k + 1) / 10.0)).ToArray())];
    }

    private static double[][] Means(double[][] x, Incidence incidence) =>
        GraphLoops.Map(GraphLoops.ToEdges(x, incidence, _ => 1), (value, e) => GraphLoops.Over(value, incidence.MembersOf(e).Length));
}
