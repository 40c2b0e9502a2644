using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Models;

public sealed class MetaHgnieTests
{
    // Node 1 is in hyperedge 0 twice, hyperedge 2 is empty, node 4 is in none.
    private static readonly int[] s_nodes = [0, 1, 1, 2, 3, 0];
    private static readonly int[] s_edges = [0, 0, 0, 1, 1, 1];

    [Test]
    public void StructureChannel_EqualsPlainLoops([Values] bool residual)
    {
        const int In = 3;
        const int Of = 2;
        const int Heads = 2;
        const int Width = 4;
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromPairs(5, 3, s_nodes, s_edges);
        using TypedAttentionConv layer = new(In, Of, Width / Heads, Heads, slope: 0.2f, dropout: 0, attentionDropout: 0, residual, new RandomStream(1));
        Randomise(layer);
        float[] x = Ops.RandomNormal([5, In], new RandomStream(2)).ToArray();
        float[] z = Ops.RandomNormal([3, Of], new RandomStream(3)).ToArray();

        float[] actual = layer.Forward(Tensor.From(x, [5, In]), Tensor.From(z, [3, Of]), graph).ToArray();

        (float[] weight, float[] ofNode, float[] ofEdge) = (Values(layer, "weight"), Values(layer, "attn_src"), Values(layer, "attn_edge"));
        double Row(float[] matrix, int node, int k) => Enumerable.Range(0, In).Sum(i => (double)matrix[(k * In) + i] * x[(node * In) + i]);
        double Exp(int pair, int head)
        {
            double score = Enumerable.Range(head * 2, 2).Sum(k => ofNode[k] * Row(weight, s_nodes[pair], k))
                + Enumerable.Range(0, Of).Sum(k => (double)ofEdge[(head * Of) + k] * z[(s_edges[pair] * Of) + k]);
            return Math.Exp(score > 0 ? score : 0.2 * score);
        }
        double Edge(int edge, int k)
        {
            int[] pairs = [.. Enumerable.Range(0, 6).Where(pair => s_edges[pair] == edge)];
            return pairs.Sum(pair => Exp(pair, k / 2) / pairs.Sum(other => Exp(other, k / 2)) * Row(weight, s_nodes[pair], k));
        }
        for (int i = 0; i < actual.Length; i++)
        {
            (int node, int k) = (i / Width, i % Width);
            double sum = Enumerable.Range(0, 6).Where(pair => s_nodes[pair] == node).Sum(pair => Edge(s_edges[pair], k));
            double expected = sum + (residual ? Row(Values(layer, "res_fc"), node, k) : 0);
            Assert.That(actual[i], Is.EqualTo(Math.Max(expected, 0)).Within(1e-5), $"node {node}, feature {k}");
        }
    }

    [Test]
    public void SemanticChannel_WithoutNormAndResidual_TellsIsolatedNodesApartByNothing()
    {
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromPairs(5, 3, s_nodes, s_edges);
        using ScaHgtConv bare = new(4, 2, headFeatures: 2, heads: 2, dropout: 0, residual: false, batchNorm: false, new RandomStream(1));
        using ScaHgtConv adding = new(4, 2, headFeatures: 2, heads: 2, dropout: 0, residual: true, batchNorm: false, new RandomStream(1));
        Tensor z = Ops.RandomNormal([3, 2], new RandomStream(3));
        Tensor x = Ops.RandomNormal([5, 4], new RandomStream(2));

        float[] alone = Ops.Slice(bare.Forward(x, z, graph), 0, 4, 1).ToArray();
        float[] added = Ops.Slice(adding.Forward(x, z, graph), 0, 4, 1).ToArray();

        // With no hyperedge n is 0: only the perceptron of nothing is left, or of the node itself (4 features in and out need no map).
        Mlp ofBare = (Mlp)bare.Children.Single(child => child.Name == "FFN_h").Layer;
        Mlp ofAdding = (Mlp)adding.Children.Single(child => child.Name == "FFN_h").Layer;
        Tensor own = Ops.Slice(x, 0, 4, 1);
        Assert.That(alone, Is.EqualTo(ofBare.Forward(Tensor.Zeros([1, 4])).ToArray()).Within(1e-6f));
        Assert.That(added, Is.EqualTo(Ops.Add(own, ofAdding.Forward(own)).ToArray()).Within(1e-6f));
    }

    [Test]
    public void Contrast_EqualsBothCrossEntropies()
    {
        using MemoryScope scope = new();
        using MetaHgnie network = Network();
        Mlp projection = (Mlp)network.Children.Single(child => child.Name == "contrastive_proj").Layer;
        (Tensor a, Tensor b) = (Ops.RandomNormal([5, 6], new RandomStream(1)), Ops.RandomNormal([5, 6], new RandomStream(2)));
        int[] rows = [4, 0, 2];

        float actual = network.Contrast(a, b, Tensor.From(rows)).ToArray()[0];

        double[][] Side(Tensor nodes)
        {
            float[][] all = [.. projection.Forward(nodes).ToArray().Chunk(6)];
            return [.. rows.Select(row => all[row].Select(value => value / Math.Sqrt(all[row].Sum(other => (double)other * other))).ToArray())];
        }
        (double[][] left, double[][] right) = (Side(a), Side(b));
        double Alike(int i, int j) => left[i].Zip(right[j], (p, q) => p * q).Sum() / 0.5;
        double Loss(Func<int, int, double> alike) => Enumerable.Range(0, 3).Average(i => Math.Log(Enumerable.Range(0, 3).Sum(j => Math.Exp(alike(i, j)))) - alike(i, i));
        Assert.That(actual, Is.EqualTo((Loss(Alike) + Loss((i, j) => Alike(j, i))) / 2).Within(1e-5));
    }

    [Test]
    public void Forward_MixesWhatTheChannelsSay_AndTrainsToTellImportance()
    {
        const int Nodes = 30;
        RandomStream random = new(7);
        (int[] nodes, int[] edges) = (new int[90], new int[90]);
        for (int i = 0; i < nodes.Length; i++)
        {
            // Low numbers are in more hyperedges.
            (nodes[i], edges[i]) = ((int)(Nodes * Math.Pow(((i * 37) % 90) / 90.0, 2)), i / 5);
        }
        using Hypergraph graph = Hypergraph.FromPairs(Nodes, 18, nodes, edges);
        using MetaHgnie network = Network();
        using Adam adam = new(network.Parameters, learningRate: 0.01f);
        using MemoryScope scope = new();
        Tensor structure = Ops.RandomNormal([Nodes, 3], random);
        Tensor semantic = Ops.RandomNormal([Nodes, 4], random);
        Tensor types = Tensor.From([.. Enumerable.Range(0, 18).Select(edge => edge % 2)], [18]);
        int[] known = [.. Enumerable.Range(0, Nodes)];
        float[] importance = [.. known.Select(node => MathF.Log(1 + nodes.Count(other => other == node)))];
        List<float> losses = [];
        for (int step = 0; step < 80; step++)
        {
            using Tape tape = new();
            MetaHgnieOutput output = network.Forward(structure, semantic, types, graph);
            Tensor loss = network.Loss(output, Tensor.From(known), Tensor.From(importance));
            losses.Add(loss.ToArray()[0]);
            tape.Backward(loss);
            adam.Step(tape);
        }
        network.Eval();
        MetaHgnieOutput told = network.Forward(structure, semantic, types, graph);
        (float[] all, float[] s, float[] t) = (told.Importance.ToArray(), told.Structure.ToArray(), told.Semantic.ToArray());
        Assert.Multiple(() =>
        {
            Assert.That(losses[^1], Is.LessThan(losses[0] / 2));
            Assert.That(known, Has.All.Matches<int>(node => all[node] >= Math.Min(s[node], t[node]) - 1e-5 && all[node] <= Math.Max(s[node], t[node]) + 1e-5));
            Assert.That(all.Zip(importance, (a, b) => (a - b) * (a - b)).Average(), Is.LessThan(0.7 * Variance(importance)));
        });
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromPairs(5, 3, s_nodes, s_edges);
        using MetaHgnie network = Network();
        network.Eval();
        network.Save(folder.File("metahgnie.safetensors"));

        using MetaHgnie again = Layer.Load<MetaHgnie>(folder.File("metahgnie.safetensors"));

        (Tensor structure, Tensor semantic) = (Ops.RandomNormal([5, 3], new RandomStream(1)), Ops.RandomNormal([5, 4], new RandomStream(2)));
        float[] Answer(MetaHgnie of) => of.Forward(structure, semantic, Tensor.From([0, 1, 0]), graph).Importance.ToArray();
        Assert.That(again.ToString(), Is.EqualTo(network.ToString()));
        Assert.That(Answer(again), Is.EqualTo(Answer(network)).And.None.NaN);
    }

    [Test]
    public void Sizes_ThatDoNotFit_AreRefused() => Assert.Multiple(() =>
    {
        Assert.That(
            () => new ScaHgtConv(4, 2, headFeatures: 0, heads: 2),
            Throws.ArgumentException.With.Message.EqualTo("ScaHgtConv: headFeatures and heads must be at least 1; got 0 and 2."));
        Assert.That(
            () => new TypedAttentionConv(4, 0, headFeatures: 1, heads: 2),
            Throws.ArgumentException.With.Message.EqualTo("TypedAttentionConv: all sizes must be at least 1; got 4, 0, 1 and 2 heads."));
        Assert.That(
            () => new MetaHgnie(3, 4, 2, new MetaHgnieOptions { Layers = 0 }),
            Throws.ArgumentException.With.Message.StartsWith("MetaHgnie: there must be at least one layer and one head; got 0 and 4."));
    });

    private static MetaHgnie Network() =>
        new(3, 4, edgeTypes: 2, new MetaHgnieOptions { Heads = 2, HeadFeatures = 3, TypeFeatures = 2, Dropout = 0.1f, AttentionDropout = 0 }, new RandomStream(1));

    private static double Variance(float[] values) => values.Average(value => Math.Pow(value - values.Average(), 2));

    private static float[] Values(Layer layer, string name) => layer.NamedParameters().Single(named => named.Name == name).Parameter.Value.ToArray();

    private static void Randomise(Layer layer)
    {
        RandomStream random = new(5);
        foreach (NamedParameter named in layer.NamedParameters())
        {
            Initializer.Normal(0, 0.7f).Apply(named.Parameter, random);
        }
    }
}
