using HyperKernels.Interchange;
using HyperKernels.Layers;

namespace HyperKernels.Tests.Interchange;

/// <summary>Models that are written compute in ONNX Runtime what the networks compute here.</summary>
public sealed class OnnxExportTests
{
    private const float Tolerance = 1e-5f;
    private const int Samples = 5;

    public static IEnumerable<TestCaseData> Layers =>
    [
        Case("Linear", [7], static () => new Linear(7, 4)),
        Case("Linear without bias", [7], static () => new Linear(7, 4, bias: false)),
        Case("Linear on sequences", [3, 7], static () => new Linear(7, 4)),
        Case("Mlp", [7], static () => new Mlp([7, 9, 5, 3], Activation.Silu)),
        Case("Residual", [6], static () => new Residual(new Sequential(new Linear(6, 6), new Tanh()))),
        Case("Conv1d", [4, 11], static () => new Conv1d(4, 6, kernelSize: 3, stride: 2, padding: 2, dilation: 2, groups: 2)),
        Case("Conv2d", [4, 11, 9], static () => new Conv2d(4, 6, kernelSize: 3, stride: 2, padding: 1, groups: 2)),
        Case("Conv2d, unequal", [2, 11, 9], static () => new Conv2d(
            2, 3, (3, 2), new Conv2dOptions { StrideH = 1, StrideW = 2, PaddingH = 2, PaddingW = 1, DilationH = 2, DilationW = 1, Groups = 1 }, bias: false)),
        Case("MaxPool2d", [2, 9, 8], static () => new MaxPool2d(3, stride: 2, padding: 1)),
        Case("AveragePool2d", [2, 9, 8], static () => new AveragePool2d(3, stride: 2, padding: 1)),
        Case("AdaptiveAveragePool2d to one", [2, 9, 8], static () => new AdaptiveAveragePool2d(1)),
        Case("AdaptiveAveragePool2d, unequal windows", [2, 9, 8], static () => new AdaptiveAveragePool2d(4, 3)),
        Case("Flatten", [2, 3, 4], static () => new Flatten()),
        Case("Flatten from the third axis", [2, 3, 4], static () => new Flatten(2)),
        Case("BatchNorm of rows", [6], static () => new BatchNorm(6)),
        Case("BatchNorm of images, no gains", [3, 4, 5], static () => new BatchNorm(3, affine: false)),
        Case("LayerNorm", [4, 6], static () => new LayerNorm(6)),
        Case("LayerNorm over two axes, no gains", [4, 6], static () => new LayerNorm([4, 6], affine: false)),
        Case("RmsNorm", [4, 6], static () => new RmsNorm([4, 6])),
        Case("RmsNorm, no gains", [4, 6], static () => new RmsNorm(6, affine: false)),
        Case("GroupNorm", [6, 3, 4], static () => new GroupNorm(3, 6)),
        Case("GroupNorm, no gains", [6, 4], static () => new GroupNorm(2, 6, affine: false)),
        Case("Dropout", [6], static () => new Dropout()),
        .. Enum.GetValues<ActivationKind>().Where(kind => kind != ActivationKind.None).Select(kind => Case($"{kind}", [6, 5], () => ActivationLayer.Of(Of(kind)))),
        Case("LeNet", [1, 28, 28], static () => LeNet()),
    ];

    [TestCaseSource(nameof(Layers))]
    public void Layer_GivesTheSameInOnnxRuntime(int[] sample, Func<TensorLayer> make)
    {
        using MemoryScope scope = new();
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using TensorLayer layer = make();
        RandomStream random = Fresh();
        Unsettle(layer, random, sample);
        OnnxFile.Write(folder.File("x.onnx"), layer, new Shape(sample));
        using OnnxRuntimeModel model = new(folder.File("x.onnx"));
        layer.Eval();
        foreach (int batch in new[] { Samples, 1 })
        {
            Tensor input = Ops.RandomNormal(new Shape(sample).Insert(0, batch), random);
            AssertSame(model.Run(("input", input))["output"], layer.Forward(input));
        }
    }

    [Test]
    public void Embedding_TakesIntegers()
    {
        using MemoryScope scope = new();
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using Sequential network = [new Embedding(9, 4), new Flatten(), new Linear(12, 2)];
        OnnxFile.Write(folder.File("x.onnx"), network, [3], ElementType.Int32);
        using OnnxRuntimeModel model = new(folder.File("x.onnx"));
        Tensor words = Tensor.From([0, 8, 3, 1, 2, 2], [2, 3]);
        AssertSame(model.Run(("input", words))["output"], network.Forward(words));
    }

    [Test]
    public void Cell_GivesTheSameStates()
    {
        using MemoryScope scope = new();
        using TestData.TemporaryFolder folder = TestData.Temporary();
        RandomStream random = Fresh();
        using GruCell gru = new(5, 4);
        using LstmCell lstm = new(5, 4, bias: false);
        (Tensor x, Tensor hidden, Tensor cell) = (Ops.RandomNormal([3, 5], random), Ops.RandomNormal([3, 4], random), Ops.RandomNormal([3, 4], random));
        OnnxFile.Write(folder.File("gru.onnx"), gru);
        OnnxFile.Write(folder.File("lstm.onnx"), lstm);
        using OnnxRuntimeModel gruModel = new(folder.File("gru.onnx"));
        using OnnxRuntimeModel lstmModel = new(folder.File("lstm.onnx"));
        AssertSame(gruModel.Run(("input", x), ("hidden", hidden))["output"], gru.Forward(x, hidden));
        Dictionary<string, (float[] Values, int[] Shape)> states = lstmModel.Run(("input", x), ("hidden", hidden), ("cell", cell));
        (Tensor newHidden, Tensor newCell) = lstm.Forward(x, hidden, cell);
        AssertSame(states["output"], newHidden);
        AssertSame(states["new_cell"], newCell);
    }

    [TestCase(EmissionPlan.Full, BaseWeights.Target)]
    [TestCase(EmissionPlan.Full, BaseWeights.None)]
    [TestCase(EmissionPlan.Heads, BaseWeights.Target)]
    [TestCase(EmissionPlan.Heads, BaseWeights.None)]
    [TestCase(EmissionPlan.Chunks, BaseWeights.Target)]
    [TestCase(EmissionPlan.Chunks, BaseWeights.None)]
    public void HyperNetwork_IsOneGraph(EmissionPlan emission, BaseWeights bases)
    {
        using MemoryScope scope = new();
        using TestData.TemporaryFolder folder = TestData.Temporary();
        RandomStream random = Fresh();
        using HyperNetwork hyper = HyperNetwork.For(
            LeNet(), Condition.Range("angle", 0, 90), hidden: [16, 32],
            options: new HyperNetworkOptions { Emission = emission, Base = bases, ChunkSize = 700 });
        OnnxFile.Write(folder.File("one.onnx"), hyper, [1, 28, 28]);
        OnnxFile.Write(folder.File("each.onnx"), hyper, [1, 28, 28], OnnxConditions.OnePerSample);
        OnnxFile.Write(folder.File("upright.onnx"), hyper.Materialize(30f), [1, 28, 28]);
        using OnnxRuntimeModel one = new(folder.File("one.onnx"));
        using OnnxRuntimeModel each = new(folder.File("each.onnx"));
        using OnnxRuntimeModel upright = new(folder.File("upright.onnx"));
        Tensor images = Ops.RandomNormal([Samples, 1, 28, 28], random);
        Tensor angle = Tensor.From([30f], [1, 1]);
        Tensor angles = Ops.RandomUniform([Samples, 1], random, -10, 100);
        Assert.That(one.Inputs, Is.EquivalentTo(new[] { "angle", "input" }));
        AssertSame(one.Run(("angle", angle), ("input", images))["output"], hyper.Forward(images, angle));
        AssertSame(each.Run(("angle", angles), ("input", images))["output"], hyper.Forward(images, angles));
        AssertSame(upright.Run(("input", images))["output"], hyper.Forward(images, angle));
    }

    public static IEnumerable<TestCaseData> Encodings => [new(Encoding.CosSin), new(Encoding.Complement), new(Encoding.None)];

    [TestCaseSource(nameof(Encodings))]
    public void HyperNetwork_TakesEveryKindOfCondition(Encoding encoding)
    {
        using MemoryScope scope = new();
        using TestData.TemporaryFolder folder = TestData.Temporary();
        RandomStream random = Fresh();
        Condition[] conditions =
        [
            Condition.Categorical("zone", "a", "b", "c"), Condition.LogRange("rate", 1e-4, 1), Condition.Embedding("task", 4, 3), Condition.Range("angle", -1, 3, size: 2),
            Condition.Raw("code", 2), Condition.Unit("blend"), Condition.Raw("also", 1),
        ];
        using Sequential target = [new Linear(6, 8), new BatchNorm(8), new Relu(), new Linear(8, 3)];
        Unsettle(target, random, [6]);
        // What is not generated stays as it is.
        using HyperNetwork hyper = HyperNetwork.For(target, conditions, hidden: [8], parameters: "*.weight", new HyperNetworkOptions { Encoding = encoding });
        hyper.Eval();
        OnnxFile.Write(folder.File("each.onnx"), hyper, [6], OnnxConditions.OnePerSample);
        OnnxFile.Write(folder.File("one.onnx"), hyper, [6]);
        using OnnxRuntimeModel each = new(folder.File("each.onnx"));
        using OnnxRuntimeModel one = new(folder.File("one.onnx"));
        Tensor x = Ops.RandomNormal([3, 6], random);
        foreach (int rows in new[] { 3, 1 })
        {
            Tensor[] values =
            [
                Tensor.From(new[] { 2, 0, 1 }[..rows], [rows]), Tensor.From(new[] { 0.5f, 2, 0 }[..rows], [rows, 1]), Tensor.From(new[] { 3, 3, 1 }[..rows], [rows]),
                Ops.RandomUniform([rows, 2], random, -2, 4), Ops.RandomNormal([rows, 2], random), Ops.RandomUniform([rows, 1], random, 0, 1), Ops.RandomNormal([rows, 1], random),
            ];
            OnnxRuntimeModel model = rows == 1 ? one : each;
            AssertSame(model.Run([.. conditions.Zip(values).Select(pair => (pair.First.Name, pair.Second)), ("input", x)])["output"], hyper.Forward(x, values));
        }
    }

    [Test]
    public void Write_OfALayerWithoutAForm_NamesIt()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using Sequential network = [new Linear(3, 3), new Residual(new Doubled())];
        Assert.That(
            () => OnnxFile.Write(folder.File("x.onnx"), network, [3]),
            Throws.TypeOf<NotSupportedException>().With.Message.StartsWith("OnnxFile.Write: layer \"1.inner\" is a Doubled, which has no form in ONNX here."));
        Assert.That(Directory.EnumerateFileSystemEntries(folder.Root), Is.Empty);
    }

    [Test]
    public void Write_WithSamplesThatDoNotFit_NamesTheLayer()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using Sequential network = [new Relu(), new Linear(3, 3)];
        Assert.That(
            () => OnnxFile.Write(folder.File("x.onnx"), network, [4]),
            Throws.ArgumentException.With.Message.StartsWith("OnnxFile.Write: layer \"1\" cannot take [1, 4], which comes of the shape given for a sample: "));
    }

    [Test]
    public void Write_WithAConditionCalledAsTheData_IsRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using HyperNetwork hyper = HyperNetwork.For(new Linear(2, 2), Condition.Unit("input"), hidden: [2]);
        Assert.That(() => OnnxFile.Write(folder.File("x.onnx"), hyper, [2]), Throws.ArgumentException.With.Message.Contains("a condition is called \"input\""));
    }

    internal static void AssertSame((float[] Values, int[] Shape) actual, Tensor expected)
    {
        float[] wanted = expected.ToArray();
        Assert.That(actual.Shape, Is.EqualTo(expected.Shape.AsSpan().ToArray()));
        Assert.That(actual.Values, Is.EqualTo(wanted).Within(Tolerance * Math.Max(1, wanted.Max(MathF.Abs))));
        Assert.That(wanted.Distinct().Count(), Is.GreaterThan(1).Or.EqualTo(wanted.Length), "nothing is compared");
    }

    /// <summary>New values in every run; the seed stands in the output.</summary>
    internal static RandomStream Fresh()
    {
        ulong seed = (ulong)Random.Shared.NextInt64();
        TestContext.Out.WriteLine($"seed {seed}");
        return new RandomStream(seed);
    }

    /// <summary>Moves what starts at zero or one away from there: gains, biases, running statistics.</summary>
    internal static void Unsettle(TensorLayer layer, RandomStream random, int[] sample)
    {
        if (layer.Find<BatchNorm>().Count > 0)
        {
            using MemoryScope scope = new();
            layer.Forward(Ops.AddScalar(Ops.RandomNormal(new Shape(sample).Insert(0, 8), random), 0.7f));
        }
        foreach (NamedParameter named in layer.NamedParameters())
        {
            float[] values = named.Parameter.OwnValue.ToArray();
            float[] noise = new float[values.Length];
            random.FillNormal(noise, 0, 0.1f);
            named.Parameter.Load([.. values.Zip(noise, (value, more) => value + more)]);
        }
    }

    internal static Sequential LeNet() =>
    [
        new Conv2d(1, 10, kernelSize: 5), new MaxPool2d(2), new Relu(), new Conv2d(10, 20, kernelSize: 5), new MaxPool2d(2), new Relu(),
        new Flatten(), new Linear(320, 50), new Relu(), new Linear(50, 10),
    ];

    private static Activation Of(ActivationKind kind) => kind switch
    {
        ActivationKind.Relu => Activation.Relu,
        ActivationKind.LeakyRelu => Activation.LeakyRelu(0.2f),
        ActivationKind.Elu => Activation.Elu(0.7f),
        ActivationKind.Tanh => Activation.Tanh,
        ActivationKind.Sigmoid => Activation.Sigmoid,
        ActivationKind.Silu => Activation.Silu,
        ActivationKind.Softplus => Activation.Softplus,
        ActivationKind.Gelu => Activation.Gelu,
        ActivationKind.GeluTanh => Activation.GeluTanh,
        _ => Activation.Sine(3),
    };

    private static TestCaseData Case(string name, int[] sample, Func<TensorLayer> make) => new TestCaseData(sample, make).SetArgDisplayNames(name);

    private sealed class Doubled : TensorLayer
    {
        public override Tensor Forward(Tensor input) => Ops.MultiplyScalar(input, 2);
    }
}
