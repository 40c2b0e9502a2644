using System.Text.Json;
using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers;

/// <summary>Every layer of the library can be written into a file and made again, or stands in a list of those that cannot, with the reason.</summary>
public sealed class LayerFormatTests
{
    // Parts of a hypernetwork: its own format describes them.
    private static readonly Type[] s_described = [typeof(HyperNetwork), typeof(Conditioning), typeof(GeneratorMlp), typeof(FullEmission), typeof(HeadsEmission), typeof(ChunkedEmission)];

    // With settings that are not the defaults, so that one that is left out shows.
    private static readonly (Layer Layer, Shape? Input)[] s_samples =
    [
        (new Sequential(new Linear(3, 4), new Tanh()), [2, 3]),
        (new Residual(new Linear(3, 3)), [2, 3]),
        (new Linear(3, 4, bias: false), [2, 3]),
        (new Mlp([3, 4, 5], Activation.Elu(0.5f), bias: false), [2, 3]),
        (new Conv1d(2, 4, kernelSize: 3, stride: 2, padding: 1, dilation: 2, groups: 2, bias: false), [2, 2, 9]),
        (new Conv2d(2, 4, (3, 2), new Conv2dOptions { StrideH = 2, StrideW = 1, PaddingH = 1, PaddingW = 2, DilationH = 1, DilationW = 2, Groups = 2 }, bias: false), [2, 2, 9, 8]),
        (new Embedding(5, 3), null),
        (new LayerNorm(new Shape(2, 3), 0.3f, affine: false), [4, 2, 3]),
        (new RmsNorm(new Shape(2, 3), 0.3f), [4, 2, 3]),
        (new GroupNorm(2, 4, 0.3f, affine: false), [2, 4, 3]),
        (new BatchNorm(3, 0.3f, 0.2f, affine: false), [5, 3]),
        (new MaxPool2d(3, 2, 1), [1, 2, 8, 8]),
        (new AveragePool2d(3, 2, 1), [1, 2, 8, 8]),
        (new AdaptiveAveragePool2d(2, 3), [1, 2, 8, 8]),
        (new Dropout(0), [2, 3]),
        (new Flatten(2), [2, 3, 4, 5]),
        (new GruCell(3, 4, bias: false), [2, 3]),
        (new LstmCell(3, 4), [2, 3]),
        (new HypergraphConv(3, 4, bias: false), null),
        (new Relu(), [2, 3]), (new LeakyRelu(0.3f), [2, 3]), (new Tanh(), [2, 3]), (new Sigmoid(), [2, 3]), (new Gelu(), [2, 3]),
        (new GeluTanh(), [2, 3]), (new Silu(), [2, 3]), (new Elu(0.7f), [2, 3]), (new Softplus(), [2, 3]), (new Sine(2), [2, 3]),
    ];

    public static IEnumerable<TestCaseData> Samples => s_samples.Select(s => new TestCaseData(s.Layer, s.Input).SetArgDisplayNames(s.Layer.GetType().Name));

    public static IEnumerable<TestCaseData> SamplesWithWeights =>
        s_samples.Where(s => s.Layer.Count > 0).Select(s => new TestCaseData(s.Layer).SetArgDisplayNames(s.Layer.GetType().Name));

    [Test]
    public void Samples_HoldEveryPublicLayer()
    {
        IEnumerable<Type> all = typeof(Layer).Assembly.GetExportedTypes().Where(type => type.IsSubclassOf(typeof(Layer)) && !type.IsAbstract);
        Assert.That(s_samples.Select(s => s.Layer.GetType()).Concat(s_described), Is.EquivalentTo(all));
    }

    [TestCaseSource(nameof(Samples))]
    public void Read_OfWhatWasWritten_IsTheSameLayer(Layer layer, Shape? input)
    {
        using MemoryScope scope = new();
        Layer again = LayerFormat.Copy(layer);
        again.LoadState(layer.GetState());
        Assert.That(again.ToString(), Is.EqualTo(layer.ToString()));
        Assert.That(LayerFormat.TryWrite(again)!.ToJsonString(), Is.EqualTo(LayerFormat.TryWrite(layer)!.ToJsonString()));
        if (input is { } shape)
        {
            Tensor x = Ops.RandomNormal(shape, new RandomStream(1));
            Assert.That(Run(again, x), Is.EqualTo(Run(layer, x)));
        }
    }

    private static float[] Run(Layer layer, Tensor input) => (layer switch
    {
        GruCell cell => cell.Forward(input),
        LstmCell cell => cell.Forward(input),
        _ => ((TensorLayer)layer).Forward(input),
    }).ToArray();

    [TestCaseSource(nameof(SamplesWithWeights))]
    public void Read_WithFewerWeightsThanTheLayerNeeds_IsRefused(Layer layer)
    {
        long largest = layer.Parameters.Max(p => p.Shape.Count);
        using JsonDocument json = JsonDocument.Parse(LayerFormat.TryWrite(layer)!.ToJsonString());
        Assert.That(() => LayerFormat.Read(json.RootElement, largest), Throws.Nothing);
        Assert.That(() => LayerFormat.Read(json.RootElement, largest - 1), Throws.TypeOf<FormatException>());
    }
}
