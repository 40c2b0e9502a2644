using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class CoNhdTests
{
    private const int Nodes = 6;
    private const int Edges = 4;
    private const int Features = 4;
    private const int Rows = 3;
    private const int Heads = 2;

    // Shuffled pairs with a repeated one, an empty hyperedge (2) and a node in none (5).
    private static readonly int[] s_nodes = [3, 0, 2, 1, 3, 2, 1, 4, 0];
    private static readonly int[] s_edges = [1, 0, 1, 3, 1, 0, 0, 1, 3];

    [Test]
    public void Network_IsThatOfSegmentsOneByOne([Values] MembershipOperator kind, [Values] CoNhdSolver solver, [Values] bool layerNorm, [Values] bool shared)
    {
        using MemoryScope scope = new();
        using Hypergraph structure = Hypergraph.FromPairs(Nodes, Edges, s_nodes, s_edges);
        Tensor inEdges = Ops.RandomNormal([9, 2], new RandomStream(3));
        Tensor inNodes = Ops.RandomNormal([9, 2], new RandomStream(4));
        using MembershipGraph graph = new(structure, inEdges, inNodes);
        CoNhdOptions options = new()
        {
            Operator = kind, Solver = solver, LayerNorm = layerNorm, SharedWeights = shared, Layers = 2, OperatorDepth = 2, Heads = Heads, InducingRows = Rows, Encodings = 2,
        };
        using CoNhd network = new(3, Features, 2, options, new RandomStream(1));
        SetLoops.Randomise(network, 0.3f);
        network.Eval();
        Tensor x = Ops.RandomNormal([Nodes, 3], new RandomStream(2));

        SetLoops loops = new(network);
        double[][] initial = [.. s_nodes.Select(node => SetLoops.Relu(loops.Linear("lin_in", SetLoops.Rows(x)[node])))];
        (double[][] f, double[][] edge, double[][] node) = (initial, initial, initial);
        for (int layer = 0; layer < 2; layer++)
        {
            string conv = shared ? "conv" : $"conv.{layer}";
            double[][] Operate(double[][] rows, string end, int[] segments, Tensor encodings) => Operator(loops, kind, conv, end, segments, [.. rows.Select((row, i) =>
                SetLoops.Add(row, loops.Linear($"{conv}.pe_{end}", SetLoops.Rows(encodings)[i])))]);
            double[][] Message(double[][] message, string end, int[] segments, Tensor encodings) => Plus(
                Operate(Plus(f, message, 2, -1), end, segments, encodings), Plus(message, f, 1, -1));
            bool admm = solver == CoNhdSolver.Admm;
            (edge, node) = admm
                ? (Message(edge, "v", s_edges, inEdges), Message(node, "e", s_nodes, inNodes))
                : (Operate(f, "v", s_edges, inEdges), Operate(f, "e", s_nodes, inNodes));
            f = [.. f.Select((row, i) => loops.Norm(
                $"{conv}.ln0", loops.Linear($"{conv}.update_func", [.. admm ? [] : row, .. edge[i], .. node[i], .. initial[i]])))];
        }
        SetLoops.AreEqual(network.Represent(x, graph), f);
        SetLoops.AreEqual(network.Forward(x, graph), [.. f.Select(row => loops.Linear("predict", row))]);
    }

    [Test]
    public void Pairs_AreAsManyAsAttentionAsksFor()
    {
        using Hypergraph structure = Hypergraph.FromPairs(Nodes, Edges, s_nodes, s_edges);
        using MembershipGraph graph = new(structure);
        int sumOfSquares(int[] segments) => segments.GroupBy(segment => segment).Sum(members => members.Count() * members.Count());

        Assert.That(graph.PairsWithRows(Toward.Edges, 4).ToString(), Is.EqualTo("9 nodes, 16 hyperedges, 36 memberships"));
        Assert.That(graph.PairsWithRows(Toward.Nodes, 1).ToString(), Is.EqualTo("9 nodes, 6 hyperedges, 9 memberships"));
        Assert.That(graph.AllPairs(Toward.Edges).MembershipCount, Is.EqualTo(sumOfSquares(s_edges)));
        Assert.That(graph.AllPairs(Toward.Nodes).MembershipCount, Is.EqualTo(sumOfSquares(s_nodes)));
        Incidence first = graph.AllPairs(Toward.Nodes);
        Assert.That(graph.AllPairs(Toward.Nodes), Is.SameAs(first), "listed once");
    }

    [Test]
    public void Encodings_InsideNodesAreThoseInsideEdgesUnlessGiven_AndNoneAreNeededWithoutThem()
    {
        using MemoryScope scope = new();
        using Hypergraph structure = Hypergraph.FromPairs(Nodes, Edges, s_nodes, s_edges);
        Tensor encodings = Ops.RandomNormal([9, 2], new RandomStream(3));
        Tensor x = Ops.RandomNormal([Nodes, 3], new RandomStream(2));
        using MembershipGraph once = new(structure, encodings);
        using MembershipGraph twice = new(structure, encodings, encodings);
        using MembershipGraph none = new(structure);
        CoNhdOptions options = new() { Encodings = 2, Heads = Heads };
        using CoNhd network = new(3, Features, 2, options, new RandomStream(1));
        using CoNhd without = new(3, Features, 2, options with { Encodings = 0 }, new RandomStream(1));
        network.Eval();

        Assert.That(network.Forward(x, once).ToArray(), Is.EqualTo(network.Forward(x, twice).ToArray()));
        Assert.That(without.Forward(x, none).ToArray(), Has.All.Matches<float>(float.IsFinite));
        Assert.That(() => network.Forward(x, none), Throws.ArgumentException.With.Message.Contains("encodings of 2 numbers; it has 0"));
        Assert.That(() => new MembershipGraph(structure, null, encodings), Throws.ArgumentException.With.Message.Contains("[9, P]"));
        Assert.That(() => new MembershipGraph(structure, Tensor.Ones([8, 2])), Throws.ArgumentException.With.Message.Contains("[9, P]"));
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers([Values] MembershipOperator kind, [Values] bool shared)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using Hypergraph structure = Hypergraph.FromPairs(Nodes, Edges, s_nodes, s_edges);
        using MembershipGraph graph = new(structure, Ops.RandomNormal([9, 2], new RandomStream(3)));
        CoNhdOptions options = new()
        {
            Operator = kind, Solver = CoNhdSolver.Admm, Layers = 2, SharedWeights = shared, OperatorDepth = 1, Heads = 4, InducingRows = 2, Encodings = 2, LayerNorm = true,
            Dropout = 0.25f, InputDropout = 0.125f,
        };
        using CoNhd network = new(3, Features, 2, options, new RandomStream(1));
        network.Save(folder.File("conhd.safetensors"));

        using CoNhd again = Layer.Load<CoNhd>(folder.File("conhd.safetensors"));

        Tensor x = Ops.RandomNormal([Nodes, 3], new RandomStream(2));
        network.Eval();
        again.Eval();
        Assert.That(again.Options, Is.EqualTo(options));
        Assert.That(again.Forward(x, graph).ToArray(), Is.EqualTo(network.Forward(x, graph).ToArray()));
    }

    [Test]
    public void Errors_SayWhatMustHold()
    {
        using Hypergraph structure = Hypergraph.FromPairs(Nodes, Edges, s_nodes, s_edges);
        using MembershipGraph graph = new(structure);
        Assert.That(() => graph.PairsWithRows(Toward.Edges, 0), Throws.ArgumentException.With.Message.Contains("at least one row"));
        Assert.That(() => new CoNhdConv(6), Throws.ArgumentException.With.Message.Contains("4 heads of 6 features"));
        Assert.That(() => new CoNhdConv(4, new CoNhdOptions { InducingRows = 0 }), Throws.ArgumentException.With.Message.Contains("inducing row"));
        Assert.That(() => new CoNhdConv(4, new CoNhdOptions { OperatorDepth = 0 }), Throws.ArgumentException.With.Message.Contains("OperatorDepth"));
        Assert.That(() => new CoNhd(3, 4, 2, new CoNhdOptions { Layers = 0 }), Throws.ArgumentException.With.Message.Contains("at least one layer"));
    }

    private static double[][] Operator(SetLoops loops, MembershipOperator kind, string conv, string end, int[] segments, double[][] rows)
    {
        double[][] current = rows;
        for (int depth = 0; depth < 2; depth++)
        {
            string name = $"{conv}.enc_{end}.{depth}";
            double[][] next = new double[rows.Length][];
            foreach (int[] members in segments.Index().GroupBy(pair => pair.Item).Select(group => group.Select(pair => pair.Index).ToArray()))
            {
                double[][] set = [.. members.Select(member => current[member])];
                double[][] changed = kind switch
                {
                    MembershipOperator.Attention => loops.Attention(name + ".mab", set, set, Heads),
                    MembershipOperator.InducedAttention => loops.Attention(
                        name + ".mab1", set, loops.Attention(name + ".mab0", [.. loops.Values(name + ".I").Chunk(Features)], set, Heads), Heads),
                    _ => Pool(loops, name, set),
                };
                for (int i = 0; i < members.Length; i++)
                {
                    next[members[i]] = changed[i];
                }
            }
            current = next;
        }
        return current;
    }

    private static double[][] Pool(SetLoops loops, string name, double[][] set)
    {
        double[] mean = SetLoops.Gather(set.Select(row => loops.Mlp(name + ".W1", row)), Features, mean: true);
        return [.. set.Select(row => loops.Mlp(name + ".W2", [.. row, .. mean]))];
    }

    private static double[][] Plus(double[][] a, double[][] b, double scaleA = 1, double scaleB = 1) => [.. a.Select((row, i) => SetLoops.Add(row, b[i], scaleA, scaleB))];
}
