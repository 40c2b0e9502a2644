using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class ContextExpertsTests
{
    private const int Data = 2;
    private const int Context = 3;

    public enum Learner
    {
        Coda,
        Geps,
        Flow,
    }

    [Test]
    public void Systems_TogetherEqualEachByItself_ForStepsAndTrajectories([Values] Learner learner, [Values] bool split)
    {
        using MemoryScope scope = new();
        using ContextExperts mixture = new([.. Enumerable.Range(1, 3).Select(seed => Expert(learner, seed))], split, random: new RandomStream(1));
        RandomStream random = new(2);
        Tensor context = Ops.RandomNormal([6, mixture.ContextFeatures], random, deviation: 2);
        Tensor y = Ops.RandomNormal([6, 4, Data], random);
        int[][] routes = mixture.Route(context);
        Assert.That(routes.SelectMany(systems => systems), Is.EquivalentTo(Enumerable.Range(0, 6)), "every system has one expert");
        Assert.That(routes.Count(systems => systems.Length > 0), Is.GreaterThan(1), "more than one is used");

        float[] together = mixture.Forward(y, context).ToArray();
        float[] followed = mixture.Trajectory(y, context, 0.1f, 3).ToArray();
        for (int e = 0; e < routes.Length; e++)
        {
            foreach (int n in routes[e])
            {
                (Tensor own, Tensor piece) = (Ops.Slice(y, 0, n, 1), mixture.PieceOf(Ops.Slice(context, 0, n, 1), e));
                float[] expected = mixture.Experts[e].Forward(own, piece).ToArray();
                Assert.That(together[(n * 4 * Data)..((n + 1) * 4 * Data)], Is.EqualTo(expected).Within(1e-4), $"system {n} by expert {e}");
                // Weights that are generated once for a trajectory are those of every step.
                int expert = e;
                Tensor path = RungeKutta.Solve(states => mixture.Experts[expert].Forward(states, piece), own, 0.1f, 3);
                Assert.That(followed[(n * 12 * Data)..((n + 1) * 12 * Data)], Is.EqualTo(path.ToArray()).Within(1e-3), $"path of system {n} by expert {e}");
            }
        }
        using ContextExperts copy = mixture.Copy();
        Assert.That(copy.Forward(y, context).ToArray(), Is.EqualTo(together).Within(1e-6));
    }

    [Test]
    public void Flow_ReadsStateAndContextSideBySide()
    {
        using MemoryScope scope = new();
        using NeuralContextFlow flow = new(Data, Context, 8, 4, depth: 2, activation: Activation.Tanh, shift: true, random: new RandomStream(1));
        Dictionary<string, Parameter> named = flow.NamedParameters().ToDictionary(p => p.Name, p => p.Parameter);
        named["ctx_shift"].Load([0.7f]);
        Tensor Linear(string name, Tensor x) => Ops.Linear(x, named[name + ".weight"], named[name + ".bias"].Value);
        RandomStream random = new(2);
        (Tensor y, Tensor c) = (Ops.RandomNormal([3, Data], random), Ops.RandomNormal([3, Context], random));
        Tensor told = Linear("context.2", Ops.Tanh(Linear("context.0", Ops.AddScalar(c, 0.7f))));
        Tensor data = Linear("data.2", Ops.Tanh(Linear("data.0", y)));
        Tensor hidden = Ops.Tanh(Linear("joint", Ops.Concatenate(1, data, told)));
        Tensor expected = Linear("main.3", Ops.Tanh(Linear("main.1", hidden)));
        Assert.That(flow.Forward(y, c).ToArray(), Is.EqualTo(expected.ToArray()).Within(1e-5));
        Assert.That(named["data.0.weight"].Shape[0], Is.EqualTo(2), "half way from 2 to 4, in even numbers");
    }

    [Test]
    public void Plrnn_IsDrawnTowardsWhatItReads()
    {
        using MemoryScope scope = new();
        using ShallowPlrnn network = new(Data, 3, leastForcing: 0, new RandomStream(1));
        Dictionary<string, double[]> values = network.NamedParameters().ToDictionary(p => p.Name, p => Array.ConvertAll(p.Parameter.OwnValue.ToArray(), value => (double)value));
        Tensor x = Ops.RandomNormal([1, 4, Data], new RandomStream(2));
        float[] seen = x.ToArray();
        double[] z = new double[Data];
        List<double> expected = [];
        for (int t = 0; t < 4; t++)
        {
            double[] current = [.. z.Select((value, k) => (0.1 * value) + (0.9 * seen[(t * Data) + k]))];
            double[] hidden = [.. Enumerable.Range(0, 3).Select(l => Math.Max(0, values["h2"][l] + current.Select((value, k) => value * values["W2"][(l * Data) + k]).Sum()))];
            z = [.. Enumerable.Range(0, Data).Select(m => values["h1"][m] + current.Select((value, k) => value * values["A"][(m * Data) + k]).Sum()
                + hidden.Select((value, l) => value * values["W1"][(m * 3) + l]).Sum())];
            expected.AddRange(z);
        }
        Assert.That(network.Forward(x).ToArray(), Is.EqualTo(expected).Within(1e-5));

        // Its own states alone: what is read has no share at alpha 1.
        using ShallowPlrnn free = new(Data, 3, leastForcing: 1, new RandomStream(1));
        Tensor start = Tensor.Zeros([1, Data]);
        Assert.That(free.Forward(x).ToArray(), Is.EqualTo(free.Iterate(start, 4).ToArray()).Within(1e-6));
    }

    [Test]
    public void HierarchicalPlrnn_OfSeveralSubjects_EqualsEachByItself()
    {
        using MemoryScope scope = new();
        using GeneratedExpert expert = GeneratedExpert.HierarchicalPlrnn(Data, Context, 4, leastForcing: -10, random: new RandomStream(1));
        RandomStream random = new(2);
        (Tensor x, Tensor context) = (Ops.RandomNormal([3, 5, Data], random), Ops.RandomNormal([3, Context], random));
        float[] together = [.. expert.Forward(x, context).ToArray(), .. expert.Trajectory(Ops.Reshape(Ops.Slice(x, 1, 0, 1), 3, Data), context, 1, 2).ToArray()];
        float[] apart = [.. Each(n => expert.Forward(Ops.Slice(x, 0, n, 1), Ops.Slice(context, 0, n, 1))),
            .. Each(n => expert.Trajectory(Ops.Reshape(Ops.Slice(Ops.Slice(x, 0, n, 1), 1, 0, 1), 1, Data), Ops.Slice(context, 0, n, 1), 1, 2))];
        Assert.That(together, Is.EqualTo(apart).Within(1e-4 * apart.Max(MathF.Abs)));
        Assert.That(expert.Network.Emission.HasBase, Is.False, "all weights are of the context");
    }

    [Test]
    public void RefitGate_SendsClustersToTheExpertsThatServeThem_OrLeavesTheGate()
    {
        using MemoryScope scope = new();
        using ContextExperts mixture = new(ContextExperts.Copies(Expert(Learner.Geps, 1), 3), random: new RandomStream(3));
        int[] clusterOf = [0, 0, 0, 1, 1, 1, 2, 2, 2];
        float[] noise = new float[27];
        new RandomStream(4).FillNormal(noise);
        Tensor context = Tensor.From([.. noise.Select((value, i) => (0.1f * value) + (i % 3 == clusterOf[i / 3] ? 2 : 0))], [9, Context]);
        // Clusters 0 and 1 both like expert 2 best; one outlier in cluster 0 would make a mean choose expert 1.
        float[][] rows = [[3, 2, 1], [3, 2, 1], [3, 2, 90], [2, 3, 1], [2, 3, 1], [2, 3, 1], [1, 2, 3], [1, 2, 3], [1, 2, 3]];
        Tensor losses = Tensor.From([.. rows.SelectMany(row => row)], [9, 3]);
        double[][] centroids = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];

        GateFit fit = mixture.RefitGate(context, losses, centroids, random: new RandomStream(5))!;
        Assert.That(fit.Assignment, Is.EqualTo(clusterOf));
        Assert.That(fit.Chosen, Is.EqualTo([2, 0, 1]), "clusters in order take what is left");
        Assert.That(mixture.Route(context), Is.EqualTo(new[] { new[] { 3, 4, 5 }, [6, 7, 8], [0, 1, 2] }));

        float[] gate = mixture.Gate.OwnValue.ToArray();
        Assert.That(mixture.RefitGate(context, losses, [[1, 0, 0], [0, 1, 0], [99, 99, 99]]), Is.Null, "a cluster is empty");
        Assert.That(mixture.Gate.OwnValue.ToArray(), Is.EqualTo(gate));
        Assert.That(() => mixture.RefitGate(context, Tensor.Zeros([9, 2])), Throws.ArgumentException.With.Message.Contains("[N, 3]"));
    }

    [Test]
    public void Gradients_ReachContextsAndChosenExperts_NotTheGate()
    {
        using MemoryScope scope = new();
        using ContextExperts mixture = new(ContextExperts.Copies(Expert(Learner.Coda, 1), 2), split: true, random: new RandomStream(3));
        RandomStream random = new(2);
        Tensor context = Ops.RandomNormal([1, 2 * Context], random);
        int chosen = mixture.Route(context)[0].Length == 1 ? 0 : 1;
        using Tape tape = new();
        tape.Watch(context);
        Tensor loss = Ops.Add(Ops.Sum(mixture.Trajectory(Ops.RandomNormal([1, Data], random), context, 0.1f, 2)), Ops.Sum(Ops.Square(mixture.Gates(context))));
        float[] ofContext = tape.Gradient(loss, context).ToArray();
        Assert.That(ofContext[(chosen * Context)..((chosen + 1) * Context)], Has.None.EqualTo(0));
        Assert.That(ofContext[((1 - chosen) * Context)..((2 - chosen) * Context)], Has.All.EqualTo(0));
        Assert.That(mixture.Gate.RequiresGradient, Is.False);
    }

    private static IEnumerable<float> Each(Func<int, Tensor> run) => Enumerable.Range(0, 3).SelectMany(n => run(n).ToArray());

    private static ContextExpert Expert(Learner learner, int seed)
    {
        RandomStream random = new((ulong)seed);
        return learner switch
        {
            Learner.Coda => GeneratedExpert.Coda(Data, Context, 4, shift: true, random: random),
            Learner.Geps => GeneratedExpert.Geps(Data, Context, 4, activation: Activation.Relu, random: random),
            _ => new NeuralContextFlow(Data, Context, 6, random: random),
        };
    }
}
