using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class HdhgnTests
{
    private const int Features = 4;
    private const int Roles = 3;

    // Node 2 is in hyperedge 0 twice with two roles, hyperedge 2 is empty, nodes 4 and 5 are in none; the graph between the other two has no nodes.
    private static readonly int[] s_nodes = [0, 2, 1, 2, 3, 0];
    private static readonly int[] s_edges = [0, 0, 0, 0, 1, 1];
    private static readonly int[] s_roles = [0, 1, 1, 2, 0, 2];
    private static readonly int[] s_graphs = [0, 0, 0, 0, 2, 2];

    [Test]
    public void Forward_EqualsPlainLoops()
    {
        using MemoryScope scope = new();
        using Hypergraph untyped = Hypergraph.FromPairs(6, 3, s_nodes, s_edges);
        using Incidence graphs = Incidence.FromPairs(6, 3, [0, 1, 2, 3, 4, 5], s_graphs);
        using RoleHypergraph graph = new(untyped.WithRoles(RowGroups.Of(s_roles, Roles)), graphs);
        using HdhgnConv layer = new(Features, edgeHeads: 2, nodeHeads: 4, Roles, new RandomStream(1));
        Randomise(layer);
        float[] x = Ops.RandomNormal([6, Features], new RandomStream(2)).ToArray();
        float[] z = Ops.RandomNormal([3, Features], new RandomStream(3)).ToArray();

        float[] actual = layer.Forward(Tensor.From(x, [6, Features]), Tensor.From(z, [3, Features]), graph).ToArray();

        Assert.That(actual, Is.EqualTo(Expected(layer, Rows(x), Rows(z))).Within(2e-5));
    }

    [Test]
    public void Forward_OfABatch_EqualsEachGraphAlone()
    {
        using MemoryScope scope = new();
        HdhgnOptions options = new() { Layers = 2, EdgeHeads = 2, NodeHeads = 2, ReadoutHeads = 4, ReadoutFeatures = 6 };
        using Hdhgn network = new(tokens: 7, nodeTypes: 2, edgeTypes: 3, hiddenFeatures: 8, classes: 3, options, new RandomStream(1));
        network.Eval();

        using Hypergraph first = Graph([0, 1, 1, 0], [2, 0], [0, 1, 2, 0, 3], [0, 0, 0, 1, 1], [0, 1, 1, 0, 1]);
        using Hypergraph second = Graph([1, 0], [1], [1, 0], [0, 0], [0, 1]);
        using HypergraphBatch batch = new(first, second);

        float[] both = Logits(network, [0, 5, 6, 1, 4, 2], batch.Graph, batch.NodesByGraph);

        (float[] ofFirst, float[] ofSecond) = (Logits(network, [0, 5, 6, 1], first), Logits(network, [4, 2], second));
        Assert.That(both, Is.EqualTo(ofFirst.Concat(ofSecond)).Within(1e-5f));
        Assert.That(ofFirst, Is.Not.EqualTo(ofSecond).Within(1e-3f));
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers()
    {
        HdhgnOptions options = new() { Layers = 1, EdgeHeads = 2, NodeHeads = 4, ReadoutHeads = 2, ReadoutFeatures = 6, BatchNorm = false, Dropout = 0.5f };
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using Hdhgn network = new(tokens: 7, nodeTypes: 2, edgeTypes: 3, hiddenFeatures: 8, classes: 3, options, new RandomStream(1));
        network.Eval();
        network.Save(folder.File("hdhgn.safetensors"));

        using Hdhgn again = Layer.Load<Hdhgn>(folder.File("hdhgn.safetensors"));

        using Hypergraph graph = Graph([1, 0], [1], [1, 0], [0, 0], [0, 1]);
        Assert.That(again.ToString(), Is.EqualTo(network.ToString()));
        Assert.That(Logits(again, [4, 2], graph), Is.EqualTo(Logits(network, [4, 2], graph)));
    }

    [Test]
    public void Graphs_ThatDoNotFit_AreRefused()
    {
        using MemoryScope scope = new();
        using Hypergraph untyped = Hypergraph.FromPairs(6, 3, s_nodes, s_edges);
        using RoleHypergraph graph = new(untyped.WithRoles(RowGroups.Of(s_roles, Roles)));
        using RoleHypergraph directed = new(Graph([1, 0], [1], [1, 0], [0, 0], [0, 1]));
        using Incidence graphs = Incidence.FromPairs(6, 2, [0, 1, 2, 3, 5, 4], [0, 0, 0, 0, 1, 1]);
        using HdhgnConv layer = new(Features, edgeHeads: 2, nodeHeads: 2);
        using Hdhgn network = new(tokens: 7, nodeTypes: 2, edgeTypes: 4, hiddenFeatures: 8, classes: 3);
        Assert.Multiple(() =>
        {
            Assert.That(
                () => new RoleHypergraph(untyped), Throws.ArgumentException.With.Message.StartsWith("RoleHypergraph: memberships must have roles;"));
            Assert.That(
                () => new RoleHypergraph(graph.Graph, graphs),
                Throws.ArgumentException.With.Message.StartsWith("RoleHypergraph: nodesByGraph must have node i as its membership i, for 6 nodes; got 6 nodes,"));
            Assert.That(
                () => layer.Forward(Tensor.Zeros([6, Features]), Tensor.Zeros([3, Features]), graph),
                Throws.ArgumentException.With.Message.StartsWith("HdhgnConv: the hypergraph must have 2 roles; it has 3."));
            Assert.That(
                () => network.Forward(Tensor.From([0, 1]), directed),
                Throws.ArgumentException.With.Message.StartsWith("Hdhgn: nodes must be of 2 types and hyperedges of 4; got 2 and 3."));
            Assert.That(
                () => new HdhgnConv(6, edgeHeads: 4),
                Throws.ArgumentException.With.Message.EqualTo("HdhgnConv: heads must divide the features; got 4 and 8 heads for 6 features."));
            Assert.That(
                () => new Hdhgn(7, 2, 4, hiddenFeatures: 8, classes: 3, new HdhgnOptions { ReadoutHeads = 3 }),
                Throws.ArgumentException.With.Message.EqualTo(
                    "Hdhgn: there must be a layer, and ReadoutHeads must divide hiddenFeatures; got 4 layers, 3 heads for 8."));
            Assert.That(
                () => new TypedLinear(3, 0, 2),
                Throws.ArgumentException.With.Message.EqualTo("TypedLinear: inFeatures, outFeatures and types must be at least 1; got 3, 0 and 2."));
            Assert.That(() => new GraphNorm(0), Throws.ArgumentException.With.Message.StartsWith("GraphNorm: features must be at least 1; got 0."));
            Assert.That(graph.ToString(), Is.EqualTo("6 nodes, 3 hyperedges, 6 memberships, 3 roles, 1 graphs"));
        });
    }

    private static Hypergraph Graph(int[] types, int[] edgeTypes, int[] nodes, int[] edges, int[] roles) =>
        Hypergraph.FromPairs(types.Length, edgeTypes.Length, nodes, edges)
            .WithNodeTypes(RowGroups.Of(types, 2)).WithEdgeTypes(RowGroups.Of(edgeTypes, 3)).WithRoles(RowGroups.Of(roles, 2));

    private static float[] Logits(Hdhgn network, int[] tokens, Hypergraph typed, Incidence? nodesByGraph = null)
    {
        using RoleHypergraph graph = new(typed, nodesByGraph);
        return network.Forward(Tensor.From(tokens), graph).ToArray();
    }

    private static void Randomise(Layer layer)
    {
        RandomStream random = new(5);
        foreach (NamedParameter named in layer.NamedParameters())
        {
            Initializer.Normal(0, 0.7f).Apply(named.Parameter, random);
        }
    }

    private static double[][] Rows(float[] values) => [.. values.Select(value => (double)value).Chunk(Features)];

    private static double[] Expected(Layer layer, double[][] x, double[][] z)
    {
        double[][] keys = [.. s_nodes.Select((node, i) => Linear(layer, "head_tail_linear", x[node], s_roles[i]))];
        double[][] hyper = Attend(layer, "1", 2, [.. z.Select((row, e) => (row, Members(s_edges, keys, e)))]);
        hyper = [.. hyper.Select((row, e) => Plus(row, Linear(layer, "edge_linear", z[e])))];
        double[][] given = [.. s_edges.Select((edge, i) => Linear(layer, "to_head_tail_linear", hyper[edge], s_roles[i]))];
        double[][] messages = Attend(layer, "2", 4, [.. x.Select((row, v) => (row, Members(s_nodes, given, v)))]);
        double[][] sums = [.. x.Select((row, v) => Plus(Linear(layer, "u1", row), Linear(layer, "u2", messages[v])))];
        return [.. Norm(layer, sums).SelectMany(row => row).Select(value => value > 0 ? value : Math.Exp(value) - 1)];
    }

    private static double[][] Members(int[] segments, double[][] rows, int segment) => [.. rows.Where((_, i) => segments[i] == segment)];

    private static double[][] Attend(Layer layer, string stage, int heads, (double[] Asks, double[][] Members)[] segments)
    {
        int width = Features / heads;
        double[] One(double[] asks, double[][] members)
        {
            double[] query = Linear(layer, "Q" + stage, asks);
            double[] sum = new double[Features];
            for (int head = 0; head < heads; head++)
            {
                double[] scores = [.. members.Select(row => Math.Exp(
                    Linear(layer, "K" + stage, row).Zip(query, (a, b) => a * b).Skip(head * width).Take(width).Sum() / Math.Sqrt(width)))];
                for (int k = head * width; k < (head + 1) * width; k++)
                {
                    sum[k] = members.Select((row, i) => scores[i] / scores.Sum() * Linear(layer, "V" + stage, row)[k]).Sum();
                }
            }
            return sum;
        }
        return [.. segments.Select(segment => One(segment.Asks, segment.Members))];
    }

    private static double[][] Norm(Layer layer, double[][] rows)
    {
        (float[] weight, float[] bias, float[] share) = (Values(layer, "norm.weight")!, Values(layer, "norm.bias")!, Values(layer, "norm.mean_scale")!);
        double Value(int v, int k)
        {
            double[] own = [.. rows.Where((_, other) => s_graphs[other] == s_graphs[v]).Select(row => row[k])];
            double off = own.Average() * share[k];
            return (weight[k] * (rows[v][k] - off) / Math.Sqrt(own.Average(value => (value - off) * (value - off)) + 1e-5)) + bias[k];
        }
        return [.. rows.Select((_, v) => Enumerable.Range(0, Features).Select(k => Value(v, k)).ToArray())];
    }

    private static double[] Plus(double[] a, double[] b) => [.. a.Zip(b, (left, right) => left + right)];

    private static float[]? Values(Layer layer, string name) =>
        layer.NamedParameters().FirstOrDefault(named => named.Name == name)?.Parameter.Value.ToArray();

    private static double[] Linear(Layer layer, string name, double[] x, int role = 0)
    {
        float[] weight = Values(layer, $"{name}.weight")!;
        float[]? bias = Values(layer, $"{name}.bias");
        return
        [
            .. Enumerable.Range(role * Features, Features).Select(row => (bias?[row] ?? 0) + x.Select((value, k) => value * weight[(row * Features) + k]).Sum()),
        ];
    }
}
