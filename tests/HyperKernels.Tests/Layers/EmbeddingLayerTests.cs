using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers;

public sealed class EmbeddingLayerTests
{
    [Test]
    public void Constructor_DrawsAGaussianTable()
    {
        using Embedding layer = new(100, 50, new RandomStream(4));
        float[] values = layer.Weight.Value.ToArray();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(values.Average(), Is.Zero.Within(0.05));
            Assert.That(values.Average(value => value * value), Is.EqualTo(1).Within(0.06));
            Assert.That(layer.NamedParameters()[0].Role, Is.EqualTo(ParameterRole.Table));
        }
    }

    [Test]
    public void Forward_IndexOutOfRange_IsRefused()
    {
        using Embedding layer = new(4, 3);

        Assert.That(() => layer.Forward(Tensor.From([4])), Throws.ArgumentException);
    }
}
