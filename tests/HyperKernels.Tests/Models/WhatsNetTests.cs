using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class WhatsNetTests
{
    private const int Nodes = 6;
    private const int Edges = 4;
    private const int Hidden = 4;
    private const int Heads = 2;

    // Shuffled pairs with a repeated one, an empty hyperedge (2) and a node in none (5).
    private static readonly int[] s_nodes = [3, 0, 2, 1, 3, 2, 1, 4, 0];
    private static readonly int[] s_edges = [1, 0, 1, 3, 1, 0, 0, 1, 3];

    [Test]
    public void Network_IsThatOfSegmentsOneByOne([Values(MembershipOperator.Attention, MembershipOperator.InducedAttention)] MembershipOperator kind, [Values] bool layerNorm)
    {
        using MemoryScope scope = new();
        using Hypergraph structure = Hypergraph.FromPairs(Nodes, Edges, s_nodes, s_edges);
        (Tensor inEdges, Tensor inNodes) = (Ops.RandomNormal([9, 2], new RandomStream(3)), Ops.RandomNormal([9, 2], new RandomStream(4)));
        using MembershipGraph graph = new(structure, inEdges, inNodes);
        WhatsNetOptions options = new() { Operator = kind, Layers = 2, OperatorDepth = 1, Heads = Heads, InducingRows = 3, Encodings = 2, LayerNorm = layerNorm };
        using WhatsNet network = new(3, Hidden, 2, options, new RandomStream(1));
        SetLoops.Randomise(network, 0.3f);
        network.Eval();
        Tensor features = Ops.RandomNormal([Nodes, 3], new RandomStream(2));

        SetLoops loops = new(network);
        double[][] x = SetLoops.Rows(features);
        double[][] z = [.. Enumerable.Range(0, Edges).Select(_ => new double[3])];
        for (int layer = 0; layer < 2; layer++)
        {
            z = Half(loops, kind, $"layers.{layer}.to_edges", [.. s_nodes.Select(node => x[node])], z, s_edges, SetLoops.Rows(inEdges));
            x = Half(loops, kind, $"layers.{layer}.to_nodes", [.. s_edges.Select(edge => z[edge])], x, s_nodes, SetLoops.Rows(inNodes));
        }
        double[][] rows = [.. s_nodes.Select(node => x[node])];
        double[][] expected = new double[rows.Length][];
        for (int edge = 0; edge < Edges; edge++)
        {
            int[] members = Members(s_edges, edge);
            double[][] read = Attend(loops, kind, "readout.0", [.. members.Select(member => rows[member])]);
            for (int i = 0; i < members.Length; i++)
            {
                expected[members[i]] = loops.Linear("predict", read[i]);
            }
        }
        SetLoops.AreEqual(network.Forward(features, graph), expected);
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using Hypergraph structure = Hypergraph.FromPairs(Nodes, Edges, s_nodes, s_edges);
        using MembershipGraph graph = new(structure);
        WhatsNetOptions options = new()
        {
            Operator = MembershipOperator.Pooling, Layers = 2, OperatorDepth = 1, ReadoutDepth = 2, Heads = Heads, InducingRows = 2, Encodings = 0, LayerNorm = true,
            Dropout = 0.25f,
        };
        using WhatsNet network = new(3, Hidden, 2, options, new RandomStream(1));
        network.Save(folder.File("whatsnet.safetensors"));

        using WhatsNet again = Layer.Load<WhatsNet>(folder.File("whatsnet.safetensors"));

        Tensor x = Ops.RandomNormal([Nodes, 3], new RandomStream(2));
        network.Eval();
        again.Eval();
        Assert.That(again.Options, Is.EqualTo(options));
        Assert.That(again.Forward(x, graph).ToArray(), Is.EqualTo(network.Forward(x, graph).ToArray()));
        Assert.That(() => new WhatsNet(3, Hidden, 2, options with { Layers = 0 }), Throws.ArgumentException.With.Message.Contains("Layers must be at least 1"));
        Assert.That(() => new WhatsNetConv(3, Hidden, 2, options with { OperatorDepth = 0 }), Throws.ArgumentException.With.Message.Contains("OperatorDepth"));
    }

    private static double[][] Half(
        SetLoops loops, MembershipOperator kind, string name, double[][] members, double[][] queries, int[] segments, double[][] encodings)
    {
        double[][] encoded = [.. members.Select((row, i) => SetLoops.Add(row, loops.Linear($"{name}.pe", encodings[i])))];
        return [.. queries.Select((query, segment) =>
        {
            double[][] set = Attend(loops, kind, $"{name}.enc.0", [.. Members(segments, segment).Select(member => encoded[member])]);
            return loops.Linear($"{name}.output", loops.Attention($"{name}.dec", [query], set, Heads)[0]);
        })];
    }

    private static double[][] Attend(SetLoops loops, MembershipOperator kind, string name, double[][] set) => kind == MembershipOperator.Attention
        ? loops.Attention($"{name}.mab", set, set, Heads)
        : loops.Attention($"{name}.mab1", set, loops.Attention($"{name}.mab0", [.. loops.Values($"{name}.I").Chunk(Hidden)], set, Heads), Heads);

    private static int[] Members(int[] segments, int segment) => [.. Enumerable.Range(0, segments.Length).Where(member => segments[member] == segment)];
}
