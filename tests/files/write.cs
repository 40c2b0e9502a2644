#:project ../../src/HyperKernels/HyperKernels.csproj

// Wrote the files beside it; see README.md. Run from a checkout of commit 7d9817e, in which this file stands in the same folder:
// dotnet run write.cs -- FOLDER
using HyperKernels;
using HyperKernels.IO;
using HyperKernels.Layers;

string folder = args[0];
Directory.CreateDirectory(folder);
RandomStream random = new(11);
Tensor angles = Tensor.From([10f, 80f]);
Condition angle = Condition.Range("angle", 0, 90);

// Convolutions, norms, pools; a layer in two places; a part that does not train.
Tanh shared = new();
BatchNorm frozen = new(4, 0.3f, 0.2f);
frozen.Eval();
Sequential images = new(
    new Conv2d(2, 4, (3, 2), new Conv2dOptions { StrideH = 1, StrideW = 1, PaddingH = 1, PaddingW = 2, DilationH = 1, DilationW = 2, Groups = 2 }, bias: false),
    frozen, shared, new MaxPool2d(3, 2, 1), new GroupNorm(2, 4, 0.3f), new LeakyRelu(0.3f), new AveragePool2d(2, 1, 1),
    new AdaptiveAveragePool2d(2, 3), new Dropout(0), new Flatten(1), new LayerNorm(new Shape(24), 0.3f, affine: false), new Linear(24, 3, bias: false),
    new Residual(new Sequential(new Linear(3, 3), shared)), new RmsNorm(new Shape(3), 0.2f));
Save("images", HyperNetwork.For(images, angle, hidden: [3], options: Options()), Normal(2, 2, 7, 8), [angles]);

// Everything that is left of the layers that map one tensor to one, generated head by head.
Sequential signals = new(
    new Conv1d(2, 4, kernelSize: 3, stride: 2, padding: 1, dilation: 2, groups: 2, bias: false),
    new Relu(), new LeakyRelu(), new Tanh(), new Sigmoid(), new Gelu(), new GeluTanh(), new Silu(), new Elu(0.7f), new Softplus(), new Sine(2),
    new Flatten(), new Mlp([16, 4, 3], Activation.Elu, 0.5f, bias: false));
Condition[] three =
    [Condition.LogRange("rate", 0.001, 1, outOfRange: OutOfRange.Error), Condition.Raw("features", 2), Condition.Categorical("kind", "a", "b")];
Save(
    "signals",
    HyperNetwork.For(signals, three, [3], options: Options(EmissionPlan.Heads) with { Encoding = Encoding.Complement, Activation = Activation.Tanh }),
    Normal(2, 2, 9), [Tensor.From([0.01f, 0.5f]), Normal(2, 2), Tensor.From([1, 0])]);

// Looked-up rows, generated in chunks from learned conditions, without base weights.
Sequential words = new(new Embedding(7, 4), new Linear(4, 2));
Save(
    "words", HyperNetwork.For(words, [Condition.Embedding("task", 4, 3), Condition.Categorical("size", 3)], hidden: [],
        options: Options(EmissionPlan.Chunks) with { ChunkSize = 9, ChunkEmbedding = 2, Base = BaseWeights.None, Encoding = Encoding.None }),
    Tensor.From([6, 0, 3, 3]), [Tensor.From([3, 0]), Tensor.From([2, 1])]);

// A generator of the library's layers.
HyperNetworkOptions withGenerator = Options() with
{
    Generator = inputs => new Sequential(new Linear(inputs, 4, random: random), new LayerNorm(4), new Mlp([4, 5, 3], Activation.Sine, random: random)),
    GeneratorOutputs = 3,
};
Save("generator", HyperNetwork.For(new Mlp([3, 4, 2]), angle, options: withGenerator), Normal(4, 3), [angles]);

// Part of the target generated, the rest its own.
Save("part", HyperNetwork.For(new Sequential(new Linear(3, 4), new Relu(), new Linear(4, 2)), angle, [3], "2.*", Options()), Normal(4, 3), [angles]);

// Targets that take more than one tensor; what is stored is what comes after a state of zeros, or the generated weights alone.
Save("gru", HyperNetwork.For(new GruCell(3, 2, bias: false), angle, hidden: [3], options: Options()), Normal(4, 3), [angles]);
Save("lstm", HyperNetwork.For(new LstmCell(3, 2), angle, hidden: [3], options: Options()), Normal(4, 3), [angles]);
Save("hypergraph", HyperNetwork.For(new HypergraphConv(3, 2, bias: false), angle, hidden: [3], options: Options()), null, [angles]);
Save("own", HyperNetwork.For(new Own(), angle, hidden: [3], options: Options()), Normal(4, 2), [angles]);

Tensor Normal(params int[] shape) => Ops.RandomNormal(new Shape(shape), random);

HyperNetworkOptions Options(EmissionPlan plan = EmissionPlan.Full) => new() { Emission = plan, Random = random };

void Save(string name, HyperNetwork network, Tensor? input, Tensor[] conditions)
{
    // First values of gains and biases are ones and zeros, which would hide that one is missing.
    foreach (Parameter parameter in network.Parameters)
    {
        Initializer.Uniform(-0.5f, 0.5f).Apply(parameter, random);
    }
    foreach (BatchNorm norm in network.Target.Find<BatchNorm>().Select(static found => found.Layer))
    {
        norm.RunningMean.CopyFrom(Initializer.Uniform(-0.5f, 0.5f).Values(norm.RunningMean.Shape, random));
        norm.RunningVariance.CopyFrom(Initializer.Uniform(0.5f, 2).Values(norm.RunningVariance.Shape, random));
    }
    network.Save(Path.Combine(folder, $"{name}.safetensors"));
    List<SafetensorsTensor> expected = [Stored("theta", network.Generate(conditions))];
    for (int i = 0; i < conditions.Length; i++)
    {
        expected.Add(Stored($"condition{i}", conditions[i]));
    }
    if (input is { } x)
    {
        expected.Add(Stored("input", x));
        expected.Add(Stored("output", network.Forward(x, conditions)));
    }
    Safetensors.Write(Path.Combine(folder, $"{name}.expected.safetensors"), expected);
}

static SafetensorsTensor Stored(string name, Tensor tensor)
{
    long[] shape = [.. tensor.Shape.AsSpan().ToArray().Select(static size => (long)size)];
    return tensor.ElementType == ElementType.Int32
        ? SafetensorsTensor.From(name, tensor.ToIntArray(), shape)
        : SafetensorsTensor.From(name, tensor.ToArray(), shape);
}

/// <summary>What the library cannot make: its file holds parameters alone.</summary>
internal sealed class Own : Layer
{
    private readonly Linear _inner;

    public Own() => _inner = Add("inner", new Linear(2, 2));

    public override Tensor Forward(Tensor input) => Ops.MultiplyScalar(_inner.Forward(input), 2);
}

internal static class InitializerValues
{
    public static float[] Values(this Initializer initializer, Shape shape, RandomStream random)
    {
        float[] values = new float[shape.Count];
        initializer.Fill(values, shape, random);
        return values;
    }
}
