using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class HydraTests
{
    [Test]
    public void ToLinear_GivesTheSame_AndAFreshLayerItsBase([Values] bool bias)
    {
        using MemoryScope scope = new();
        using Hydra layer = new(new Linear(4, 5, bias, new RandomStream(1)), rank: 2, scale: 0.7f, dropout: 0.5f, random: new RandomStream(1));
        Tensor x = Ops.RandomNormal([3, 6, 4], new RandomStream(2));
        layer.Eval();
        Assert.That(layer.Forward(x).ToArray(), Is.EqualTo(layer.Inner.Forward(x).ToArray()));
        RandomStream random = new(3);
        foreach (Parameter parameter in layer.Parameters)
        {
            float[] values = new float[parameter.Shape.Count];
            random.FillNormal(values);
            parameter.Load(values);
        }

        using Linear merged = layer.ToLinear();

        float[] expected = merged.Forward(x).ToArray();
        Assert.That(layer.Forward(x).ToArray(), Is.EqualTo(expected).Within(1e-5 * expected.Max(Math.Abs)));
        Assert.That(expected, Is.Not.EqualTo(layer.Inner.Forward(x).ToArray()).Within(0.1));
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using Hydra layer = new(new Linear(4, 5), rank: 2, scale: 0.7f, dropout: 0.2f, trainsBase: true, random: new RandomStream(1));
        layer.Eval();
        Initializer.Normal().Apply(layer.SequentialUp.Weight, new RandomStream(2));
        layer.Save(folder.File("hydra.safetensors"));
        using Hydra again = Layer.Load<Hydra>(folder.File("hydra.safetensors"));
        Tensor x = Ops.RandomNormal([3, 4], new RandomStream(2));
        Assert.That(again.Forward(x).ToArray(), Is.EqualTo(layer.Forward(x).ToArray()));
        Assert.That(again.Parameters.Select(p => p.RequiresGradient), Is.All.True);
        using Hydra frozen = new(new Linear(4, 5), rank: 2);
        Assert.That(frozen.Parameters.Where(p => !p.RequiresGradient), Is.EqualTo(frozen.Inner.Parameters));
    }
}
