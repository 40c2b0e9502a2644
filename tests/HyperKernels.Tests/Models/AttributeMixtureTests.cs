using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class AttributeMixtureTests
{
    private const int Tokens = 5;
    private const int Features = 4;

    [Test]
    public void Forward_TwoRows_AreTheMergedPlainLayersSegmentBySegment([Values(0, 2, Tokens)] int first, [Values(1, 2)] int active)
    {
        using MemoryScope scope = new();
        using AttributeMixture layer = Layer(active);
        Tensor x = Ops.RandomNormal([2, Tokens, Features], new RandomStream(1));
        Tensor attributes = Tensor.From([1f, 0, 0, 1, 0, 1], [2, 3]);

        float[] y = layer.Forward(x, attributes, first).ToArray();

        using TensorLayer before = layer.Merge(Ops.Slice(attributes, 0, 0, 1));
        using TensorLayer after = layer.Merge(Ops.Slice(attributes, 0, 1, 1));
        (float[] one, float[] two) = (before.Forward(x).ToArray(), after.Forward(x).ToArray());
        Assert.That(y, Is.EqualTo(one.Select((value, i) => i / 3 % Tokens < first ? value : two[i])).Within(1e-5));
        Assert.That(one, Is.Not.EqualTo(two).Within(1e-3), "the rows must differ for this to show anything");
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using AttributeMixture layer = Layer(2);
        layer.Save(folder.File("mixture.safetensors"));

        using AttributeMixture again = HyperKernels.Layers.Layer.Load<AttributeMixture>(folder.File("mixture.safetensors"));

        Tensor x = Ops.RandomNormal([2, Tokens, Features], new RandomStream(1));
        Tensor attributes = Tensor.From([1f, 0, 1], [1, 3]);
        Assert.That(again.Forward(x, attributes).ToArray(), Is.EqualTo(layer.Forward(x, attributes).ToArray()));
    }

    [Test]
    public void Forward_ThreeRowsOrTooManyTokens_AreRefused()
    {
        using MemoryScope scope = new();
        using AttributeMixture layer = Layer(1);
        Tensor x = Tensor.Zeros([2, Tokens, Features]);
        Assert.Multiple(() =>
        {
            Assert.That(
                () => layer.Forward(x, Tensor.Zeros([3, 3])),
                Throws.ArgumentException.With.Message.StartsWith(
                    "AttributeMixture: one row of attributes serves all tokens, two share them out from 0 to 5; got 3 rows and 0 first tokens."));
            Assert.That(() => layer.Forward(x, Tensor.Zeros([2, 3]), first: 6), Throws.ArgumentException);
            Assert.That(() => new AttributeGate(3, 4, 2, active: 3), Throws.ArgumentException.With.Message.StartsWith("AttributeGate: from 1 to 2 experts can be active; got 3."));
        });
    }

    private static AttributeMixture Layer(int active)
    {
        RandomStream random = new(6);
        return new AttributeMixture(new Linear(Features, 3, random: random), new AttributeGate(3, 6, 5, active, gelu: true, random), random);
    }
}
