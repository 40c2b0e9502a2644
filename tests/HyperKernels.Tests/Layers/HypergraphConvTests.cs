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
}
