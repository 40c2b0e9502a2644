using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Gpu;

public sealed class CapturedStepTests
{
    private const int Batch = 16;
    private const int Steps = 6;

    [Test]
    public void Run_OfATrainingStep_ChangesParametersLikeTheStepItself()
    {
        Device device = Gpus.OpenCL;
        Assert.That(Train(device, captured: true), Is.EqualTo(Train(device, captured: false)));
    }

    [Test]
    public void Run_WithOtherWorkBetween_KeepsItsOutputs()
    {
        Device device = Gpus.OpenCL;
        using MemoryScope scope = device.Scope();
        Tensor x = Tensor.From([1f, 2f, 3f], [3], device);
        Tensor y = default;
        using CapturedStep step = device.Capture(() => y = Ops.Multiply(Ops.Add(x, x), x));
        x.CopyFrom([2f, 3f, 4f]);
        for (int i = 0; i < 20; i++)
        {
            // Would take the step's intermediate if its memory were anybody's.
            Ops.Add(x, Tensor.From([100f, 100f, 100f], [3], device));
        }
        step.Run();
        Assert.That(y.ToArray(), Is.EqualTo(new float[] { 8, 18, 32 }));
    }

    [Test]
    public void Run_AllocatesNoMemory()
    {
        Device device = Gpus.OpenCL;
        using MemoryScope scope = device.Scope();
        Tensor x = Tensor.From(new float[64], [64], device);
        using CapturedStep step = device.Capture(() => Ops.Add(Ops.Add(x, x), x));
        step.Run();
        long system = device.Memory.SystemAllocations;
        // The least of several: the runtime may do work of its own on this thread.
        long least = Enumerable.Range(0, 5).Min(_ =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            step.Run();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });
        Assert.Multiple(() =>
        {
            Assert.That(least, Is.Zero);
            Assert.That(device.Memory.SystemAllocations, Is.EqualTo(system));
        });
    }

    [Test]
    public void Dispose_GivesTheMemoryBack()
    {
        Device device = Gpus.OpenCL;
        using MemoryScope scope = device.Scope();
        // A size of its own: nobody else's buffer fits.
        Tensor x = Tensor.From(new float[987_654], [987_654], device);
        CapturedStep step = device.Capture(() =>
        {
            using MemoryScope inner = device.Scope();
            Ops.Add(x, x);
        });
        long before = device.Memory.SystemAllocations;
        step.Dispose();
        Ops.Add(x, x);
        Assert.That(device.Memory.SystemAllocations, Is.EqualTo(before));
        Assert.That(step.Run, Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void Capture_OfTheFirstUseOfAGraph_KeepsWhatTheGraphMakes()
    {
        Device device = Gpus.OpenCL;
        using MemoryScope scope = device.Scope();
        float[] first = Draw(new Random(1), 6 * 3);
        float[] second = Draw(new Random(2), 6 * 3);
        Tensor x = Tensor.From(first, [6, 3]);
        using HypergraphConv layer = new(3, 2);
        using Hypergraph graph = Hypergraph.FromEdges(6, [[0, 1, 2], [2, 3], [3, 4, 5]]);
        Tensor convolved = default;
        Tensor mean = default;
        // Memory that the step uses over and over: nothing that the graph keeps may stand on it.
        using CapturedStep step = device.Capture(() =>
        {
            for (int i = 0; i < 3; i++)
            {
                using MemoryScope inner = device.Scope();
                Ops.Add(x, x);
            }
            convolved = layer.Forward(x, graph);
            mean = Ops.SegmentMean(Ops.NodesToMemberships(x, graph.Incidence), graph.Incidence, Toward.Edges);
        });
        Assert.That(convolved.ToArray(), Is.EqualTo(layer.Forward(x, graph).ToArray()));
        x.CopyFrom(second);
        step.Run();
        step.Run();
        Assert.That(convolved.ToArray(), Is.EqualTo(layer.Forward(x, graph).ToArray()));
        Assert.That(mean.ToArray(), Is.EqualTo(Ops.SegmentMean(Ops.NodesToMemberships(x, graph.Incidence), graph.Incidence, Toward.Edges).ToArray()));
        using Hypergraph other = Hypergraph.FromEdges(6, [[0, 1, 2], [2, 3], [3, 4, 5]]);
        Assert.That(convolved.ToArray(), Is.EqualTo(layer.Forward(x, other).ToArray()), "the scales kept are those of a graph that was never captured");
    }

    [Test]
    public void Capture_OfWhatCannotBeRepeated_SaysWhatToDo()
    {
        Device device = Gpus.OpenCL;
        using MemoryScope scope = device.Scope();
        Tensor x = Tensor.From([1f], [1], device);
        Assert.Multiple(() =>
        {
            Assert.That(() => device.Capture(() => Tensor.From([1f], [1], device)), Throws.InvalidOperationException.With.Message.Contains("CopyFrom"));
            Assert.That(() => device.Capture(() => x.ToArray()), Throws.InvalidOperationException.With.Message.Contains("read it after a run"));
            Assert.That(() => device.Capture(() => Ops.Dropout(x, 0.5f, new RandomStream(1))), Throws.InvalidOperationException.With.Message.Contains("random"));
            Assert.That(() => Device.Cpu.Capture(() => { }), Throws.InvalidOperationException.With.Message.Contains("call the step itself"));
        });
        // A capture that failed leaves the device as it was.
        Assert.That(Ops.Add(x, x).ToArray(), Is.EqualTo(new[] { 2f }));
    }

    private static float[] Train(Device device, bool captured)
    {
        using DeviceUse use = Device.Use(device);
        using MemoryScope scope = device.Scope();
        Random random = new(5);
        using Mlp net = new([8, 16, 3]);
        foreach (Parameter parameter in net.Parameters)
        {
            parameter.Value.CopyFrom(Draw(random, (int)parameter.Value.Count));
        }
        using Adam adam = new(net.Parameters, 1e-2f);
        Tensor x = Tensor.From(new float[Batch * 8], [Batch, 8], device);
        Tensor target = Tensor.From(Draw(random, Batch * 3), [Batch, 3], device);
        void Step()
        {
            using Tape tape = new();
            Tensor error = Ops.Subtract(net.Forward(x), target);
            tape.Backward(Ops.Sum(Ops.Multiply(error, error)));
            adam.Step(tape);
        }
        CapturedStep? step = null;
        for (int i = 0; i < Steps; i++)
        {
            x.CopyFrom(Draw(random, Batch * 8));
            // Taken up anew at every step, as a schedule does.
            adam.RateFactor = 1f / (1 + i);
            if (!captured)
            {
                Step();
            }
            else if (step is null)
            {
                step = device.Capture(Step);
            }
            else
            {
                step.Run();
            }
        }
        step?.Dispose();
        return [.. net.Parameters.SelectMany(parameter => parameter.Value.ToArray())];
    }

    private static float[] Draw(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 2) - 1))];
}
