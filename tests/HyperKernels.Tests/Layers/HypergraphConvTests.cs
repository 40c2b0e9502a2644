using HyperKernels.Layers;

namespace HyperKernels.Tests;

public sealed class HypergraphConvTests
{
    [Test]
    public void Parameters_HaveTheNamesOfTheReference()
    {
        using HypergraphConv layer = new(5, 3);

        Assert.That(layer.NamedParameters().Select(named => named.ToString()), Is.EqualTo(new[] { "theta.weight [3, 5]", "theta.bias [3]" }));
        Assert.That(layer.ToString(), Does.StartWith("HypergraphConv(5, 3)"));
    }

    [Test]
    public void Forward_NodeWithoutEdges_GetsZerosAndFiniteGradients()
    {
        using HypergraphConv layer = new(4, 3);
        using Hypergraph plain = Hypergraph.FromEdges(5, [[0, 1, 2], [], [2, 3]]);
        using Tape tape = new();
        Tensor weights = tape.Watch(Tensor.From([1f, 2, 3]));
        Tensor memberships = tape.Watch(Tensor.From([1f, 0.5f, 2, 1, 1]));
        Tensor x = tape.Watch(Tensor.Ones([5, 4]));
        using Hypergraph graph = new(plain.Incidence, weights, memberships);

        Tensor y = layer.Forward(x, graph);
        Tensor[] gradients = tape.Gradient(y, [x, weights, memberships]);

        Assert.That(y.ToArray().AsSpan(4 * 3).ToArray(), Is.EqualTo(new float[3]));
        foreach (Tensor gradient in gradients)
        {
            Assert.That(gradient.ToArray().All(float.IsFinite), Is.True);
            Assert.That(gradient.ToArray().Any(value => value != 0), Is.True);
        }
    }

    [Test]
    public void Gradient_OfMembershipAndEdgeWeights_MatchesDifferences()
    {
        using HypergraphConv layer = new(3, 2, random: new RandomStream(7));
        using Incidence incidence = Incidence.FromPairs(6, 4, [0, 1, 2, 2, 3, 4, 4, 0], [0, 0, 0, 1, 1, 1, 2, 2]);
        float[] edgeWeights = [1, 2, 0.5f, 3];
        float[] memberWeights = [1, 0.7f, 1.3f, 0.4f, 2, 1.1f, 0.9f, 0.6f];
        float[] features = [.. Enumerable.Range(0, 18).Select(i => MathF.Sin(1.7f * i))];
        float[] seed = [.. Enumerable.Range(0, 12).Select(i => MathF.Cos(0.9f * i))];

        using Tape tape = new();
        Tensor w = tape.Watch(Tensor.From(edgeWeights));
        Tensor h = tape.Watch(Tensor.From(memberWeights));
        Tensor y = layer.Forward(Tensor.From(features, [6, 3]), new Hypergraph(incidence, w, h));
        Tensor[] gradients = tape.Gradient(y, [w, h], Tensor.From(seed, [6, 2]));
        float[] edgeGradient = gradients[0].ToArray();
        float[] memberGradient = gradients[1].ToArray();

        Assert.That(edgeGradient, Is.EqualTo(Differences(edgeWeights, changed => Value(changed, memberWeights))).Within(2e-3));
        Assert.That(memberGradient, Is.EqualTo(Differences(memberWeights, changed => Value(edgeWeights, changed))).Within(2e-3));

        double Value(float[] edges, float[] members)
        {
            using MemoryScope scope = new();
            using Hypergraph graph = new(incidence, Tensor.From(edges), Tensor.From(members));
            float[] values = layer.Forward(Tensor.From(features, [6, 3]), graph).ToArray();
            return values.Zip(seed, (value, weight) => (double)value * weight).Sum();
        }
    }

    [Test]
    public void Forward_RepeatedInferenceInOneScope_AllocatesNothingOnTheManagedHeap()
    {
        using HypergraphConv layer = new(8, 8);
        using Hypergraph graph = Hypergraph.FromEdges(50, [[.. Enumerable.Range(0, 30)], [.. Enumerable.Range(20, 30)], [3, 4]]);
        using MemoryScope scope = new();
        Tensor x = Tensor.NewUnowned(Device.Cpu, [50, 8], ElementType.Float32);
        x.CopyFrom(new float[400]);
        for (int i = 0; i < 50; i++)
        {
            layer.Forward(x, graph);
            scope.Reset();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++)
        {
            layer.Forward(x, graph);
            scope.Reset();
        }
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        x.Dispose();

        Assert.That(allocated, Is.Zero);
    }

    private static double[] Differences(float[] at, Func<float[], double> function)
    {
        const float Step = 1e-2f;
        double[] result = new double[at.Length];
        for (int i = 0; i < at.Length; i++)
        {
            float[] moved = [.. at];
            moved[i] = at[i] + Step;
            double above = function(moved);
            moved[i] = at[i] - Step;
            result[i] = (above - function(moved)) / (2 * Step);
        }
        return result;
    }
}
