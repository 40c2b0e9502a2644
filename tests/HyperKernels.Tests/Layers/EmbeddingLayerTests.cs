using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers;

public sealed class EmbeddingLayerTests
{
    [Test]
    public void Forward_LooksRowsUp()
    {
        using Embedding layer = new(4, 3);
        int[] indices = [3, 0, 0, 2, 3, 3];

        LayerCheck.Run(
            layer,
            _ => layer.Forward(Tensor.From(indices, [2, 3])),
            [],
            (p, _) => [.. indices.SelectMany(index => p[0].AsSpan(index * 3, 3).ToArray())]);
        Assert.That(layer.Forward(Tensor.From(indices, [2, 3])).Shape, Is.EqualTo(new Shape(2, 3, 3)));
    }

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
