using HyperKernels.Backends.Cpu;
using HyperKernels.Gpu;
using HyperKernels.Layers;
using HyperKernels.Optim;
using HyperKernels.Tests.Gpu;

namespace HyperKernels.Tests;

/// <summary>Memory that runs out at any allocation of a training step or an inference: a typed error, nothing left behind, and what follows is right.</summary>
public sealed class AllocationFailureTests
{
    [TestCase("cpu")]
    [TestCase("opencl")]
    public void Step_WhereMemoryRunsOutAnywhere_FailsLeavesNothingAndTheNextIsRight(string name)
    {
        using Device device = name == "cpu" ? new Device(new CpuBackend(Device.Cpu.VectorWidth, 1)) : new Device(new GpuBackend(Gpus.OpenAnotherOpenCL()));
        using DeviceUse use = Device.Use(device);
        using Model model = new();
        using Model undisturbed = new();
        undisturbed.Step();

        Assert.That(FailEverywhere(device, model.Step), Is.GreaterThan(20), "places where a step runs out of memory");
        Assert.That(model.Weights(), Is.EqualTo(undisturbed.Weights()), "steps that failed changed nothing, and the one after them was right");
        Assert.That(FailEverywhere(device, model.Infer), Is.GreaterThan(5), "places where an inference does");
    }

    [Test]
    public void Limit_ThatIsPassed_NamesItAndTheLargestTensors()
    {
        using Device device = new(new CpuBackend(Device.Cpu.VectorWidth, 1));
        device.Memory.Limit = 1 << 20;
        using Tensor half = Tensor.Ones([1 << 17], device);
        Assert.That(() => Tensor.Ones([1 << 18], device), Throws.TypeOf<DeviceException>().With.Message.EqualTo(
            "cpu: out of memory: asked for 1,048,576 bytes; 524,288 live in 1 tensors (the largest: [131072] of 524,288 bytes), 0 pooled, peak 524,288, limit 1,048,576."));
        device.Memory.Limit = null;
        using Tensor whole = Tensor.Ones([1 << 18], device);
        Assert.That(whole.Count, Is.EqualTo(1 << 18));
    }

    // A little more memory each time, until it is enough. The number of attempts that failed.
    private static int FailEverywhere(Device device, Action work)
    {
        (long tensors, long bytes) = (device.Memory.LiveTensors, device.Memory.LiveBytes);
        for (int failures = 0; ; failures++)
        {
            device.Memory.Trim();
            device.Memory.Limit = bytes + (256 * failures);
            try
            {
                work();
                return failures;
            }
            catch (DeviceException failure)
            {
                Assert.That(failure.Message, Does.Contain("out of memory"));
            }
            finally
            {
                device.Memory.Limit = null;
            }
            Assert.That((device.Memory.LiveTensors, device.Memory.LiveBytes), Is.EqualTo((tensors, bytes)), $"after failure {failures}");
        }
    }

    private sealed class Model : IDisposable
    {
        private readonly HyperNetwork _network;
        private readonly Adam _adam;
        private readonly Tensor _x;
        private readonly Tensor _condition = Tensor.From([0.1f, 0.5f]);

        public Model()
        {
            RandomStream random = new(1);
            _network = HyperNetwork.For(
                new Sequential(new Linear(3, 4, random: random), new LayerNorm([4]), new Relu(), new Linear(4, 2, random: random)), Condition.Range("a", 0, 1),
                hidden: [5], options: new HyperNetworkOptions { Random = random });
            _adam = new Adam(_network.Parameters);
            _x = Ops.RandomNormal([2, 3], random);
        }

        public void Step()
        {
            using Tape tape = new();
            tape.Backward(Ops.Mean(Ops.Square(_network.Forward(_x, _condition))));
            _adam.Step(tape);
        }

        public void Infer()
        {
            using MemoryScope scope = new();
            _ = _network.Forward(_x, _condition).ToArray();
        }

        public float[] Weights() => [.. _network.Parameters.SelectMany(parameter => parameter.Value.ToArray())];

        public void Dispose()
        {
            _network.Dispose();
            _adam.Dispose();
            _x.Dispose();
            _condition.Dispose();
        }
    }
}
