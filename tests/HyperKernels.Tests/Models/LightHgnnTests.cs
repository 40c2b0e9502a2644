using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class LightHgnnTests
{
    private static readonly int[][] s_edges = [[0, 1, 2], [], [2, 3, 3], [4]];

    // The temperature divides the means' distributions, as in the authors' code; the empty hyperedge counts in the number of those that are kept.
    [TestCase(DivergenceForm.KullbackLeibler, 1f)]
    [TestCase(DivergenceForm.KullbackLeibler, 2f)]
    [TestCase(DivergenceForm.Released, 2f)]
    public void HighOrder_EqualsPlainLoops(DivergenceForm form, float temperature)
    {
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(6, s_edges);
        (Tensor student, Tensor teacher) = (Ops.RandomNormal([6, 3], new RandomStream(1)), Ops.RandomNormal([6, 3], new RandomStream(2)));
        LightHgnnLoss loss = new(temperature: temperature, divergence: form);

        float actual = loss.HighOrder(student, teacher, graph, Tensor.From([1f, 1f, 1f, 0f])).ToScalar();

        (double[][] s, double[][] t) = (Distributions(student), Distributions(teacher));
        double expected = 0;
        foreach (int[] members in new[] { s_edges[0], s_edges[2] })
        {
            for (int c = 0; c < 3; c++)
            {
                (double ps, double pt) = (members.Average(v => s[v][c]) / temperature, members.Average(v => t[v][c]) / temperature);
                expected += form == DivergenceForm.Released ? Math.Exp(pt) * (pt - Math.Log(ps)) : pt * Math.Log(pt / ps);
            }
        }
        Assert.That(actual, Is.EqualTo(expected / 3).Within(1e-5));
    }

    [Test]
    public void Loss_WithoutAHypergraph_OrWithoutKeptHyperedges_IsThatOfNodes()
    {
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(6, s_edges);
        (Tensor student, Tensor teacher) = (Ops.RandomNormal([6, 3], new RandomStream(1)), Ops.RandomNormal([6, 3], new RandomStream(2)));
        (Tensor nodes, Tensor labels) = (Tensor.From([0, 3]), Tensor.From([2, 1]));
        LightHgnnLoss loss = new(labelWeight: 0.25f);

        float plain = loss.Loss(student, teacher, nodes, labels).ToScalar();
        float none = loss.Loss(student, teacher, nodes, labels, graph, Tensor.Zeros([4])).ToScalar();

        float supervised = Ops.CrossEntropy(Ops.GatherRows(student, nodes), labels).ToScalar();
        Assert.That(plain, Is.EqualTo((0.25f * supervised) + (0.75f * loss.SoftTarget(student, teacher).ToScalar())).Within(1e-6));
        Assert.That(none, Is.EqualTo(plain));
    }

    [Test]
    public void KeepProbability_AndSample_FollowTheChange()
    {
        using MemoryScope scope = new();
        float[] keep = EdgeReliability.KeepProbability(Tensor.From([0f, 0.5f, 0.25f])).ToArray();
        Assert.That(keep, Is.EqualTo(new[] { 1f, 0f, 0.5f }));
        Assert.That(EdgeReliability.KeepProbability(Tensor.Zeros([2])).ToArray(), Is.All.EqualTo(1f), "nothing changes: all are kept");

        float[] sample = EdgeReliability.Sample(Tensor.Full([4000], 0.3f), new RandomStream(3)).ToArray();
        Assert.That(sample, Is.All.EqualTo(0f).Or.EqualTo(1f));
        Assert.That(sample.Average(), Is.EqualTo(0.3).Within(0.03));
        Assert.That(EdgeReliability.Sample(Tensor.From([1f, 0f]), new RandomStream(4)).ToArray(), Is.EqualTo(new[] { 1f, 0f }));
    }

    [Test]
    public void Entropy_OfEvenLogits_IsTheLogarithmOfTheClasses_AndZeroWithoutMembers()
    {
        using MemoryScope scope = new();
        using Incidence incidence = Incidence.FromEdges(6, s_edges);
        float[] entropy = EdgeReliability.Entropy(Tensor.Zeros([6, 3]), incidence).ToArray();
        Assert.That(entropy, Is.EqualTo(new[] { MathF.Log(3), 0, MathF.Log(3), MathF.Log(3) }).Within(1e-6));
    }

    [Test]
    public void TopologyScore_CountsEveryHyperedge_AndHasNoGradientWhereMembersAreAlike()
    {
        using Tape tape = new();
        using Incidence incidence = Incidence.FromEdges(6, s_edges);
        Tensor x = tape.Watch(Tensor.From([0f, 0f, 3f, 9f, 9f, 5f], [6, 1]));

        Tensor score = TopologyScore.Compute(x, incidence);
        tape.Backward(score);

        // [0, 1, 2]: mean 1, distances 1, 1, 2. [2, 3, 3]: mean 7, distances 4, 2, 2. The empty one and that of one member: 0.
        Assert.That(score.ToScalar(), Is.EqualTo(((4.0 / 3) + (8.0 / 3)) / 4).Within(1e-6));
        Assert.That(Gradient(tape, x)[4], Is.Zero);
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using LightHgnn student = new(3, 8, 2, dropout: 0.25f, random: new RandomStream(1));
        student.Eval();
        student.Save(folder.File("student.safetensors"));
        using LightHgnn again = Layer.Load<LightHgnn>(folder.File("student.safetensors"));
        Tensor x = Ops.RandomNormal([5, 3], new RandomStream(2));

        Assert.That(again.ToString(), Is.EqualTo(student.ToString()));
        Assert.That(again.Forward(x).ToArray(), Is.EqualTo(student.Forward(x).ToArray()));
    }

    [Test]
    public void Arguments_OutOfRange_AreNamed()
    {
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(6, s_edges);
        Tensor logits = Tensor.Zeros([6, 3]);
        Assert.Multiple(() =>
        {
            Assert.That(() => new LightHgnnLoss(labelWeight: 1.5f), Throws.ArgumentException.With.Message.Contains("[0, 1]"));
            Assert.That(() => new LightHgnnLoss(temperature: 0), Throws.ArgumentException.With.Message.Contains("positive"));
            Assert.That(() => new LightHgnnLoss().SoftTarget(logits, Tensor.Zeros([6, 2])), Throws.ArgumentException.With.Message.Contains("[6, 2]"));
            Assert.That(
                () => new LightHgnnLoss().HighOrder(logits, logits, graph, Tensor.Zeros([3])), Throws.ArgumentException.With.Message.Contains("one per hyperedge"));
        });
    }

    private static double[][] Distributions(Tensor logits)
    {
        float[] values = Ops.Softmax(logits).ToArray();
        return [.. values.Chunk(logits.Shape[1]).Select(row => Array.ConvertAll(row, value => (double)value))];
    }

    private static float[] Gradient(Tape tape, Tensor of) => tape.TryGetGradient(of, out Tensor gradient) ? gradient.ToArray() : [];
}
