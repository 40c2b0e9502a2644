using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class AllSetTests
{
    private const int Nodes = 5;
    private const int Features = 3;

    // A repeated member, an empty hyperedge, and a node in none.
    private static readonly int[][] s_edges = [[0, 1, 2], [2, 3, 3], [], [1]];
    private static readonly int[] s_nodeDegrees = [1, 2, 2, 2, 0];

    [Test]
    public void DeepSets_WeighMemberships([Values] SetAggregation aggregation, [Values] IncidenceWeights weights, [Values(0, 2)] int layers)
    {
        using MemoryScope scope = new();
        Tensor given = Tensor.From([0.5f, -1, 2, 1.5f, 0.25f, 3, -2], [7]);
        using Hypergraph structure = Hypergraph.FromEdges(Nodes, s_edges);
        AllSetOptions options = new() { Attention = false, MlpLayers = layers, Aggregation = aggregation, Weights = weights };
        using AllSetConv conv = new(Features, layers == 0 ? Features : 4, options, new RandomStream(1));
        SetLoops.Randomise(conv);
        conv.Eval();
        Tensor x = Ops.RandomNormal([Nodes, Features], new RandomStream(2));

        SetLoops loops = new(conv);
        double[] Apply(string name, double[] row) => SetLoops.Relu(layers == 0 ? row : loops.Mlp(name, row));
        double[] Weighed(double[] row, int pair, int node, int edge) => [.. row.Select(value => value * given.ToArray()[pair]
            * (weights == IncidenceWeights.Ones ? 1 : 1 / Math.Sqrt(s_nodeDegrees[node] * s_edges[edge].Length)))];
        (int Node, int Edge)[] pairs = [.. s_edges.SelectMany((edge, e) => edge.Select(v => (v, e)))];
        double[][] Half(string half, double[][] rows, bool toEdges) => [.. Enumerable.Range(0, toEdges ? s_edges.Length : Nodes).Select(target => Apply(
            $"{half}.f_dec",
            SetLoops.Gather(pairs.Index().Where(pair => (toEdges ? pair.Item.Edge : pair.Item.Node) == target).Select(pair =>
                    Weighed(Apply($"{half}.f_enc", rows[toEdges ? pair.Item.Node : pair.Item.Edge]), pair.Index, pair.Item.Node, pair.Item.Edge)),
                conv.OutFeatures, aggregation == SetAggregation.Mean)))];
        double[][] expected = Half("e2v", Half("v2e", SetLoops.Rows(x), toEdges: true), toEdges: false);
        SetLoops.AreEqual(conv.Forward(x, structure.WithMembershipWeights(given)), expected);
    }

    [Test]
    public void Attention_OfAnEmptySet_IsThatOfTheSeed_AndARepeatedMemberCountsTwice()
    {
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(Nodes, s_edges);
        using AllSetConv conv = new(Features, 6, new AllSetOptions { Heads = 2 }, new RandomStream(1));
        SetLoops.Randomise(conv);
        Tensor x = Ops.RandomNormal([Nodes, Features], new RandomStream(2));

        SetLoops loops = new(conv);
        double[] seed = loops.Values("v2e.prop.att_r");
        double[][] rows = SetLoops.Rows(x);
        SetLoops.AreEqual(conv.ToEdges(x, graph), [.. s_edges.Select(edge =>
        {
            double[] pooled = [.. seed];
            double[][] keys = [.. edge.Select(v => loops.Linear("v2e.prop.lin_K", rows[v]))];
            double[][] values = [.. edge.Select(v => loops.Linear("v2e.prop.lin_V", rows[v]))];
            for (int head = 0; head < 2; head++)
            {
                double[] scores = [.. keys.Select(key => Enumerable.Range(3 * head, 3).Sum(i => key[i] * seed[i])).Select(score => Math.Exp(score < 0 ? 0.2 * score : score))];
                for (int i = 3 * head; i < 3 * (head + 1) && edge.Length > 0; i++)
                {
                    pooled[i] += scores.Zip(values, (score, value) => score * value[i]).Sum() / scores.Sum();
                }
            }
            double[] o = loops.Norm("v2e.prop.ln0", pooled);
            return SetLoops.Relu(loops.Norm("v2e.prop.ln1", SetLoops.Add(o, SetLoops.Relu(loops.Mlp("v2e.prop.rFF", o)))));
        })]);
    }

    [Test]
    public void Constructor_DrawsKeysValuesAndSeedWithXaviersBounds()
    {
        using AllSetConv conv = new(30, 120, new AllSetOptions { Heads = 3 }, new RandomStream(1));
        SetLoops loops = new(conv);
        Assert.That(loops.Values("v2e.prop.lin_K.weight").Max(Math.Abs), Is.EqualTo(Math.Sqrt(6.0 / 150)).Within(1e-3));
        Assert.That(loops.Values("v2e.prop.lin_V.weight").Max(Math.Abs), Is.EqualTo(Math.Sqrt(6.0 / 150)).Within(1e-3));
        Assert.That(loops.Values("v2e.prop.att_r").Max(Math.Abs), Is.EqualTo(Math.Sqrt(6.0 / 160)).Within(0.01));
    }

    [Test]
    public void Network_WithAMixtureOfTheLastLayerAlone_IsTheNetworkWithoutOne([Values] bool attention)
    {
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(Nodes, s_edges);
        AllSetOptions options = new() { Attention = attention };
        using AllSet plain = new(Features, 4, 2, options, new RandomStream(1));
        using AllSet mixed = new(Features, 4, 2, options with { MixLayers = true }, new RandomStream(2));
        Dictionary<string, Parameter> given = plain.NamedParameters().ToDictionary(named => named.Name, named => named.Parameter);
        foreach (NamedParameter named in mixed.NamedParameters())
        {
            if (given.TryGetValue(named.Name, out Parameter? parameter))
            {
                named.Parameter.Load(parameter.Value.ToArray());
            }
        }
        Parameter mixture = mixed.NamedParameters().Single(named => named.Name == "GPRweights.weight").Parameter;
        Tensor x = Ops.RandomNormal([Nodes, Features], new RandomStream(3));
        plain.Eval();
        mixed.Eval();

        mixture.Load([0, 0, 1]);
        Assert.That(mixed.Forward(x, graph).ToArray(), Is.EqualTo(plain.Forward(x, graph).ToArray()).Within(1e-6f));
        mixture.Load([1, 0, 0]);
        SetLoops loops = new(mixed);
        SetLoops.AreEqual(mixed.Forward(x, graph), [.. SetLoops.Rows(x).Select(row => loops.Mlp("classifier", SetLoops.Relu(loops.Mlp("MLP", row))))]);
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Load_AfterSave_GivesTheSameAnswers(bool attention)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(Nodes, s_edges);
        AllSetOptions options = new()
        {
            Attention = attention, Layers = 1, MlpLayers = 3, Heads = 2, Aggregation = SetAggregation.Mean, Weights = IncidenceWeights.InverseRootDegrees,
            Normalization = SetNormalization.Batch, InputNorm = false, Dropout = 0.25f, InputDropout = 0.125f, ClassifierLayers = 3, ClassifierFeatures = 7, MixLayers = true,
        };
        using AllSet network = new(Features, 4, 2, options, new RandomStream(1));
        network.Save(folder.File("allset.safetensors"));

        using AllSet again = Layer.Load<AllSet>(folder.File("allset.safetensors"));

        Tensor x = Ops.RandomNormal([Nodes, Features], new RandomStream(2));
        network.Eval();
        again.Eval();
        Assert.That(again.Options, Is.EqualTo(options));
        Assert.That(again.Forward(x, graph).ToArray(), Is.EqualTo(network.Forward(x, graph).ToArray()));
    }

    [Test]
    public void Errors_SayWhatMustHold()
    {
        Assert.That(() => new AllSetConv(3, 4, new AllSetOptions { Heads = 3 }), Throws.ArgumentException.With.Message.Contains("3 heads of 4 features"));
        Assert.That(() => new AllSetConv(3, 4, AllSetOptions.DeepSets with { MlpLayers = 0 }), Throws.ArgumentException.With.Message.Contains("MlpLayers = 0"));
        Assert.That(() => new AllSet(3, 4, 2, new AllSetOptions { Layers = 0 }), Throws.ArgumentException.With.Message.Contains("at least one layer"));
    }
}
