using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class ParameterAttentionTests
{
    [TestCase(TokenNorm.GeluThenLength)]
    [TestCase(TokenNorm.LengthThenGelu)]
    public void Grow_ByRows_GivesTheSameAnswers_AndIsStored(TokenNorm norm)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using ParameterAttention layer = new(4, 3, tokens: 6, norm, random: new RandomStream(1));
        Tensor x = Ops.RandomNormal([2, 5, 4], new RandomStream(2));
        using ParameterAttention grown = layer.Grow(5, new RandomStream(3));
        grown.Save(folder.File("grown.safetensors"));
        using ParameterAttention again = Layer.Load<ParameterAttention>(folder.File("grown.safetensors"));
        Assert.That(grown.Tokens, Is.EqualTo(11));
        Assert.That(grown.Forward(x).ToArray(), Is.EqualTo(layer.Forward(x).ToArray()).Within(1e-6f));
        Assert.That(again.Forward(x).ToArray(), Is.EqualTo(grown.Forward(x).ToArray()));
    }

    [Test]
    public void Forward_Softmax_IsTokensTimesTheMeanOfValuesWhereScoresAreEqual()
    {
        using MemoryScope scope = new();
        using ParameterAttention layer = new(4, 3, tokens: 6, TokenNorm.Softmax, random: new RandomStream(1));
        float[] expected = Ops.Sum(layer.Values.Value, [0]).ToArray();
        Assert.That(layer.Forward(Tensor.Zeros([1, 4])).ToArray(), Is.EqualTo(expected).Within(1e-6f));
        Assert.That(() => layer.Grow(1), Throws.InvalidOperationException.With.Message.StartsWith("ParameterAttention.Grow: with a softmax new rows change the answers."));
    }
}
