using HyperKernels.Distributed;
using HyperKernels.Gpu;
using HyperKernels.Interchange;
using HyperKernels.IO;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Arguments;

/// <summary>What walks of the public members found: bad arguments that came out as a defect's exception, held here one by one.</summary>
public sealed class FoundArgumentTests
{
    private static readonly (string Name, string Message, Action Call)[] s_found =
    [
        ("no stream of random numbers", "'random'", static () => RandomHypergraphs.Independent(2, 2, 0.5, null!)),
        ("no incidence to spread over", "'incidence'", static () => Ops.NodesToMemberships(Tensor.Ones([4, 4]), null!)),
        ("no incidence to find the largest over", "'incidence'", static () => Ops.SegmentMax(Tensor.Ones([2, 2]), null!, Toward.Nodes)),
        ("rows whose columns lie outside", "SparseRows.ToTensor: columns must be from 0 to below 2; value 0 has 5.", static () => new SparseRows(2, [0, 1], [5], [1]).ToTensor()),
        ("rows without parts", "SparseRows.ToTensor: there must be offsets", static () => new SparseRows(2, null!, null!, null!).ToTensor()),
        ("a bottleneck of 2^31 - 1", "at most 2,147,483,647 numbers", static () => _ = new PrototypeAdapter(2, int.MaxValue, 2, 2, 1, 2, 64)),
        ("more groups than an array holds", "RowGroups: groups must be from 1 to 2147483590; got 2147483647.", static () => RowGroups.Of([0, 1], int.MaxValue)),
        ("a null among a file's tensors", "Safetensors.Write: tensors must not hold null; item 0 of 1 is null.", static () => Safetensors.Write(new MemoryStream(), [null!])),
        ("a place behind a chain's end", "Sequential: index must be from 0 to 0; got 1.", static () => _ = new Sequential(new Relu())[1]),
        ("a block that is null", "SmashArchitecture: block 0 must have layers", static () => new SmashArchitecture([null!]).Layers.Count()),
        ("a transfer that is null", "Transfer.WaitAll: transfers must not hold null; item 1 of 2 is null.", static () => Transfer.WaitAll(Transfer.Done, null!)),
        ("a point that is null", "NeuronOrder.ShortPath: points must be of one length; point 1 is null.", static () => NeuronOrder.ShortPath([[1], null!])),
        ("a point of another length", "point 1 has 2 numbers, the first 1.", static () => NeuronOrder.ShortPath([[1], [1, 2]])),
        ("no network to smooth", "'network'", static () => NeuronOrder.Smooth(null!)),
        ("an isometry of nothing", "SetConditionedAdapter.Isometry: features must be from 1 to", static () => SetConditionedAdapter.Isometry(0, new RandomStream(1))),
        ("no incidence to part", "'incidence'", static () => _ = new HypergraphPartition((Incidence)null!, [0], 1)),
        ("a view and no device", "'device'", static () => _ = default(ILGPU.ArrayView<float>).ToTensor([1], null!)),
        ("a log that is closed", nameof(LogFile), WriteToAClosedLog),
        ("a node that is none", "SimplicialClosure.SimplicesOf: nodes are from 0 to below 3; got -1.", static () => ClosureOfAnEdge().SimplicesOf(-1)),
        ("a column without a name", "'name'", static () => TensorTable.Of(Tensor.Ones([2, 1]), "a").ToCategories(null!)),
    ];

    public static IEnumerable<string> Names => s_found.Select(found => found.Name);

    [TestCaseSource(nameof(Names))]
    public void Call_SaysWhatIsWrong(string name)
    {
        using MemoryScope scope = Device.Cpu.Scope();
        (_, string message, Action call) = s_found.Single(found => found.Name == name);
        Assert.That(() => call(), (Throws.InstanceOf<ArgumentException>().Or.InstanceOf<InvalidOperationException>()).With.Message.Contains(message));
    }

    private static SimplicialClosure ClosureOfAnEdge()
    {
        using Hypergraph graph = Hypergraph.FromEdges(3, [[0, 1]]);
        return SimplicialClosure.Of(graph.Incidence);
    }

    private static void WriteToAClosedLog()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        LogFile log = new(folder.File("closed.log"), append: false);
        log.Dispose();
        log.Write([1]);
    }
}
