using HyperKernels.Backends.Cpu;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

/// <summary>Convolutions gather rows of nodes and hyperedges where they lie: no step of training copies them to memberships.</summary>
public sealed class MembershipMemoryTests
{
    private const int Memberships = 20_000;
    private const int Width = 64;

    [TestCase("HgnnPlus")]
    [TestCase("UniGcnII")]
    [TestCase("UniGat")]
    [TestCase("OverMembers")]
    [TestCase("OverEdges")]
    [TestCase("Hnhn")]
    public void Training_TakesLessThanOneTensorOfMembershipsTimesFeatures(string name)
    {
        using Device device = new(new CpuBackend(Device.Cpu.VectorWidth, 1));
        using MemoryScope scope = device.Scope();
        int[] nodeIds = [.. Enumerable.Range(0, Memberships).Select(i => i % 61)], edgeIds = [.. Enumerable.Range(0, Memberships).Select(i => i % 53)];
        using Hypergraph graph = Hypergraph.FromPairs(61, 53, nodeIds, edgeIds, device);
        Tensor x = Ops.RandomNormal([61, Width], new RandomStream(1), device: device);
        (Layer layer, Func<Tensor> forward) = Make(name, x, graph);
        long before = device.Memory.PeakBytes;

        using (Tape tape = new())
        {
            tape.Backward(Ops.Sum(forward()));
        }

        Assert.That(device.Memory.PeakBytes - before, Is.LessThan(Memberships * Width * sizeof(float)));
        layer.Dispose();
    }

    private static (Layer Layer, Func<Tensor> Forward) Make(string name, Tensor x, Hypergraph graph)
    {
        switch (name)
        {
            case "HgnnPlus":
                HgnnPlus plus = new(Width, Width, Width);
                return (plus, () => plus.Forward(x, graph));
            case "UniGcnII":
                UniGcnII deep = new(Width, Width, Width);
                return (deep, () => deep.Forward(x, graph));
            case "UniGat":
                UniGatConv gat = new(Width, Width / 2, heads: 2);
                return (gat, () => gat.Forward(x, graph));
            case "Hnhn":
                Hnhn neurons = new(Width, Width, Width, alpha: 1, beta: 1);
                return (neurons, () => neurons.Forward(x, graph));
            default:
                HypergraphAttentionConv attention = new(
                    Width, Width / 2, new HypergraphAttentionOptions { Attention = Enum.Parse<HypergraphAttention>(name), Heads = 2 });
                return (attention, () => attention.Forward(x, graph));
        }
    }
}
