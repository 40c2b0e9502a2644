using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class HgnnPlusTests
{
    private static readonly int[] s_groups = [0, 1, 1, 0, 2];

    [Test]
    public void Forward_WithGroups_AveragesByTheirLearnedWeights()
    {
        using MemoryScope scope = new();
        using Hypergraph plain = GraphLoops.Awkward();
        using Hypergraph graph = plain.WithEdgeTypes(RowGroups.Of(s_groups, 3));
        using HgnnPlus network = new(3, 4, 2, groups: 3, dropout: 0, random: new RandomStream(1));
        float[] omega = [1f, -0.5f, 2f];
        network.NamedParameters().Single(named => named.Name == "groups.omega").Parameter.Load(omega);
        Tensor x = Ops.RandomNormal([6, 3], new RandomStream(2));

        double[] w = [.. s_groups.Select(group => 1 / (1 + Math.Exp(-omega[group])))];
        double[][] hidden = Smooth(GraphLoops.Linear(GraphLoops.Rows(x), network, "conv1.theta.weight", "conv1.theta.bias"), graph.Incidence, w);
        hidden = GraphLoops.Map(hidden, (value, _) => Math.Max(0, value));
        double[][] logits = Smooth(GraphLoops.Linear(hidden, network, "conv2.theta.weight", "conv2.theta.bias"), graph.Incidence, w);

        GraphLoops.AssertEqual(network.Forward(x, graph), logits);
        Assert.That(logits[5], Has.All.Zero, "a node without hyperedges");
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using Hypergraph plain = GraphLoops.Awkward();
        using Hypergraph graph = plain.WithEdgeTypes(RowGroups.Of(s_groups, 3));
        using HgnnPlus network = new(3, 4, 2, groups: 3, dropout: 0.25f, random: new RandomStream(1));
        network.NamedParameters().Single(named => named.Name == "groups.omega").Parameter.Load([1f, -0.5f, 2f]);
        Tensor x = Ops.RandomNormal([6, 3], new RandomStream(2));
        network.Eval();
        network.Save(folder.File("plus.safetensors"));

        using HgnnPlus again = Layer.Load<HgnnPlus>(folder.File("plus.safetensors"));

        Assert.That(again.ToString(), Is.EqualTo(network.ToString()), "settings, dropout too");
        Assert.That(again.Forward(x, graph).ToArray(), Is.EqualTo(network.Forward(x, graph).ToArray()));
    }

    [Test]
    public void Forward_TypesThatAreNoGroups_SaysWhatMustHold()
    {
        using MemoryScope scope = new();
        using Hypergraph graph = GraphLoops.Awkward();
        using HgnnPlus network = new(3, 4, 2, groups: 3);

        Assert.That(() => network.Forward(Tensor.Zeros([6, 3]), graph), Throws.ArgumentException.With.Message.StartWith(
            "EdgeGroupWeights: the hyperedges must be of 3 types; the graph has 0."));
        Assert.That(() => new EdgeGroupWeights(0), Throws.ArgumentException.With.Message.StartWith("EdgeGroupWeights: groups must be at least 1; got 0."));
    }

    private static double[][] Smooth(double[][] rows, Incidence incidence, double[] w)
    {
        double[][] ones = GraphLoops.Map(rows, (_, _) => 1);
        double[] size = [.. GraphLoops.ToEdges(ones, incidence, _ => 1).Select(row => row[0])];
        double[][] edges = GraphLoops.Map(GraphLoops.ToEdges(rows, incidence, _ => 1), (value, e) => GraphLoops.Over(value * w[e], size[e]));
        double[] degree = [.. GraphLoops.ToNodes([.. w.Select(value => new[] { value })], incidence, _ => 1).Select(row => row[0])];
        return GraphLoops.Map(GraphLoops.ToNodes(edges, incidence, _ => 1), (value, v) => GraphLoops.Over(value, degree[v]));
    }
}
