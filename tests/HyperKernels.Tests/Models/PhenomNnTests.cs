using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class PhenomNnTests
{
    private const int Nodes = 5;
    private const int Features = 3;

    // A repeated member, an empty hyperedge, and a node in none.
    private static readonly int[][] s_edges = [[0, 1, 2], [2, 3, 3], [], [1]];

    [TestCase(false)]
    [TestCase(true)]
    public void Steps_AreThoseOfWrittenOutExpansions_WithWeights(bool full)
    {
        using MemoryScope scope = new();
        using Hypergraph structure = Hypergraph.FromEdges(Nodes, s_edges);
        (float[] edgeWeights, float[] pairWeights) = ([2, 0.5f, 3, 1.5f], [1, 2, 0.5f, 1, 3, 0.25f, 2]);
        Hypergraph graph = structure.WithEdgeWeights(Tensor.From(edgeWeights)).WithMembershipWeights(Tensor.From(pairWeights));
        using PhenomConv conv = new(Features, new PhenomOptions { Lambda0 = 0.5f, Lambda1 = 2, Alpha = 0.25f, Steps = 2, Compatibility = full }, new RandomStream(1));
        SetLoops.Randomise(conv);
        Tensor x = Ops.RandomNormal([Nodes, Features], new RandomStream(2));

        double[][] h = Incidence(pairWeights);
        double[][] clique = Normalised((u, v) => edgeWeights.Select((w, e) => w * h[u][e] * h[v][e]).Sum());
        double[][] star = Normalised((u, v) => edgeWeights.Select((w, e) => w * h[u][e] * h[v][e] / Math.Max(1e-9, h.Sum(row => row[e]))).Sum());
        double[][] first = SetLoops.Rows(x);
        double[][] expected = first;
        for (int step = 0; step < 2; step++)
        {
            double[][] drift = full ? FullDrift(conv, expected, clique, star) : Plus(Scaled(Times(clique, expected), 0.5), Scaled(Times(star, expected), 2));
            expected = [.. expected.Select((row, v) => SetLoops.Add(
                row, SetLoops.Add(first[v], drift[v]), 0.75, 0.25 / ((0.5 * clique[v].Sum()) + (2 * star[v].Sum()) + 1)))];
        }
        SetLoops.AreEqual(conv.Forward(x, graph), expected);
    }

    [TestCase(false, 1f, 10f, 10f)]
    [TestCase(false, 0.05f, 0f, 100f)]
    [TestCase(false, 0f, 1f, 0f)]
    [TestCase(true, 0.1f, 10f, 10f)]
    [TestCase(true, 0f, 1f, 1f)]
    public void Energy_FallsAtEveryStep(bool full, float alpha, float lambda0, float lambda1)
    {
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(Nodes, s_edges);
        PhenomOptions options = new() { Lambda0 = lambda0, Lambda1 = lambda1, Alpha = alpha, Compatibility = full };
        using PhenomConv conv = new(Features, options, new RandomStream(1));
        Tensor x = Ops.RandomNormal([Nodes, Features], new RandomStream(2));

        IReadOnlyList<Tensor> passed = conv.Trajectory(x, graph);
        float[] energies = [.. passed.Select(y => conv.Energy(y, x, graph).ToArray()[0])];

        Assert.That(energies, Has.Length.EqualTo(17));
        Assert.That(energies[1], Is.LessThan(energies[0] - 1e-3f));
        for (int step = 1; step < energies.Length; step++)
        {
            Assert.That(energies[step], Is.LessThanOrEqualTo(energies[step - 1] + (1e-6f * energies[0])), $"step {step}");
        }
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Step_GoesAlongTheEnergysGradient(bool full)
    {
        using Tape tape = new();
        using Hypergraph graph = Hypergraph.FromEdges(Nodes, s_edges);
        PhenomOptions options = new() { Lambda0 = 0.5f, Lambda1 = 2, Alpha = 0.25f, Steps = 1, Compatibility = full };
        using PhenomConv conv = new(Features, options, new RandomStream(1));
        SetLoops.Randomise(conv);
        Tensor x = Ops.RandomNormal([Nodes, Features], new RandomStream(2));
        Tensor y = Ops.MultiplyScalar(x, 1);
        tape.Watch(y);

        double[][] gradient = SetLoops.Rows(tape.Gradient(conv.Energy(y, x, graph), y));
        double[][] moved = SetLoops.Rows(Ops.Subtract(x, conv.Forward(x, graph)));
        double[][] h = Incidence([1, 1, 1, 1, 1, 1, 1]);
        double[][] clique = Normalised((u, v) => h[u].Zip(h[v], (a, b) => a * b).Sum());
        double[][] star = Normalised((u, v) => h[u].Select((a, e) => a * h[v][e] / Math.Max(1, s_edges[e].Length)).Sum());
        for (int v = 0; v < Nodes; v++)
        {
            double pull = (0.5 * clique[v].Sum()) + (2 * star[v].Sum()) + 1;
            Assert.That(moved[v], Is.EqualTo(gradient[v].Select(value => 0.25 * value / pull)).Within(1e-5));
        }
    }

    [Test]
    public void Compatibility_BeginsNearTheIdentity()
    {
        using PhenomConv conv = new(100, new PhenomOptions { Compatibility = true }, new RandomStream(1));
        foreach (NamedParameter named in conv.NamedParameters())
        {
            double[] noise = [.. named.Parameter.Value.ToArray().Select((value, i) => (double)value - (i % 101 == 0 ? 1 : 0))];
            Assert.That(noise.Average(), Is.Zero.Within(1e-3), named.Name);
            Assert.That(Math.Sqrt(noise.Average(value => value * value)), Is.EqualTo(0.01).Within(5e-4), named.Name);
        }
        Assert.That(conv.NamedParameters().Select(named => named.Name), Is.EqualTo(new[] { "beta", "gamma1" }));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Load_AfterSave_GivesTheSameAnswers(bool full)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(Nodes, s_edges);
        PhenomOptions options = new() { Lambda0 = 0.5f, Lambda1 = 2, Alpha = 0.25f, Steps = 3, Compatibility = full, Dropout = 0.25f };
        using PhenomNn network = new(Features, 4, 2, options, new RandomStream(1));
        network.Save(folder.File("phenom.safetensors"));

        using PhenomNn again = Layer.Load<PhenomNn>(folder.File("phenom.safetensors"));

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
        using PhenomConv conv = new(Features);
        Assert.That(() => conv.Forward(Tensor.Ones([Nodes, 4]), graph), Throws.ArgumentException.With.Message.Contains("nodes must be [5, 3]"));
        Assert.That(() => new PhenomConv(3, new PhenomOptions { Lambda0 = -1 }), Throws.ArgumentException.With.Message.Contains("not negative"));
    }

    private static double[][] FullDrift(PhenomConv conv, double[][] y, double[][] clique, double[][] star)
    {
        double[][] b = Square(new SetLoops(conv).Values("beta"));
        double[][] c = Square(new SetLoops(conv).Values("gamma1"));
        double[][] ofClique = Plus(Times(Times(clique, y), Plus(b, Transposed(b))), Scaled(Times(Degrees(clique), Times(y, Times(b, Transposed(b)))), -1));
        double[][] around = Times(star, y);
        double[][] ofStar = Plus(
            Plus(Times(Degrees(star), y), Scaled(around, -1)),
            Plus(Times(around, Plus(c, Transposed(c))), Scaled(Times(Degrees(star), Times(y, Times(c, Transposed(c)))), -1)));
        return Plus(Scaled(ofClique, 0.5), Scaled(ofStar, 2));
    }

    private static double[][] Incidence(float[] weights)
    {
        double[][] h = [.. Enumerable.Range(0, Nodes).Select(_ => new double[s_edges.Length])];
        int pair = 0;
        for (int e = 0; e < s_edges.Length; e++)
        {
            foreach (int member in s_edges[e])
            {
                h[member][e] += weights[pair++];
            }
        }
        return h;
    }

    /// <summary>The matrix with the identity added, over the roots of its row sums.</summary>
    private static double[][] Normalised(Func<int, int, double> entry)
    {
        double[][] a = [.. Enumerable.Range(0, Nodes).Select(u => Enumerable.Range(0, Nodes).Select(v => entry(u, v) + (u == v ? 1 : 0)).ToArray())];
        double[] sums = [.. a.Select(row => row.Sum())];
        return [.. a.Select((row, u) => row.Select((value, v) => value / Math.Sqrt(sums[u] * sums[v])).ToArray())];
    }

    private static double[][] Degrees(double[][] a) => [.. a.Select((row, u) => row.Select((_, v) => u == v ? row.Sum() : 0).ToArray())];

    private static double[][] Square(double[] values) => [.. values.Chunk(Features)];

    private static double[][] Transposed(double[][] a) => [.. a[0].Select((_, column) => a.Select(row => row[column]).ToArray())];

    private static double[][] Times(double[][] a, double[][] b) =>
        [.. a.Select(row => b[0].Select((_, column) => row.Select((value, k) => value * b[k][column]).Sum()).ToArray())];

    private static double[][] Plus(double[][] a, double[][] b) => [.. a.Select((row, i) => SetLoops.Add(row, b[i]))];

    private static double[][] Scaled(double[][] a, double factor) => [.. a.Select(row => row.Select(value => value * factor).ToArray())];
}
