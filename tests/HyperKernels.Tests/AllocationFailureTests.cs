using System.Runtime.CompilerServices;
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
        device.Memory.NotesPlaces = true;
        using Model model = new();
        using Model undisturbed = new();
        long before = device.Memory.LiveTensors;
        undisturbed.Step();
        // The graph keeps what it computes of itself when first asked.
        long kept = device.Memory.LiveTensors - before;

        Assert.That(FailEverywhere(device, model.Step, kept), Is.GreaterThan(20), "places where a step runs out of memory");
        Assert.That(model.Weights(), Is.EqualTo(undisturbed.Weights()), "steps that failed changed nothing, and the one after them was right");
        Assert.That(FailEverywhere(device, model.Infer, kept: 0), Is.GreaterThan(5), "places where an inference does");
    }

    [Test]
    public void LivePlaces_NameWhoMadeWhatIsStillThere_AndNobodyElse()
    {
        using Device device = new(new CpuBackend(Device.Cpu.VectorWidth, 1));
        using Tensor before = Tensor.Ones([1000], device);
        device.Memory.NotesPlaces = true;
        using Tensor x = Tensor.Ones([64], device);
        using (MemoryScope scope = new())
        {
            Tensor kept = scope.Keep(Leak(x));
            Assert.That(device.Memory.LivePlaces(), Has.Count.EqualTo(3));
        }
        IReadOnlyList<TensorPlace> places = device.Memory.LivePlaces();
        Assert.That(places.Select(place => (place.Tensors, place.Bytes)), Is.EqualTo(new[] { (1L, 256L), (1L, 256L) }));
        Assert.That(
            places.Select(place => $"{place}"),
            Has.One.Match(@"1 tensor, 256 bytes: called by Ops\.Exp at AllocationFailureTests\.Leak in .*AllocationFailureTests\.cs:line \d+")
                .And.One.Match(@"1 tensor, 256 bytes: at AllocationFailureTests\.LivePlaces_"));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Tensor Leak(Tensor x) => Ops.Exp(Ops.Square(x));

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
    private static int FailEverywhere(Device device, Action work, long kept)
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
            Assert.That(device.Memory.LiveTensors, Is.InRange(tensors, tensors + kept), () => $"after failure {failures}: {string.Join("; ", device.Memory.LivePlaces())}");
            Assert.That(device.Memory.LiveBytes, Is.InRange(bytes, bytes + (kept * 256)));
        }
    }

    private sealed class Model : IDisposable
    {
        private readonly HyperNetwork _network;
        private readonly Hypergraph _graph = Hypergraph.FromEdges(nodes: 4, [[0, 1, 2], [2, 3]]);
        private readonly HypergraphConv _convolution;
        private readonly Adam _adam;
        private readonly Tensor _x;
        private readonly Tensor _nodes;
        private readonly Tensor _condition = Tensor.From([0.1f, 0.5f]);

        private IEnumerable<Parameter> Parameters => _network.Parameters.Concat(_convolution.Parameters);

        public Model()
        {
            RandomStream random = new(1);
            _network = HyperNetwork.For(
                new Sequential(new Linear(3, 4, random: random), new LayerNorm([4]), new Relu(), new Linear(4, 2, random: random)), Condition.Range("a", 0, 1),
                hidden: [5], options: new HyperNetworkOptions { Random = random });
            _convolution = new HypergraphConv(3, 2, random: random);
            _adam = new Adam(Parameters);
            _x = Ops.RandomNormal([2, 3], random);
            _nodes = Ops.RandomNormal([4, 3], random);
        }

        public void Step()
        {
            using Tape tape = new();
            tape.Backward(Ops.Add(Ops.Mean(Ops.Square(_network.Forward(_x, _condition))), Ops.Mean(Ops.Square(_convolution.Forward(_nodes, _graph)))));
            _adam.Step(tape);
        }

        public void Infer()
        {
            using MemoryScope scope = new();
            _ = _network.Forward(_x, _condition).ToArray();
            _ = _convolution.Forward(_nodes, _graph).ToArray();
        }

        public float[] Weights() => [.. Parameters.SelectMany(parameter => parameter.Value.ToArray())];

        public void Dispose()
        {
            _network.Dispose();
            _convolution.Dispose();
            _graph.Dispose();
            _nodes.Dispose();
            _adam.Dispose();
            _x.Dispose();
            _condition.Dispose();
        }
    }
}
