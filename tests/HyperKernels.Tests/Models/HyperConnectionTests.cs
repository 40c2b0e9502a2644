using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class HyperConnectionTests
{
    private const int Features = 5;
    private const int Streams = 3;

    [TestCase(true, StreamNorm.Layer)]
    [TestCase(true, StreamNorm.Length)]
    [TestCase(false, StreamNorm.Layer)]
    public void Forward_FreshStack_IsAResidualStack(bool isDynamic, StreamNorm norm)
    {
        using MemoryScope scope = new();
        Tensor x = Ops.RandomNormal([2, 4, Features], new RandomStream(1));
        Tensor h = HyperConnection.Expand(x, Streams);
        Tensor expected = x;
        for (int index = 0; index < 4; index++)
        {
            TensorLayer block = new Sequential(new Linear(Features, Features, random: new RandomStream((ulong)index)), new Tanh());
            using HyperConnection layer = new(block, Features, Streams, index, isDynamic, norm);
            h = layer.Forward(h);
            expected = Ops.Add(expected, block.Forward(expected));
        }
        // Every stream got every answer: each is the plain residual stream.
        Assert.That(HyperConnection.Merge(h).ToArray(), Is.EqualTo(Ops.MultiplyScalar(expected, Streams).ToArray()).Within(1e-4f));
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers([Values] StreamNorm norm, [Values] bool isDynamic)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using HyperConnection layer = new(new Linear(Features, Features), Features, Streams, 1, isDynamic, norm, Activation.None);
        RandomStream random = new(4);
        foreach (Parameter parameter in layer.Parameters)
        {
            float[] values = new float[parameter.Shape.Count];
            random.FillNormal(values, 0, 0.5f);
            parameter.Load(values);
        }
        layer.Save(folder.File("layer.safetensors"));
        using HyperConnection again = Layer.Load<HyperConnection>(folder.File("layer.safetensors"));
        Tensor h = Ops.RandomNormal([2, 4, Streams, Features], new RandomStream(1));
        Assert.That(again.Forward(h).ToArray(), Is.EqualTo(layer.Forward(h).ToArray()));
    }

    [Test]
    public void Forward_WithoutStreams_IsRefused()
    {
        using MemoryScope scope = new();
        using HyperConnection layer = new(new Linear(Features, Features), Features, Streams);
        Assert.That(
            () => layer.Forward(Tensor.Ones([2, 4, Features])),
            Throws.ArgumentException.With.Message.StartsWith("HyperConnection: the input must be [batch, ..., 3, 5]; got [2, 4, 5]. Expand makes streams."));
    }
}
