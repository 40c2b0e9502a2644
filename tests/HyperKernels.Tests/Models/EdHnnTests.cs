using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class EdHnnTests
{
    private const int Nodes = 5;
    private const int Features = 3;

    // A repeated member, an empty hyperedge, and a node in none.
    private static readonly int[][] s_edges = [[0, 1, 2], [2, 3, 3], [], [1]];

    [Test]
    public void Conv_IsThatOfJoinedRows(
        [Values] SetNormalization normalization, [Values] bool inputNorm, [Values(1, 3)] int layers, [Values] SetAggregation aggregation)
    {
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(Nodes, s_edges);
        EdHnnOptions options = new()
        {
            Mlp1Layers = 1, Mlp2Layers = layers, Mlp3Layers = 1, Normalization = normalization, InputNorm = inputNorm, Aggregation = aggregation, Alpha = 0.25f,
        };
        using EdHnnConv conv = new(Features, 4, options, new RandomStream(1));
        SetLoops.Randomise(conv);
        conv.Eval();
        Tensor x = Ops.RandomNormal([Nodes, Features], new RandomStream(2), mean: 3);
        Tensor initial = Ops.RandomNormal([Nodes, 4], new RandomStream(3));

        SetLoops loops = new(conv);
        (double[][] rows, double[][] first) = (SetLoops.Rows(x), SetLoops.Rows(initial));
        (bool batch, bool mean) = (normalization == SetNormalization.Batch, aggregation == SetAggregation.Mean);
        double[][] edges = [.. s_edges.Select(edge => SetLoops.Gather(edge.Select(v => loops.Mlp("W1", rows[v], batch)), 4, mean))];
        SetLoops.AreEqual(conv.Forward(x, graph, initial), Expected(v => SetLoops.Add(
            SetLoops.Gather(Of(v).Select(e => loops.Mlp("W2", [.. rows[v], .. edges[e]], batch)), 4, mean), first[v], 0.75, 0.25), row => loops.Mlp("W", row, batch)));
    }

    [Test]
    public void Conv_WithoutPerceptrons_IsTheMeanOfMeans()
    {
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(Nodes, s_edges);
        using EdHnnConv conv = new(Features, Features, new EdHnnOptions { Mlp1Layers = 0, Mlp2Layers = 0, Mlp3Layers = 0, Alpha = 0 });
        Tensor x = Ops.RandomNormal([Nodes, Features], new RandomStream(2));

        SetLoops.AreEqual(conv.Forward(x, graph), Expected(v => Smooth(SetLoops.Rows(x), v, mean: true), static row => row));
    }

    [TestCase(SetAggregation.Sum, 1f)]
    [TestCase(SetAggregation.Mean, 0.25f)]
    public void JumpLink_MixesSmoothedAndFirstFeatures(SetAggregation aggregation, float beta)
    {
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(Nodes, s_edges);
        using JumpLinkConv conv = new(Features, 2, aggregation, alpha: 0.1f, beta, new RandomStream(1));
        Tensor x = Ops.RandomNormal([Nodes, Features], new RandomStream(2));
        Tensor initial = Ops.RandomNormal([Nodes, Features], new RandomStream(3));

        SetLoops loops = new(conv);
        SetLoops.AreEqual(conv.Forward(x, graph, initial), Expected(
            v => SetLoops.Add(Smooth(SetLoops.Rows(x), v, aggregation == SetAggregation.Mean), SetLoops.Rows(initial)[v], 0.9, 0.1),
            row => SetLoops.Add(row, loops.Mlp("W", row), 1 - beta, beta)));
    }

    [TestCase(1)]
    [TestCase(2)]
    public void MeanDegree_ReadsLogarithmsOfDegrees_AndZeroForNone(int layers)
    {
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(Nodes, s_edges);
        using MeanDegreeConv conv = new(Features, 4, 1, layers, 2, new RandomStream(1));
        Tensor x = Ops.RandomNormal([Nodes, Features], new RandomStream(2));
        Tensor initial = Ops.RandomNormal([Nodes, 4], new RandomStream(3));

        SetLoops loops = new(conv);
        (double[][] rows, double[][] first) = (SetLoops.Rows(x), SetLoops.Rows(initial));
        double[][] edges = [.. s_edges.Select(edge => SetLoops.Gather(edge.Select(v => loops.Mlp("W1", rows[v])), 4, mean: true))];
        SetLoops.AreEqual(conv.Forward(x, graph, initial), Expected(
            v =>
            [
                .. SetLoops.Gather(Of(v).Select(e => loops.Mlp("W2", [.. rows[v], .. edges[e], Math.Log(s_edges[e].Length)])), 4, mean: true),
                .. rows[v], .. first[v], Math.Log(Math.Max(1, Of(v).Count())),
            ],
            row => loops.Mlp("W3", row)));
    }

    [Test]
    public void Network_AppliesOneConvolutionAgainAndAgain([Values] bool initialNorm)
    {
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(Nodes, s_edges);
        using EdHnn network = new(Features, 6, 2, new EdHnnOptions { Layers = 3, Mlp1Layers = 1, Mlp2Layers = 1, Mlp3Layers = 1, InitialNorm = initialNorm }, new RandomStream(1));
        network.Eval();
        EdHnnConv conv = network.Find<EdHnnConv>().Single().Layer;
        Tensor x = Ops.RandomNormal([Nodes, Features], new RandomStream(2));

        Tensor initial = Ops.Relu(((Linear)network.Children[0].Layer).Forward(x));
        initial = initialNorm ? Ops.LayerNorm(initial, 1) : initial;
        Tensor y = initial;
        for (int i = 0; i < 3; i++)
        {
            y = Ops.Relu(conv.Forward(y, graph, initial));
        }
        SetLoops loops = new(network);
        SetLoops.AreEqual(network.Forward(x, graph), [.. SetLoops.Rows(y).Select(row => loops.Mlp("classifier", row))]);
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers([Values] EdHnnKind kind)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(Nodes, s_edges);
        EdHnnOptions options = new()
        {
            Kind = kind, Layers = 1, Mlp1Layers = 1, Mlp2Layers = 3, Mlp3Layers = 1, Aggregation = SetAggregation.Sum, Alpha = 0.125f, Beta = 0.5f,
            Normalization = SetNormalization.None, InputNorm = false, InitialNorm = true, Activation = Activation.LeakyRelu(0.3f), Dropout = 0.25f, InputDropout = 0.125f,
            ClassifierLayers = 3, ClassifierFeatures = 7,
        };
        using EdHnn network = new(Features, 4, 2, options, new RandomStream(1));
        network.Save(folder.File("edhnn.safetensors"));

        using EdHnn again = Layer.Load<EdHnn>(folder.File("edhnn.safetensors"));

        Tensor x = Ops.RandomNormal([Nodes, Features], new RandomStream(2));
        network.Eval();
        again.Eval();
        Assert.That(again.Options, Is.EqualTo(options));
        Assert.That(again.Forward(x, graph).ToArray(), Is.EqualTo(network.Forward(x, graph).ToArray()));
    }

    [Test]
    public void Errors_SayWhatMustHold()
    {
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(Nodes, s_edges);
        using EdHnnConv conv = new(Features, 4);
        Assert.That(() => conv.Forward(Tensor.Ones([Nodes, 4]), graph), Throws.ArgumentException.With.Message.Contains("nodes must be [5, 3]"));
        Assert.That(() => conv.Forward(Tensor.Ones([Nodes, 3]), graph), Throws.ArgumentException.With.Message.Contains("initial must be [5, 4]"));
        Assert.That(() => new EdHnnConv(3, 4, new EdHnnOptions { Mlp1Layers = 0 }), Throws.ArgumentException.With.Message.Contains("Mlp1Layers = 0"));
        Assert.That(() => new EdHnnConv(3, 3, new EdHnnOptions { Alpha = 1.5f }), Throws.ArgumentException.With.Message.Contains("[0, 1]"));
        Assert.That(() => new MeanDegreeConv(3, 3, 0), Throws.ArgumentException.With.Message.Contains("at least one layer"));
        Assert.That(() => new EdHnn(3, 3, 2, new EdHnnOptions { Layers = 0 }), Throws.ArgumentException.With.Message.Contains("at least one layer"));
    }

    private static IEnumerable<int> Of(int node) =>
        s_edges.SelectMany((edge, e) => edge.Where(member => member == node).Select(_ => e));

    private static double[] Smooth(double[][] rows, int node, bool mean) =>
        SetLoops.Gather(Of(node).Select(e => SetLoops.Gather(s_edges[e].Select(v => rows[v]), Features, mean)), Features, mean);

    private static double[][] Expected(Func<int, double[]> gathered, Func<double[], double[]> last) =>
        [.. Enumerable.Range(0, Nodes).Select(v => last(gathered(v)))];
}
