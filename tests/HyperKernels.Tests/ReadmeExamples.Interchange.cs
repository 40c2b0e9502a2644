using HyperKernels.Interchange;
using HyperKernels.IO;
using HyperKernels.Layers;
using HyperKernels.Tests.Interchange;
using PureHDF;

namespace HyperKernels.Tests;

// docs/interchange.md.
public sealed partial class ReadmeExamples
{
    [Test]
    public void Onnx_ModelsGiveWhatNetworksGive()
    {
        using MemoryScope scope = new();
        using InFolder folder = new();
        Sequential network = OnnxExportTests.LeNet();
        // <onnx>
        using HyperNetwork hyper = HyperNetwork.For(network, Condition.Range("angle", 0, 90));

        // Conditions and data in, answer out: "angle" [1, 1] and "input" [batch, 1, 28, 28] give "output" [batch, 10].
        OnnxFile.Write("hyper.onnx", hyper, sample: [1, 28, 28]);

        // Or a condition for every sample: "angle" [batch, 1].
        OnnxFile.Write("each.onnx", hyper, [1, 28, 28], OnnxConditions.OnePerSample);

        // Or an ordinary network with the weights for 30 degrees.
        using TensorLayer turned = hyper.Materialize(30f);
        OnnxFile.Write("turned.onnx", turned, [1, 28, 28]);

        // Networks of other tools are networks here: they train, and are targets.
        using OnnxNetwork read = OnnxFile.Read("turned.onnx");
        using HyperNetwork again = HyperNetwork.For(read, Condition.Unit("t"));
        // </onnx>
        Tensor images = Ops.RandomNormal([3, 1, 28, 28], OnnxExportTests.Fresh());
        using OnnxRuntimeModel model = new("hyper.onnx");
        OnnxExportTests.AssertSame(model.Run(("angle", Tensor.From([30f], [1, 1])), ("input", images))["output"], read.Forward(images));
        using OnnxRuntimeModel each = new("each.onnx");
        OnnxExportTests.AssertSame(each.Run(("angle", Tensor.From([30f, 30, 30], [3, 1])), ("input", images))["output"], turned.Forward(images));
        Assert.That(again.Forward(images, Tensor.From([0.5f])).Shape, Is.EqualTo(new Shape(3, 10)));
    }

    [Test]
    public void StateDict_GoesBothWays()
    {
        using InFolder folder = new();
        using Sequential network = [new Conv2d(1, 2, kernelSize: 3), new Relu(), new MaxPool2d(2), new Flatten(), new Linear(8, 3)];
        IReadOnlyDictionary<string, HostArray> state = network.GetState();
        StateFile.Write("model.safetensors", state.ToDictionary(
            pair => pair.Key.Replace("0.", "backbone.conv1.", StringComparison.Ordinal).Replace("4.", "head.", StringComparison.Ordinal), pair => pair.Value));
        // <statedict>
        StateMap map = StateMap.Of(new Dictionary<string, string> { ["0"] = "backbone.conv1", ["4"] = "head" });   // ours, theirs
        StateDictFile.Load("model.safetensors", network, map);

        StateDictFile.Save("ours.safetensors", network, map);                        // goes back with load_state_dict
        StateDictFile.Load("model.safetensors", network, StateMap.ByOrder);          // no names at all
        // </statedict>
        Assert.That(StateFile.Read("ours.safetensors").Keys, Is.EquivalentTo(StateFile.Read("model.safetensors").Keys));
        Assert.That(network.GetState()["4.weight"].Values, Is.EqualTo(state["4.weight"].Values));
    }

    [Test]
    public void DLPack_TakesWhatItGave()
    {
        using MemoryScope scope = new();
        Tensor tensor = Tensor.From([1f, 2, 3]);
        // <dlpack>
        nint managed = DLPack.ExportVersioned(tensor);       // the same memory, no copy; for a capsule called DLPack.VersionedCapsuleName
        Tensor taken = DLPack.ImportVersioned(managed);      // a copy; the structure's deleter has run, once
        // </dlpack>
        Assert.That(taken.ToArray(), Is.EqualTo(new float[] { 1, 2, 3 }));
    }

    [Test]
    public async Task Tables_BecomeDataSets()
    {
        using MemoryScope scope = new();
        using InFolder folder = new();
        await ParquetTable.WriteAsync("flowers.parquet", new TensorTable()
            .Add("petal", NumericArray.From(new[] { 1f, 2 }, 2)).Add("sepal", NumericArray.From(new[] { 3f, 4 }, 2)).Add("species", new[] { "setosa", "lily" }));
        new H5File { ["train"] = new H5Group { ["images"] = new float[2, 3] } }.Write("digits.h5");
        File.WriteAllBytes("photo.png", PngReaderTests.Png(new byte[12], 2, 2, 3, static _ => 0));
        // <tables>
        TensorTable table = await ParquetTable.ReadAsync("flowers.parquet");         // or ArrowTable.Read("flowers.arrow")
        (DataColumn labels, IReadOnlyList<string> species) = table.ToCategories("species");
        DataSet flowers = new(table.ToColumn("petal", "sepal"), labels);

        NumericArray images = Hdf5File.Read("digits.h5", "/train/images");           // or some rows: start, rows
        Tensor photo = ImageFile.ReadTensor("photo.png");                            // [3, height, width], 0 to 1; JPEG too
        // </tables>
        Assert.That(flowers.Take([1])[0].ToArray(), Is.EqualTo(new float[] { 2, 4 }));
        Assert.That(species, Is.EqualTo(new[] { "lily", "setosa" }));
        Assert.That(images.Shape, Is.EqualTo(new long[] { 2, 3 }));
        Assert.That(photo.Shape, Is.EqualTo(new Shape(3, 2, 2)));
    }

    [Test]
    public async Task Batches_AreTheSameAhead()
    {
        NumericArray pixels = NumericArray.From(new byte[100], 100, 1);
        int[] labels = [.. Enumerable.Range(0, 100)];
        List<int> seen = [];
        List<int> ahead = [];
        CancellationToken cancellation = CancellationToken.None;
        // <batches>
        DataSet data = new(DataColumn.Floats(pixels, scale: 1f / 255), DataColumn.Integers(labels));   // bytes stay bytes until a batch takes them

        foreach ((Tensor images, Tensor classes) in data.Batches(64, shuffle: true, seed: 1, epoch: 0))
        {
            // The tensors live until the next batch is taken.
        }

        await foreach (TensorBatch batch in data.BatchesAsync(64, shuffle: true, seed: 1, cancellation: cancellation))
        {
            // The same batches, gathered ahead by another thread.
        }
        // </batches>
        seen.AddRange(data.Batches(64, shuffle: true, seed: 1).SelectMany(batch => batch[1].ToIntArray()));
        await foreach (TensorBatch batch in data.BatchesAsync(64, shuffle: true, seed: 1))
        {
            ahead.AddRange(batch[1].ToIntArray());
        }
        Assert.That(ahead, Is.EqualTo(seen).And.EquivalentTo(labels));
    }

    // Examples write where they run.
    private sealed class InFolder : IDisposable
    {
        private readonly string _before = Environment.CurrentDirectory;
        private readonly TestData.TemporaryFolder _folder = TestData.Temporary();

        public InFolder() => Environment.CurrentDirectory = _folder.Root;

        public void Dispose()
        {
            Environment.CurrentDirectory = _before;
            _folder.Dispose();
        }
    }
}
