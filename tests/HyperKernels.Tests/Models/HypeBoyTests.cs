using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class HypeBoyTests
{
    private static readonly int[][] s_edges = [[0, 1, 2], [3], [], [2, 3, 2], [0, 4]];

    [Test]
    public void FillingLoss_EqualsPlainLoops_AndLeavesOutHyperedgesOfOneMember()
    {
        using MemoryScope scope = new();
        using Incidence incidence = Incidence.FromEdges(6, s_edges);
        using HyperedgeFilling filling = new(3, new RandomStream(1));
        Tensor z = Ops.RandomNormal([6, 3], new RandomStream(2));

        float actual = filling.Loss(z, incidence).ToScalar();

        double[][] rows = Rows(z);
        double[][] keys = [.. Rows(((Mlp)filling.Children[0].Layer).Forward(z)).Select(Normalised)];
        double expected = 0;
        foreach (int[] edge in s_edges.Where(edge => edge.Length > 1))
        {
            for (int left = 0; left < edge.Length; left++)
            {
                float[] sum = [.. Enumerable.Range(0, 3).Select(f => (float)edge.Where((_, place) => place != left).Sum(v => rows[v][f]))];
                double[] query = Normalised(Rows(((Mlp)filling.Children[1].Layer).Forward(Tensor.From(sum, [1, 3])))[0]);
                double[] scores = [.. keys.Select(key => key.Zip(query, (a, b) => a * b).Sum())];
                expected += Math.Log(scores.Sum(Math.Exp)) - scores[edge[left]];
            }
        }
        Assert.That(actual, Is.EqualTo(expected).Within(1e-4));
    }

    // What the documentation promises for hypergraphs whose scores do not fit: batches with tapes of their own, led back through the encoder.
    [Test]
    public void FillingLoss_InBatches_GivesTheGradientOfTheWhole()
    {
        using Hypergraph graph = Hypergraph.FromEdges(6, s_edges);
        using HypeBoy boy = new(4, 3, dropout: 0, random: new RandomStream(1));
        Parameter weight = boy.Encoder.Parameters[0];
        float[] whole;
        Tensor x;
        using (Tape tape = new())
        {
            x = Ops.RandomNormal([6, 4], new RandomStream(2));
            tape.Backward(boy.Filling.Loss(boy.Forward(x, graph), graph.Incidence));
            whole = Gradient(tape, weight.Value);
        }
        using Tape outer = new();
        Tensor z = boy.Forward(Ops.RandomNormal([6, 4], new RandomStream(2)), graph);
        float[] values = z.ToArray();
        float[] sum = new float[values.Length];
        for (int first = 0; first < s_edges.Length; first += 2)
        {
            using Tape inner = new();
            Tensor copy = inner.Watch(Tensor.From(values, z.Shape));
            inner.Backward(boy.Filling.Loss(copy, graph.Incidence, first, Math.Min(2, s_edges.Length - first)));
            float[] part = inner.TryGetGradient(copy, out Tensor gradient) ? gradient.ToArray() : new float[sum.Length];
            sum = [.. sum.Zip(part, (a, b) => a + b)];
        }
        outer.Backward(z, Tensor.From(sum, z.Shape));
        Assert.That(Gradient(outer, weight.Value), Is.EqualTo(whole).Within(1e-5));
    }

    [Test]
    public void ReconstructionLoss_EqualsOneMinusTheCosines_AndHidesTheMaskedFeatures()
    {
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(6, s_edges);
        using HypeBoy boy = new(4, 3, random: new RandomStream(1));
        boy.Eval();
        Tensor x = Ops.RandomNormal([6, 4], new RandomStream(2));
        Tensor masked = Tensor.From([0f, 1f, 0f, 0f, 1f, 0f]);
        Tensor column = Ops.Reshape(Ops.AddScalar(Ops.Neg(masked), 1), [6, 1]);

        float actual = boy.Reconstruction.Loss(boy.Encoder, x, graph, masked).ToScalar();

        HypeBoyEncoder decoder = (HypeBoyEncoder)boy.Reconstruction.Children[0].Layer;
        Tensor z = boy.Encoder.Forward(Ops.Multiply(x, column), graph);
        double[][] told = Rows(decoder.Forward(Ops.Multiply(z, column), graph));
        double expected = new[] { 1, 4 }.Average(v => 1 - Normalised(told[v]).Zip(Normalised(Rows(x)[v]), (a, b) => a * b).Sum());
        Assert.That(actual, Is.EqualTo(expected).Within(1e-5));
        Assert.That(boy.Reconstruction.Loss(boy.Encoder, x, graph, Tensor.Zeros([6])).ToScalar(), Is.Zero);
    }

    [Test]
    public void Forward_OfIsolatedNodesAndEmptyHyperedges_IsFinite()
    {
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(3, [[], [0, 1]]);
        using HypeBoyEncoder encoder = new(4, 3, random: new RandomStream(1));
        encoder.Eval();
        Assert.That(encoder.Forward(Ops.RandomNormal([3, 4], new RandomStream(2)), graph).ToArray(), Is.All.Matches<float>(float.IsFinite));
    }

    [Test]
    public void DropEdges_LosesTheShare_AndLeavesNoNodeAlone()
    {
        using Incidence incidence = Incidence.FromEdges(40, [.. Enumerable.Range(0, 20).Select(edge => new[] { edge, edge + 1 }), [39]]);
        using Incidence half = HypergraphAugmentation.DropEdges(incidence, 0.55f, new RandomStream(1));
        int[][] edges = [.. Enumerable.Range(0, half.EdgeCount).Select(edge => half.MembersOf(edge).ToArray())];

        Assert.That(edges.Count(edge => edge.Length == 2), Is.EqualTo(20 - 11));
        Assert.That(edges.Where(edge => edge.Length == 2), Is.All.Matches<int[]>(static edge => edge is [int first, int second] && second == first + 1), "members stay together");
        Assert.That(edges.Where(edge => edge.Length == 2).Select(edge => edge[0]), Is.Ordered);
        Assert.That(Enumerable.Range(0, 40).Select(node => half.EdgesOf(node).Length), Has.All.GreaterThan(0));
    }

    [Test]
    public void FeaturesAndNodes_AreTakenAtTheirRate()
    {
        using MemoryScope scope = new();
        float[] dropped = HypergraphAugmentation.DropFeatures(Tensor.Full([100, 50], 2), 0.4f, new RandomStream(1)).ToArray();
        Assert.That(dropped, Is.All.EqualTo(0f).Or.EqualTo(2f));
        Assert.That(dropped.Count(value => value == 0) / 5000.0, Is.EqualTo(0.4).Within(0.03));
        Assert.That(HypergraphAugmentation.ChooseNodes(11, 0.5f, new RandomStream(2)).ToArray().Sum(), Is.EqualTo(5));
        Assert.That(() => HypergraphAugmentation.ChooseNodes(11, 1.5f, new RandomStream(2)), Throws.ArgumentException.With.Message.Contains("[0, 1]"));
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(6, s_edges);
        using HypeBoy boy = new(4, 3, layers: 3, dropout: 0.25f, random: new RandomStream(1));
        boy.Eval();
        boy.Save(folder.File("boy.safetensors"));
        using HypeBoy again = Layer.Load<HypeBoy>(folder.File("boy.safetensors"));
        again.Eval();
        Tensor x = Ops.RandomNormal([6, 4], new RandomStream(2));

        Assert.That(again.ToString(), Is.EqualTo(boy.ToString()));
        Assert.That(again.Forward(x, graph).ToArray(), Is.EqualTo(boy.Forward(x, graph).ToArray()));
        Tensor z = boy.Forward(x, graph);
        Assert.That(again.Filling.Loss(z, graph.Incidence).ToScalar(), Is.EqualTo(boy.Filling.Loss(z, graph.Incidence).ToScalar()));
    }

    private static double[][] Rows(Tensor x) => [.. x.ToArray().Chunk(x.Shape[1]).Select(row => Array.ConvertAll(row, value => (double)value))];

    private static double[] Normalised(double[] row) => Array.ConvertAll(row, value => value / Math.Sqrt(row.Sum(v => v * v)));

    private static float[] Gradient(Tape tape, Tensor of) => tape.TryGetGradient(of, out Tensor gradient) ? gradient.ToArray() : [];
}
