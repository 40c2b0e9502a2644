using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class GraphEncoderTests
{
    private const int Features = 8;

    private static readonly ArchitectureGraph[] s_graphs =
    [
        ArchitectureGraphTests.Random(7, 0.2, new Random(1)), ArchitectureGraphTests.Random(1, 0, new Random(2)), ArchitectureGraphTests.Random(11, 0.1, new Random(3)),
    ];

    [TestCase(true, 1, 50)]
    [TestCase(true, 2, 2)]
    [TestCase(false, 2, 50)]
    public void Gated_DepthByDepth_IsNodeAfterNode(bool virtualEdges, int rounds, int cutoff)
    {
        using MemoryScope scope = new();
        using GatedGraphNetwork network = new(Features, virtualEdges, rounds, cutoff, new RandomStream(4));
        ArchitectureBatch batch = new(s_graphs);
        Tensor nodes = Ops.RandomNormal([batch.NodeCount, Features], new RandomStream(5));

        float[] actual = network.Forward(nodes, batch).ToArray();

        Tensor[] states = Ops.Split(nodes, 0, [.. Enumerable.Repeat(1, batch.NodeCount)]);
        for (int sweep = 0; sweep < 2 * rounds; sweep++)
        {
            for (int g = 0; g < s_graphs.Length; g++)
            {
                OneAfterAnother(network, s_graphs[g], states.AsSpan(batch.FirstNode(g), s_graphs[g].Nodes.Count), sweep % 2 == 1);
            }
        }
        Assert.That(actual, Is.EqualTo(states.SelectMany(state => state.ToArray())).Within(1e-5f));
    }

    [TestCase("gated")]
    [TestCase("graphormer")]
    [TestCase("none")]
    public void Forward_OfABatch_IsThatOfEachGraph(string kind)
    {
        using MemoryScope scope = new();
        using GraphEncoder encoder = Make(kind);
        ArchitectureBatch batch = new(s_graphs);
        Tensor nodes = Ops.RandomNormal([batch.NodeCount, Features], new RandomStream(5));
        float[] actual = encoder.Forward(nodes, batch).ToArray();
        for (int g = 0; g < s_graphs.Length; g++)
        {
            int count = s_graphs[g].Nodes.Count;
            float[] alone = encoder.Forward(Ops.Slice(nodes, 0, batch.FirstNode(g), count), new ArchitectureBatch(s_graphs[g])).ToArray();
            Assert.That(actual.AsSpan(batch.FirstNode(g) * Features, count * Features).ToArray(), Is.EqualTo(alone).Within(1e-5f), $"graph {g}");
        }
        Assert.That(
            () => encoder.Forward(Ops.Slice(nodes, 0, 0, 3), batch), Throws.ArgumentException.With.Message.Contains($"each of the {batch.NodeCount} nodes"));
    }

    [Test]
    public void Graphormer_LongWaysCountAsNone()
    {
        using MemoryScope scope = new();
        using GraphormerNetwork near = new(Features, layers: 1, heads: 2, cutoff: 1, new RandomStream(4));
        using GraphormerNetwork far = new(Features, layers: 1, heads: 2, cutoff: 50, new RandomStream(4));
        ArchitectureBatch batch = new(s_graphs[2]);
        Assert.That(batch.Distances(1).Max(), Is.EqualTo(1));
        Assert.That(batch.Distances(50).Max(), Is.GreaterThan(2));
        Tensor nodes = Ops.RandomNormal([batch.NodeCount, Features], new RandomStream(5));
        Assert.That(near.Forward(nodes, batch).ToArray(), Is.Not.EqualTo(far.Forward(nodes, batch).ToArray()));
    }

    [Test]
    public void Constructors_RefuseWhatMakesNoSense() => Assert.Multiple(() =>
    {
        Assert.That(() => new GatedGraphNetwork(0), Throws.ArgumentException.With.Message.Contains("features must be at least 1"));
        Assert.That(() => new GatedGraphNetwork(8, rounds: 0), Throws.ArgumentException.With.Message.Contains("rounds"));
        Assert.That(() => new GraphormerLayer(8, heads: 3), Throws.ArgumentException.With.Message.Contains("heads must divide"));
        Assert.That(() => new GraphormerTables(8, 2, distanceRows: 3), Throws.ArgumentException.With.Message.Contains("distanceRows"));
    });

    private static GraphEncoder Make(string kind) => kind switch
    {
        "gated" => new GatedGraphNetwork(Features, random: new RandomStream(4)),
        "graphormer" => new GraphormerNetwork(Features, layers: 2, heads: 2, random: new RandomStream(4)),
        _ => new GraphNodeMlp(Features, new RandomStream(4)),
    };

    private static void OneAfterAnother(GatedGraphNetwork network, ArchitectureGraph graph, Span<Tensor> states, bool reversed)
    {
        Mlp near = network.Find<Mlp>()[0].Layer;
        Mlp? far = network.VirtualEdges ? network.Find<Mlp>()[1].Layer : null;
        GruCell gru = network.Find<GruCell>()[0].Layer;
        for (int i = 0; i < states.Length; i++)
        {
            int node = reversed ? states.Length - 1 - i : i;
            Tensor heard = Tensor.Zeros([1, Features]);
            for (int other = 0; other < states.Length; other++)
            {
                int way = reversed ? graph.Distance(node, other) : graph.Distance(other, node);
                heard = way == 1 ? heard + Ops.Relu(near.Forward(states[other])) : heard;
                heard = far is not null && way > 0 && way <= network.Cutoff ? heard + (Ops.Relu(far.Forward(states[other])) / way) : heard;
            }
            states[node] = gru.Forward(heard, states[node]);
        }
    }
}
