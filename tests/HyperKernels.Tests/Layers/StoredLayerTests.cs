using System.Text.Json.Nodes;
using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers;

/// <summary>Every layer of the library can be written into a file and made again, or stands in a list of those that cannot, with the reason.</summary>
public sealed class StoredLayerTests
{
    private static readonly Dictionary<string, string> s_notStored = new()
    {
        ["UnknownLayer"] = "stands for a class that a file does not name",
        ["Head"] = "made by HeadsEmission from the manifest",
        ["Branch"] = "made by HeadsEmission from the manifest",
    };

    // With settings that are not the defaults, so that one that is left out shows.
    private static readonly (Layer Layer, Func<Layer, Tensor> Run)[] s_samples =
    [
        On(new Sequential(new Linear(3, 4), new Tanh()), [2, 3]),
        On(new Residual(new Linear(3, 3)), [2, 3]),
        On(new Linear(3, 4, bias: false), [2, 3]),
        On(new Mlp([3, 4, 5], Activation.Elu(0.5f), bias: false), [2, 3]),
        On(new Conv1d(2, 4, kernelSize: 3, stride: 2, padding: 1, dilation: 2, groups: 2, bias: false), [2, 2, 9]),
        On(
            new Conv2d(
                2, 4, (3, 2), new Conv2dOptions { StrideH = 2, StrideW = 1, PaddingH = 1, PaddingW = 2, DilationH = 1, DilationW = 2, Groups = 2 }, bias: false),
            [2, 2, 9, 8]),
        (new Embedding(5, 3), layer => ((Embedding)layer).Forward(Tensor.From([4, 0, 3]))),
        On(new LayerNorm(new Shape(2, 3), 0.3f, affine: false), [4, 2, 3]),
        On(new RmsNorm(new Shape(2, 3), 0.3f), [4, 2, 3]),
        On(new GroupNorm(2, 4, 0.3f, affine: false), [2, 4, 3]),
        On(new BatchNorm(3, 0.3f, 0.2f, affine: false), [5, 3]),
        On(new MaxPool2d(3, 2, 1), [1, 2, 8, 8]),
        On(new AveragePool2d(3, 2, 1), [1, 2, 8, 8]),
        On(new AdaptiveAveragePool2d(2, 3), [1, 2, 8, 8]),
        On(new Dropout(0), [2, 3]),
        On(new Flatten(2), [2, 3, 4, 5]),
        On(new Relu(), [2, 3]), On(new LeakyRelu(0.3f), [2, 3]), On(new Tanh(), [2, 3]), On(new Sigmoid(), [2, 3]), On(new Gelu(), [2, 3]),
        On(new GeluTanh(), [2, 3]), On(new Silu(), [2, 3]), On(new Elu(0.7f), [2, 3]), On(new Softplus(), [2, 3]), On(new Sine(2), [2, 3]),
        (new GruCell(3, 4, bias: false), layer => ((GruCell)layer).Forward(Normal([2, 3]), Normal([2, 4]))),
        (new LstmCell(3, 4), layer => ((LstmCell)layer).Forward(Normal([2, 3]), Normal([2, 4]), Normal([2, 4])).Cell),
        (new HypergraphConv(3, 4, bias: false), layer => ((HypergraphConv)layer).Forward(Normal([4, 3]), Hypergraph.FromEdges(4, [[0, 1, 2], [2, 3]]))),
        On(new GeneratorMlp(3, [4, 5], Activation.Sine(2), Initializer.Normal()), [2, 3]),
        (new DeclaredConditioning(
            [
                Condition.LogRange("rate", 0.1, 10, outOfRange: OutOfRange.Error), Condition.Categorical("kind", "a", "b"), Condition.Raw("features", 3),
                Condition.Embedding("task", 4, 2),
            ],
            Encoding.Complement),
            layer => ((Conditioning)layer).Forward(Tensor.From([1f, 2f]), Tensor.From([1, 0]), Normal([2, 3]), Tensor.From([3, 1]))),
        (new FullEmission(Manifest(), 3, Scheme(hasBase: true)), Flat(3)),
        (new HeadsEmission(Manifest(), 3, Scheme(hasBase: false)), Flat(3)),
        (new ChunkedEmission(Manifest(), 5, chunkSize: 7, chunkEmbedding: 2, Scheme(hasBase: true)), Flat(3)),
        (HyperNetwork.For(new Mlp([3, 4, 2]), Condition.Range("angle", 0, 90), [3], "0.*", new() { Emission = EmissionPlan.Chunks, Plan = GeneratePlan.Materialise }),
            layer => ((HyperNetwork)layer).Forward(Normal([4, 3]), Tensor.From([10f, 50f]))),
    ];

    public static IEnumerable<TestCaseData> Samples => s_samples.Select(s => new TestCaseData(s.Layer, s.Run).SetArgDisplayNames(s.Layer.GetType().Name));

    public static IEnumerable<TestCaseData> SamplesWithWeights =>
        s_samples.Where(s => s.Layer.GetState().Count > 0).Select(s => new TestCaseData(s.Layer).SetArgDisplayNames(s.Layer.GetType().Name));

    [Test]
    public void Samples_HoldEveryLayerOfTheAssembly()
    {
        IEnumerable<string> all = typeof(Layer).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Layer)) && !type.IsAbstract).Select(type => type.Name);
        Assert.That(s_samples.Select(s => s.Layer.GetType().Name).Concat(s_notStored.Keys), Is.EquivalentTo(all));
    }

    [TestCaseSource(nameof(Samples))]
    public void Load_OfWhatWasSaved_IsTheSameLayer(Layer layer, Func<Layer, Tensor> run)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        string path = folder.File("layer.safetensors");
        layer.Save(path);
        using Layer again = Layer.Load(path);
        AssertSame(again, layer, run);
    }

    [TestCaseSource(nameof(Samples))]
    public void Copy_IsTheSameLayer_AndSharesNothing(Layer layer, Func<Layer, Tensor> run)
    {
        using MemoryScope scope = new();
        using Layer copy = layer.Copy();
        AssertSame(copy, layer, run);
        Assert.That(copy.Parameters.Intersect(layer.Parameters), Is.Empty);
    }

    [TestCaseSource(nameof(SamplesWithWeights))]
    public void Read_WithFewerWeightsThanTheLayerHas_IsRefused(Layer layer)
    {
        long weights = layer.GetState().Values.Sum(values => values.Shape.Count);
        string json = LayerWriter.Write(layer, "test").ToJsonString();
        Assert.That(() => LayerReader.Read(LayerReader.Parse(json), weights), Throws.Nothing);
        Assert.That(() => LayerReader.Read(LayerReader.Parse(json), weights - 1), Throws.TypeOf<FormatException>().With.Message.Contains("larger than"));
    }

    [Test]
    public void Copy_LayerInTwoPlaces_IsOneLayerAgain()
    {
        Linear shared = new(3, 3);
        using Sequential chain = [shared, new Residual(new Sequential(new Relu(), shared)), shared];
        using Sequential copy = chain.Copy();
        Assert.That(copy[2], Is.SameAs(copy[0]));
        Assert.That(((Sequential)((Residual)copy[1]).Inner)[1], Is.SameAs(copy[0]));
        Assert.That(copy.Count, Is.EqualTo(chain.Count));
    }

    [Test]
    public void Copy_PartsThatDoNotTrain_DoNotTrain()
    {
        using Sequential chain = [new Linear(3, 3), new Residual(new Mlp([3, 4, 3])), new Dropout()];
        ((Mlp)((Residual)chain[1]).Inner).Layers[1].Eval();
        chain[2].Eval();
        using Sequential copy = chain.Copy();
        chain.Eval();
        using Sequential evaluating = chain.Copy();
        Assert.Multiple(() =>
        {
            Assert.That(copy.NamedLayers().Where(named => !named.Layer.Training).Select(named => named.Name), Is.EqualTo(new[] { "1.inner.2", "2" }));
            Assert.That(evaluating.NamedLayers().Select(named => named.Layer.Training), Is.All.False);
        });
    }

    [Test]
    public void Write_Settings_AreTyped()
    {
        using Sequential chain = [new Mlp([3, 4, 5], Activation.LeakyRelu(0.25f), bias: false), new LayerNorm(5, 0.5f)];
        chain.Eval();
        Assert.That(LayerWriter.Write(chain, "test").ToJsonString(), Is.EqualTo(
            """{"type":"Sequential","layers":[{"type":"Mlp","sizes":[3,4,5],"activation":"LeakyRelu","parameter":0.25,"bias":false},"""
            + """{"type":"LayerNorm","shape":[5],"epsilon":0.5,"affine":true}],"evaluating":["*"]}"""));
    }

    [Test]
    public void Save_ClassThatIsNotRegistered_NamesIt()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using Sequential chain = [new Linear(3, 3), new Residual(new Unregistered())];
        string path = folder.File("own.safetensors");
        Assert.That(() => chain.Save(path), Throws.InvalidOperationException.With.Message.EqualTo(
            "Sequential.Save: the class of every layer must be registered; \"1.inner\" is a Unregistered. Let it implement IStoredLayer<Unregistered> and call "
            + "LayerTypes.Register<Unregistered>(), or keep its state alone (GetState)."));
        Assert.That(File.Exists(path), Is.False);
    }

    [Test]
    public void Save_LayerThatIsNotAdded_SaysSo()
    {
        LayerTypes.Register<Forgetful>();
        using Sequential chain = [new Linear(3, 3), new Forgetful(new Linear(3, 3))];
        Assert.That(() => chain.Copy(), Throws.InvalidOperationException.With.Message.EqualTo(
            "Sequential.Copy: a layer that stands in settings must be part of the tree, or its values are lost; a Linear is not. "
            + "Register it in the constructor of the layer that holds it: Add(name, layer)."));
    }

    [Test]
    public void Load_AnotherClass_IsRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("linear.safetensors");
        using Linear linear = new(3, 2);
        linear.Save(path);
        using Linear again = Layer.Load<Linear>(path);
        Assert.That(() => Layer.Load<Mlp>(path), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo($"{path}: the file must hold a Mlp; it holds a Linear."));
        Assert.That(() => HyperNetwork.Load(path), Throws.TypeOf<InvalidDataException>().With.Message.Contains("must hold a HyperNetwork"));
    }

    [TestCase("{\"type\":\"Linear\",\"inFeatures\":3,\"outFeatures\":true,\"bias\":true}", "\"outFeatures\" of a layer \"Linear\" must be a whole number; it is true")]
    [TestCase("{\"type\":\"Linear\",\"inFeatures\":3,\"outFeatures\":1e300,\"bias\":true}", "must be a whole number; it is 1E+300")]
    [TestCase("{\"type\":\"Linear\",\"inFeatures\":3,\"outFeatures\":2,\"bias\":\"yes\"}", "\"bias\" of a layer \"Linear\" must be true or false; it is \"yes\"")]
    [TestCase("{\"type\":\"Linear\",\"inFeatures\":3,\"outFeatures\":2,\"bias\":null}", "needs \"bias\"")]
    [TestCase("{\"type\":\"Mlp\",\"sizes\":[3,null],\"activation\":\"Relu\",\"bias\":true}", "must be a whole number; it is null")]
    [TestCase("{\"type\":\"Mlp\",\"sizes\":9,\"activation\":\"Relu\",\"bias\":true}", "\"sizes\" of a layer \"Mlp\" announces 9 numbers")]
    [TestCase("{\"type\":\"Activation\",\"activation\":99}", "must be one of None, Relu")]
    [TestCase("{\"type\":\"Residual\",\"inner\":[3]}", "\"inner\" of a layer \"Residual\" must be a layer")]
    [TestCase("{\"type\":\"Residual\",\"inner\":{\"same\":0}}", "would contain itself")]
    [TestCase("{\"type\":\"Residual\",\"inner\":{\"type\":\"GruCell\",\"inFeatures\":3,\"hiddenFeatures\":3,\"bias\":true}}", "must be a TensorLayer; it is a GruCell")]
    [TestCase("{\"type\":\"Sequential\",\"layers\":{}}", "\"layers\" of a layer \"Sequential\" must be a list")]
    [TestCase("{\"type\":\"Sequential\",\"layers\":[],\"evaluating\":[\"7\"]}", "there is no layer \"7\"")]
    [TestCase("{\"type\":\"Bent\"}", "no layer of type \"Bent\" is registered")]
    [TestCase("{\"layers\":[]}", "a layer has no type")]
    public void Read_Nonsense_SaysWhatIsWrong(string json, string message) =>
        Assert.That(() => LayerReader.Read(LayerReader.Parse(json)), Throws.TypeOf<FormatException>().With.Message.Contains(message));

    [Test]
    public void Set_NameThatIsTaken_IsRefused()
    {
        LayerTypes.Register<Clumsy>();
        Assert.Multiple(() =>
        {
            Assert.That(() => new Clumsy("type").Copy(), Throws.ArgumentException.With.Message.Contains("\"type\" of a layer \"Clumsy\" is taken"));
            Assert.That(() => new Clumsy("number").Copy(), Throws.ArgumentException.With.Message.Contains("\"number\" of a layer \"Clumsy\" is taken"));
            Assert.That(() => new Clumsy("other").Copy(), Throws.ArgumentException.With.Message.Contains("\"other\" of a layer \"Clumsy\" must be finite; got NaN"));
        });
    }

    [Test]
    public void Register_NameOfAnotherClass_IsRefused_AndTheSameTwiceIsNot()
    {
        LayerTypes.Register<Clumsy>();
        LayerTypes.Register<Clumsy>();
        Assert.That(LayerTypes.Register<Impostor>, Throws.ArgumentException.With.Message.EndsWith(
            "\"Linear\" of HyperKernels.Tests.Layers.StoredLayerTests+Impostor is that of HyperKernels.Layers.Linear. Use another TypeName."));
        Assert.That(LayerTypes.Names, Does.Contain("Clumsy").And.Contain("Linear"));
    }

    [Test]
    public void Register_FromManyThreads_Works() =>
        Assert.That(() => Parallel.For(0, 64, _ =>
        {
            LayerTypes.Register<Clumsy>();
            new Linear(2, 2).Copy().Dispose();
        }), Throws.Nothing);

    private static void AssertSame(Layer actual, Layer expected, Func<Layer, Tensor> run)
    {
        Assert.That(actual, Is.TypeOf(expected.GetType()));
        Assert.That(actual.ToString(), Is.EqualTo(expected.ToString()));
        Assert.That(LayerWriter.Write(actual, "test").ToJsonString(), Is.EqualTo(LayerWriter.Write(expected, "test").ToJsonString()));
        Assert.That(run(actual).ToArray(), Is.EqualTo(run(expected).ToArray()));
    }

    private static Tensor Normal(Shape shape) => Ops.RandomNormal(shape, new RandomStream(1));

    private static (Layer, Func<Layer, Tensor>) On(TensorLayer layer, Shape input) => (layer, again => ((TensorLayer)again).Forward(Normal(input)));

    // A generator that changes nothing: [C, width] embeddings, with chunk embeddings before them where there are chunks.
    private static Func<Layer, Tensor> Flat(int width) => layer => ((Emission)layer).Flat(Normal([2, width]), new Sequential());

    private static TargetManifest Manifest() => new(
        [(["a.weight", "b.weight"], new Shape(4, 3), ParameterRole.Weight), (["a.bias"], new Shape(4), ParameterRole.Bias)]);

    private static EmissionScheme Scheme(bool hasBase) => new(
        (entry, width, _) => Ops.RandomNormal([entry.Count * width], new RandomStream(2)).ToArray(),
        entry => Ops.RandomNormal([entry.Count], new RandomStream(3)).ToArray(), hasBase);

    private sealed class Unregistered : TensorLayer
    {
        public override Tensor Forward(Tensor input) => input;
    }

    private sealed class Forgetful(TensorLayer inner) : TensorLayer, IStoredLayer<Forgetful>
    {
        public static string TypeName => "Forgetful";

        public static Forgetful Read(LayerSettings settings) => new(settings.Layer<TensorLayer>("inner"));

        public void WriteSettings(LayerSettings settings) => settings.SetLayer("inner", inner);

        public override Tensor Forward(Tensor input) => inner.Forward(input);
    }

    private sealed class Clumsy(string name) : Layer, IStoredLayer<Clumsy>
    {
        public static string TypeName => "Clumsy";

        public static Clumsy Read(LayerSettings settings) => new(settings.Text("name"));

        public void WriteSettings(LayerSettings settings) => settings.Set("number", 1).Set(name, name == "other" ? float.NaN : 1);
    }

    private sealed class Impostor : Layer, IStoredLayer<Impostor>
    {
        public static string TypeName => "Linear";

        public static Impostor Read(LayerSettings settings) => new();

        public void WriteSettings(LayerSettings settings)
        {
        }
    }

    [TestCase(60, true)]
    [TestCase(200, false)]
    public void Save_OfLayersInsideLayers_WritesOnlyWhatCanBeRead(int depth, bool fits)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("nested.safetensors");
        TensorLayer layer = new Relu();
        for (int i = 0; i < depth; i++)
        {
            layer = new Sequential(layer);
        }
        if (fits)
        {
            layer.Save(path);
            Assert.That(Layer.Load(path).NamedLayers(), Has.Count.EqualTo(layer.NamedLayers().Count));
        }
        else
        {
            Assert.That(() => layer.Save(path), Throws.InvalidOperationException.With.Message.StartsWith("Sequential.Save: layers are nested more deeply"));
            Assert.That(File.Exists(path), Is.False);
        }
    }
}
