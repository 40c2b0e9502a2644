using HyperKernels.Interchange;
using HyperKernels.Layers;

namespace HyperKernels.Tests.Interchange;

/// <summary>Models that are read compute here what they compute in ONNX Runtime; what is not read is refused by name.</summary>
public sealed class OnnxImportTests
{
    [Test]
    public void Network_ThatWasWritten_ComesBack()
    {
        using MemoryScope scope = new();
        using TestData.TemporaryFolder folder = TestData.Temporary();
        RandomStream random = OnnxExportTests.Fresh();
        using Sequential network =
        [
            new Conv2d(2, 6, kernelSize: 3, padding: 1), new BatchNorm(6), new LeakyRelu(), new Residual(new Conv2d(6, 6, kernelSize: 1)), new AveragePool2d(2),
            new Gelu(), new AdaptiveAveragePool2d(2), new Flatten(), new LayerNorm(24), new Linear(24, 9), new Silu(), new Linear(9, 4),
        ];
        OnnxExportTests.Unsettle(network, random, [2, 8, 8]);
        network.Eval();
        OnnxFile.Write(folder.File("x.onnx"), network, [2, 8, 8]);
        using OnnxNetwork read = OnnxFile.Read(folder.File("x.onnx"));
        Tensor x = Ops.RandomNormal([3, 2, 8, 8], random);
        float[] expected = network.Forward(x).ToArray();
        Assert.That(read.Forward(x).ToArray(), Is.EqualTo(expected).Within(1e-5f));
        // And from its own file, as a copy, and as a model again.
        read.Save(folder.File("x.safetensors"));
        using OnnxNetwork stored = Layer.Load<OnnxNetwork>(folder.File("x.safetensors"));
        Assert.That(stored.Forward(x).ToArray(), Is.EqualTo(expected).Within(1e-5f));
        OnnxFile.Write(folder.File("again.onnx"), stored, [2, 8, 8]);
        using OnnxRuntimeModel model = new(folder.File("again.onnx"));
        OnnxExportTests.AssertSame(model.Run(("input", x))["output"], network.Forward(x));
        Assert.That(read.NamedParameters().Select(named => named.Name), Has.Member("0.weight").And.Member("9.bias"));
    }

    // As tools for other frameworks write them: names, order and forms that are not ours.
    [Test]
    public void Model_OfOtherTools_GivesWhatOnnxRuntimeGives()
    {
        using MemoryScope scope = new();
        using TestData.TemporaryFolder folder = TestData.Temporary();
        RandomStream random = OnnxExportTests.Fresh();
        OnnxGraph graph = new("main_graph");
        string x = graph.Input("x", OnnxType.Float32, -1, 2, 6, 6);
        string conv = graph.Node("Conv", [x, Weight("features.0.weight", 4, 2, 3, 3)], OnnxAttribute.Ints("pads", 1, 1, 1, 1));
        string six = graph.Node("Clip", [conv, graph.Scalar(0), graph.Scalar(6)]);
        string both = graph.Node("Concat", [six, x], OnnxAttribute.Int("axis", 1));
        string most = graph.Node("GlobalMaxPool", [both]);
        string mean = graph.Node("ReduceMean", [both], OnnxAttribute.Ints("axes", -2, -1), OnnxAttribute.Int("keepdims", 0));
        string flat = graph.Node("Add", [graph.Node("Squeeze", [most, graph.Integers(2, 3)]), mean]);
        string row = graph.Node("Reshape", [graph.Node("Unsqueeze", [flat, graph.Integers(1)]), graph.Integers(-1, 6)]);
        string first = graph.Node("Add", [Weight("fc1.bias", 5), graph.Node("MatMul", [row, Weight("onnx::MatMul_12", 6, 5)])]);
        string second = graph.Node(
            "Gemm", [graph.Node("Erf", [first]), Weight("fc2.weight", 5, 7), Weight("fc2.bias", 1, 7)], OnnxAttribute.Float("alpha", 0.5f), OnnxAttribute.Float("beta", 2));
        string scaled = graph.Node("Div", [graph.Node("Sub", [second, graph.Scalar(0.5f)]), graph.Constant([5, 6, 7, 8, 9, 10, 11], 7)]);
        string turned = graph.Node("Transpose", [graph.Node("Reshape", [scaled, graph.Integers(0, 7, 1)])], OnnxAttribute.Ints("perm", 0, 2, 1));
        string square = graph.Node("MatMul", [turned, Weight("m", 1, 7, 3)]);
        string power = graph.Node("Pow", [graph.Node("Abs", [graph.Node("Flatten", [square])]), graph.Scalar(1.5f)]);
        string inside = graph.Node("Max", [graph.Node("Min", [power, graph.Scalar(20)]), graph.Scalar(0.01f)]);
        graph.Output("y", graph.Node("LogSoftmax", [inside], OnnxAttribute.Int("axis", -1)), -1, 3);
        string path = Save(folder, graph);
        using OnnxRuntimeModel model = new(path);
        using OnnxNetwork network = OnnxFile.Read(path);
        Tensor input = Ops.RandomNormal([4, 2, 6, 6], random);
        OnnxExportTests.AssertSame(model.Run(("x", input))["y"], network.Forward(input));
        Assert.That(network.Children.Select(child => child.Name), Has.Member("features_0").And.Member("fc2"));

        string Weight(string name, params int[] sizes)
        {
            float[] values = new float[new Shape(sizes).Count];
            random.FillNormal(values, 0.3f);
            return graph.Named(name, values, sizes);
        }
    }

    [Test]
    public void Network_ThatWasRead_IsATarget()
    {
        using MemoryScope scope = new();
        using TestData.TemporaryFolder folder = TestData.Temporary();
        OnnxFile.Write(folder.File("x.onnx"), OnnxExportTests.LeNet(), [1, 28, 28]);
        OnnxNetwork target = OnnxFile.Read(folder.File("x.onnx"));
        using HyperNetwork hyper = HyperNetwork.For(target, Condition.Range("angle", 0, 90), hidden: [8]);
        Tensor images = Ops.RandomNormal([3, 1, 28, 28], OnnxExportTests.Fresh());
        Tensor angles = Tensor.From([0f, 45, 90], [3, 1]);
        float[] together = hyper.Forward(images, angles).ToArray();
        for (int i = 0; i < 3; i++)
        {
            using TensorLayer alone = hyper.Materialize(45f * i);
            Assert.That(together.AsSpan(10 * i, 10).ToArray(), Is.EqualTo(alone.Forward(Ops.Slice(images, 0, i, 1)).ToArray()).Within(1e-4f));
        }
        OnnxFile.Write(folder.File("hyper.onnx"), hyper, [1, 28, 28], OnnxConditions.OnePerSample);
        using OnnxRuntimeModel model = new(folder.File("hyper.onnx"));
        OnnxExportTests.AssertSame(model.Run(("angle", angles), ("input", images))["output"], hyper.Forward(images, angles));
    }

    public static IEnumerable<TestCaseData> Unread =>
    [
        Refused("Scan", "this operator is not read", static (graph, x) => graph.Node("Scan", [x])),
        Refused("MaxPool", "only square windows", static (graph, x) => graph.Node("MaxPool", [x], OnnxAttribute.Ints("kernel_shape", 2, 3))),
        Refused("AveragePool", "count_include_pad", static (graph, x) => graph.Node(
            "AveragePool", [x], OnnxAttribute.Ints("kernel_shape", 2, 2), OnnxAttribute.Ints("pads", 1, 1, 1, 1))),
        Refused("Conv", "the same at both sides", static (graph, x) => graph.Node(
            "Conv", [x, graph.Constant(new float[8], 1, 2, 2, 2)], OnnxAttribute.Ints("pads", 0, 0, 1, 1))),
        Refused("Conv", "its weight must be a constant", static (graph, x) => graph.Node("Conv", [x, x])),
        Refused("Gemm", "must have 2 values; it has 3", static (graph, x) => graph.Node("Gemm", [x, graph.Constant(new float[4], 2, 2), graph.Constant(new float[3], 3)])),
        Refused("Add", "must come from a node before it", static (graph, x) => graph.Node("Add", [x, "nothing"])),
    ];

    [TestCaseSource(nameof(Unread))]
    public void Node_ThatIsNotRead_IsNamed(string op, string reason, Func<object, string, string> add)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        OnnxGraph graph = new("g");
        graph.Output("y", add(graph, graph.Input("x", OnnxType.Float32, -1, 2)), -1, 2);
        string path = Save(folder, graph);
        Assert.That(
            () => OnnxFile.Read(path),
            Throws.TypeOf<InvalidDataException>().With.Message.StartsWith($"{path}: byte ").And.Message.Contains($"node \"{op}\" ({op}): ").And.Message.Contains(reason));
    }

    [Test]
    public void Constants_ThatNodesMultiply_DoNotFillMemory()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        OnnxGraph graph = new("g");
        string x = graph.Input("x", OnnxType.Float32, -1, 1000);
        string weight = graph.Constant(new float[1_000_000], 1000, 1000);
        for (int i = 0; i < 50; i++)
        {
            x = graph.Node("MatMul", [x, weight]);
        }
        graph.Output("y", x, -1, 1000);
        string path = Save(folder, graph);
        Assert.That(() => OnnxFile.Read(path), Throws.TypeOf<InvalidDataException>().With.Message.Contains("more than 4 times over"));
    }

    [Test]
    public void Node_OfAnotherDomain_IsRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        ProtobufWriter node = new ProtobufWriter().Text(1, "x").Text(2, "y").Text(4, "Relu").Text(7, "com.acme");
        ProtobufWriter graph = new ProtobufWriter().Message(1, node).Message(11, new ProtobufWriter().Text(1, "x")).Message(12, new ProtobufWriter().Text(1, "y"));
        string path = Save(folder, new ProtobufWriter().Message(7, graph));
        Assert.That(() => OnnxFile.Read(path), Throws.TypeOf<InvalidDataException>().With.Message.Contains("operators of the domain \"com.acme\" are not read"));
    }

    [Test]
    public void Model_WithDataBesideIt_IsRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        ProtobufWriter tensor = new ProtobufWriter().Varint(1, 2).Varint(2, 1).Text(8, "w").Message(13, new ProtobufWriter().Text(1, "location").Text(2, "/etc/passwd"));
        string path = Save(folder, new ProtobufWriter().Message(7, new ProtobufWriter().Message(5, tensor)));
        Assert.That(() => OnnxFile.Read(path), Throws.TypeOf<InvalidDataException>().With.Message.Contains("tensor \"w\" has its values in another file"));
    }

    private static string Save(TestData.TemporaryFolder folder, OnnxGraph graph) => Save(
        folder, new ProtobufWriter().Varint(1, 8).Message(8, new ProtobufWriter().Text(1, "").Varint(2, OnnxFile.Opset)).Message(7, graph.ToMessage()));

    private static string Save(TestData.TemporaryFolder folder, ProtobufWriter model)
    {
        string path = folder.File("other.onnx");
        using FileStream file = File.Create(path);
        model.WriteTo(file);
        return path;
    }

    private static TestCaseData Refused(string op, string reason, Func<OnnxGraph, string, string> add) =>
        new TestCaseData(op, reason, (object graph, string x) => add((OnnxGraph)graph, x)).SetArgDisplayNames(op, reason);
}
