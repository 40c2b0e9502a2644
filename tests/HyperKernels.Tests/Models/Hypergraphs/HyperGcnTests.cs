using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class HyperGcnTests
{
    // Member 2 twice, no member, one member, equal projections (nodes 4 and 5), and two hyperedges that link the same pair.
    private static readonly int[][] s_edges = [[0, 1, 2, 3], [2, 2, 1], [], [3], [4, 5], [0, 3], [3, 0, 1]];
    private static readonly float[] s_weights = [1, 2, 1, 5, 3, 0.5f, 1];
    private static readonly float[] s_signal = [0.1f, 0.4f, -0.3f, 0.9f, 0.7f, 0.7f, 0.2f];

    [Test]
    public void Laplacian_IsTheNormalisedSumOfLinks([Values] bool mediators)
    {
        using MemoryScope scope = new();
        using Hypergraph plain = Hypergraph.FromEdges(7, s_edges);
        using Hypergraph graph = plain.WithEdgeWeights(Tensor.From(s_weights));
        using HyperGcnLaplacian laplacian = HyperGcnLaplacian.Of(Tensor.From(s_signal, [7, 1]), Tensor.From([2f]), graph, mediators);

        double[,] a = Adjacency(mediators);
        double[] degree = [.. Enumerable.Range(0, 7).Select(v => Enumerable.Range(0, 7).Sum(u => a[v, u]))];
        double[][] expected = [.. Enumerable.Range(0, 7).Select(v => Enumerable.Range(0, 7).Select(u => a[v, u] / Math.Sqrt(degree[v] * degree[u])).ToArray())];

        GraphLoops.AssertEqual(laplacian.Apply(Ops.OneHot(Tensor.From([0, 1, 2, 3, 4, 5, 6]), 7)), expected, 1e-6);
        Assert.That(expected[6][6], Is.EqualTo(1), "a node without links keeps its row");
        Assert.That(laplacian.EntryCount, Is.EqualTo(7 + (2 * (mediators ? 5 + 1 + 1 + 3 : 4))));
    }

    [Test]
    public void Forward_WithoutAGraph_ProjectsWhatItSmoothsOnAnotherDirectionEachTime()
    {
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(40, [.. Enumerable.Range(0, 10).Select(e => Enumerable.Range(3 * e, 10).ToArray())]);
        using HyperGcnConv layer = new(3, 4, random: new RandomStream(1));
        Tensor x = Ops.RandomNormal([40, 3], new RandomStream(2)), direction = Tensor.From([0.1f, 0.9f, 0.4f, 0.3f]);
        Tensor theta = GraphLoops.Value(layer, "theta.weight");
        using HyperGcnLaplacian laplacian = HyperGcnLaplacian.Of(Ops.Linear(x, theta), direction, graph);

        Assert.That(layer.Forward(x, graph, direction).ToArray(), Is.EqualTo(layer.Forward(x, laplacian).ToArray()));
        float[] first = layer.Forward(x, graph).ToArray(), second = layer.Forward(x, graph).ToArray();
        Assert.That(second, Is.Not.EqualTo(first));
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using Hypergraph graph = GraphLoops.Awkward();
        using HyperGcn network = new(4, 3, 2, mediators: false, dropout: 0.25f, new RandomStream(1));
        Tensor x = Ops.RandomNormal([6, 4], new RandomStream(2));
        using HyperGcnLaplacian laplacian = network.Laplacian(x, graph);
        network.Eval();
        network.Save(folder.File("gcn.safetensors"));

        using HyperGcn again = Layer.Load<HyperGcn>(folder.File("gcn.safetensors"));

        Assert.That(again.ToString(), Is.EqualTo(network.ToString()), "settings, dropout too");
        Assert.That(again.Forward(x, laplacian).ToArray(), Is.EqualTo(network.Forward(x, laplacian).ToArray()));
        Assert.That(laplacian.EntryCount, Is.EqualTo(6 + (2 * 3)), "no mediators: a link for each hyperedge of two nodes or more");
    }

    [Test]
    public void Laplacian_SignalThatDoesNotFit_SaysWhatMustHold()
    {
        using MemoryScope scope = new();
        using Hypergraph graph = GraphLoops.Awkward();

        Assert.That(() => HyperGcnLaplacian.Of(Tensor.Zeros([5, 3]), Tensor.Zeros([3]), graph), Throws.ArgumentException.With.Message.EqualTo(
            "HyperGcnLaplacian: the signal must be [6, F] and the projection [F]; got [5, 3] and [3]."));
    }

    private static double[,] Adjacency(bool mediators)
    {
        double[,] a = new double[7, 7];
        for (int v = 0; v < 7; v++)
        {
            a[v, v] = 1;
        }
        for (int e = 0; e < s_edges.Length; e++)
        {
            int[] members = s_edges[e];
            if (members.Length == 0 || members.Max(v => s_signal[v]) == members.Min(v => s_signal[v]))
            {
                continue;
            }
            (int high, int low) = (members.MaxBy(v => s_signal[v]), members.MinBy(v => s_signal[v]));
            double weight = s_weights[e] / (mediators ? (2 * members.Length) - 3 : members.Length);
            List<(int A, int B)> links = [(high, low)];
            links.AddRange(members.Where(v => mediators && v != high && v != low).SelectMany(v => new[] { (high, v), (low, v) }));
            foreach ((int p, int q) in links)
            {
                a[p, q] += weight;
                a[q, p] += weight;
            }
        }
        return a;
    }
}
