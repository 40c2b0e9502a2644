using HyperKernels.IO;
using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers.Hypernetworks;

/// <summary>A hypernetwork's file holds all that is needed to use it again.</summary>
public sealed class HyperNetworkFileTests
{
    private static readonly float[] s_angles = [10, 80];

    [TestCase(EmissionPlan.Full)]
    [TestCase(EmissionPlan.Heads)]
    [TestCase(EmissionPlan.Chunks)]
    public void Load_GivesTheSameNetwork(EmissionPlan plan)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        string path = folder.File("digits.safetensors");
        TensorLayer target = new Sequential(new Conv2d(1, 2, kernelSize: 3), new GroupNorm(1, 2), new Gelu(), new Flatten(), new Linear(8, 3));
        HyperNetwork hyper = HyperNetwork.For(target, Condition.Range("angle", 0, 90), hidden: [5, 6], parameters: "*weight", options: new() { Emission = plan, ChunkSize = 9 });
        Tensor images = Ops.RandomNormal([2, 1, 4, 4], new RandomStream(1));
        float[] expected = hyper.Forward(images, Tensor.From(s_angles)).ToArray();
        hyper.Save(path);
        HyperNetwork again = HyperNetwork.Load(path);
        Assert.Multiple(() =>
        {
            Assert.That(again.Forward(images, Tensor.From(s_angles)).ToArray(), Is.EqualTo(expected));
            Assert.That(again.NamedParameters().Select(n => n.Name), Is.EqualTo(hyper.NamedParameters().Select(n => n.Name)));
            Assert.That(again.Manifest.Entries.Select(e => (e.Name, e.Offset)), Is.EqualTo(hyper.Manifest.Entries.Select(e => (e.Name, e.Offset))));
        });
    }

    [Test]
    public void Load_TargetOfAnOwnClass_GeneratesWithoutIt_AndRunsWithIt()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        string path = folder.File("own.safetensors");
        HyperNetwork hyper = HyperNetwork.For(new Doubled(), Condition.Unit("t"), hidden: [4]);
        hyper.Save(path);
        Tensor x = Ops.RandomNormal([3, 2], new RandomStream(2));
        Tensor t = Tensor.From([0.5f]);
        HyperNetwork blind = HyperNetwork.Load(path);
        Assert.Multiple(() =>
        {
            Assert.That(blind.Generate(t).ToArray(), Is.EqualTo(hyper.Generate(t).ToArray()));
            Assert.That(() => blind.Forward(x, t), Throws.InvalidOperationException.With.Message.Contains("give Load the target"));
            Assert.That(HyperNetwork.Load(path, new Doubled()).Forward(x, t).ToArray(), Is.EqualTo(hyper.Forward(x, t).ToArray()));
            Assert.That(() => HyperNetwork.Load(path, new Linear(2, 2)), Throws.ArgumentException.With.Message.Contains("inner.weight"));
        });
    }

    [TestCase(EmissionPlan.Full)]
    [TestCase(EmissionPlan.Chunks)]
    public void Load_GeneratorOfLibraryLayers_GivesTheSameNetwork(EmissionPlan plan)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        string path = folder.File("generator.safetensors");
        HyperNetworkOptions options = new()
        {
            Generator = static inputs => new Sequential(new Linear(inputs, 6), new LayerNorm(6), new Tanh()), GeneratorOutputs = 6, Emission = plan, ChunkSize = 5,
        };
        HyperNetwork hyper = HyperNetwork.For(new Linear(3, 2), Condition.Embedding("task", 4, 3), options: options);
        hyper.Save(path);
        Tensor tasks = Tensor.From([3, 0]);
        Assert.That(HyperNetwork.Load(path).Generate(tasks).ToArray(), Is.EqualTo(hyper.Generate(tasks).ToArray()));
    }

    [Test]
    public void Load_BatchNormTarget_HasItsStatisticsAndModes_PartByPart()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        string path = folder.File("norm.safetensors");
        BatchNorm frozen = new(4);
        TensorLayer target = new Sequential(new Linear(3, 4), frozen, new Relu(), new Linear(4, 2), new BatchNorm(2));
        HyperNetwork hyper = HyperNetwork.For(target, Condition.Unit("t"), hidden: [5]);
        Tensor x = Ops.RandomNormal([6, 3], new RandomStream(3));
        hyper.Forward(x, Tensor.From([0.3f]));
        frozen.Eval();
        hyper.Save(path);
        HyperNetwork again = HyperNetwork.Load(path);
        Tensor t = Tensor.From([0.1f, 0.6f, 0.9f]);
        Assert.Multiple(() =>
        {
            Assert.That(again.GetState()["target.1.running_mean"].Values, Is.EqualTo(frozen.RunningMean.ToArray()).And.Some.Not.Zero);
            Assert.That(((Sequential)again.Target).Select(layer => layer.Training), Is.EqualTo(new[] { true, false, true, true, true }));
            Assert.That(again.Forward(x, t).ToArray(), Is.EqualTo(hyper.Forward(x, t).ToArray()));
        });
    }

    [Test]
    public void SaveLoadMaterialize_LeaveTheLibrarysRandomStreamAlone()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("quiet.safetensors");
        RandomStream own = new(5);
        TensorLayer target = new Sequential(new Conv2d(1, 2, kernelSize: 3, random: own), new Flatten(), new Linear(8, 3, random: own), new Dropout(0.5f, own));
        HyperNetwork hyper = HyperNetwork.For(target, Condition.Embedding("task", 2, 3), options: new() { Random = own });
        RandomState before = Initializer.Random.State;
        hyper.Save(path);
        HyperNetwork.Load(path).Materialize(1).Dispose();
        Assert.That(Initializer.Random.State, Is.EqualTo(before));
    }

    [Test]
    public void Load_InsideAnotherLayer_IsAHypernetworkAgain()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        string path = folder.File("outer.safetensors");
        LayerTypes.Register<Outer>();
        Outer outer = new(HyperNetwork.For(new Linear(3, 2), Condition.Unit("t"), hidden: [4], options: new() { Emission = EmissionPlan.Chunks, ChunkSize = 3 }));
        outer.Save(path);
        Outer again = Layer.Load<Outer>(path);
        Tensor x = Ops.RandomNormal([4, 3], new RandomStream(1));
        Assert.That(again.Forward(x).ToArray(), Is.EqualTo(outer.Forward(x).ToArray()));
    }

    // Every entry replaces one piece of a good description by a bad one.
    [TestCase("\"CosSin\"", "\"Cosine\"", "Complement, CosSin, None")]
    [TestCase("\"Range\"", "\"Circle\"", "kind")]
    [TestCase("\"low\":0", "\"low\":90", "low must be below high")]
    [TestCase("\"size\":1,", "\"size\":-1,", "at least one value")]
    [TestCase("\"hidden\":[4]", "\"hidden\":[-4]", "at least 1; got -4")]
    [TestCase("\"hidden\":[4]", "\"hidden\":[2000000000]", "larger than")]
    [TestCase("\"hidden\":[4]", "\"hidden\":[5]", "must be [5, 2]")]
    [TestCase("\"LeakyRelu\"", "\"7.5\"", "LeakyRelu")]
    [TestCase("\"plan\":\"Auto\"", "\"plan\":17", "one of Auto")]
    [TestCase("\"type\":\"FullEmission\"", "\"type\":\"ChunkedEmission\"", "chunkSize")]
    [TestCase("\"type\":\"FullEmission\"", "\"type\":\"HeadsEmission\"", "emission.1.weight")]
    [TestCase("\"type\":\"FullEmission\"", "\"type\":\"GruCell\"", "GruCell")]
    [TestCase("\"width\":4", "\"width\":2000000000", "larger than")]
    [TestCase("\"manifest\"", "\"manifests\"", "needs \"manifest\"")]
    [TestCase("\"shape\":[2,3]", "\"shape\":[2,-3]", "negative")]
    [TestCase("\"shape\":[2,3]", "\"shape\":[200000,300000]", "manifest")]
    [TestCase("\"shape\":[2,3]", "\"shape\":[20000,30000]", "larger than")]
    [TestCase("\"names\":[\"1.weight\"]", "\"names\":[]", "no name")]
    [TestCase("\"names\":[\"1.weight\"]", "\"names\":[\"9.weight\"]", "must have \"9.weight\"")]
    [TestCase("\"inFeatures\":3", "\"inFeatures\":3.5", "whole")]
    [TestCase("\"inFeatures\":3", "\"inFeatures\":2000000000", "larger than")]
    [TestCase("\"inFeatures\":3", "\"inFeatures\":-3", "at least 1; got -3")]
    [TestCase("\"inFeatures\":3,", "", "inFeatures")]
    [TestCase("\"type\":\"Linear\"", "\"type\":\"Curved\"", "Curved")]
    [TestCase("{\"same\":5}", "{\"same\":50}", "number 50")]
    [TestCase("{\"same\":5}", "{\"same\":-1}", "number -1")]
    [TestCase("{\"same\":5}", "{\"same\":0}", "number 0")]
    [TestCase("{\"type\"", "[\"type\"", "metadata")]
    public void Load_MalformedDescription_IsRefusedWithThePath(string good, string bad, string message)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("bad.safetensors");
        Tanh shared = new();
        HyperNetwork.For(new Sequential(shared, new Linear(3, 2), shared), Condition.Range("t", 0, 90), hidden: [4], parameters: "*").Save(path);
        RewriteDescription(path, path, "layer", good, bad);
        Assert.That(() => HyperNetwork.Load(path), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith(path).And.Message.Contains(message).IgnoreCase);
    }

    // The same for the form of earlier versions.
    [TestCase("\"hidden\":[3]", "\"hidden\":[-3]", "at least 1; got -3")]
    [TestCase("\"hidden\":[3]", "\"hidden\":[2000000000]", "larger than")]
    [TestCase("\"plan\":\"Full\"", "\"plan\":17", "one of Full")]
    [TestCase("\"plan\":\"Full\"", "\"plan\":\"Chunks\"", "chunk size")]
    [TestCase("\"manifest\"", "\"manifests\"", "needs \"manifest\"")]
    [TestCase("\"shape\":[2,4]", "\"shape\":[20000,40000]", "larger than")]
    [TestCase("\"names\":[\"2.weight\"]", "\"names\":[\"9.weight\"]", "must have \"9.weight\"")]
    [TestCase("\"inputs\":3", "\"inputs\":2000000000", "larger than")]
    [TestCase("\"inputs\":3,", "", "inFeatures")]
    [TestCase("\"type\":\"Linear\"", "\"type\":\"Curved\"", "Curved")]
    public void Load_MalformedDescriptionOfAnEarlierVersion_IsRefusedWithThePath(string good, string bad, string message)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("bad.safetensors");
        RewriteDescription(Path.Combine(TestData.Repository, "tests", "files", "part.safetensors"), path, "hypernetwork", good, bad);
        Assert.That(() => HyperNetwork.Load(path), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith(path).And.Message.Contains(message).IgnoreCase);
    }

    [Test]
    public void Load_AnotherSafetensorsFile_IsRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("other.safetensors");
        Safetensors.Write(path, [SafetensorsTensor.From("w", new float[] { 1 }, 1)]);
        Assert.That(() => HyperNetwork.Load(path), Throws.TypeOf<InvalidDataException>().With.Message.Contains("HyperlightFile.Read"));
    }

    private static void RewriteDescription(string from, string to, string key, string good, string bad)
    {
        Dictionary<string, string> metadata;
        List<SafetensorsTensor> tensors;
        using (SafetensorsFile file = SafetensorsFile.Open(from))
        {
            metadata = new Dictionary<string, string>(file.Metadata);
            tensors = [.. file.Entries.Values.Select(entry => SafetensorsTensor.From(entry.Name, file.ReadFloat32(entry.Name), [.. entry.Shape]))];
        }
        Assert.That(metadata[key], Does.Contain(good), "the sample has changed");
        metadata[key] = metadata[key].Replace(good, bad, StringComparison.Ordinal);
        Safetensors.Write(to, tensors, metadata);
    }

    private sealed class Outer : TensorLayer, IStoredLayer<Outer>
    {
        private readonly HyperNetwork _inner;

        public Outer(HyperNetwork inner) => _inner = Add("inner", inner);

        public static string TypeName => "Outer";

        public static Outer Read(LayerSettings settings) => new(settings.Layer<HyperNetwork>("inner"));

        public void WriteSettings(LayerSettings settings) => settings.SetLayer("inner", _inner);

        public override Tensor Forward(Tensor input) => _inner.Forward(input, Tensor.From([0.25f]));
    }

    private sealed class Doubled : TensorLayer
    {
        private readonly Linear _inner;

        public Doubled() => _inner = Add("inner", new Linear(2, 2));

        public override Tensor Forward(Tensor input) => Ops.MultiplyScalar(_inner.Forward(input), 2);
    }
}
