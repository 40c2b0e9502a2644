using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers;

public sealed class DenseLayerTests
{
    [Test]
    public void Mlp_HasPyTorchsNames()
    {
        using Mlp layer = new([4, 6, 5, 2], Activation.Tanh);

        Assert.That(
            layer.NamedParameters().Select(named => named.ToString()),
            Is.EqualTo(new[] { "0.weight [6, 4]", "0.bias [6]", "2.weight [5, 6]", "2.bias [5]", "4.weight [2, 5]", "4.bias [2]" }));
    }

    [Test]
    public void Sequential_FusesActivationsWithoutChangingTheResult()
    {
        Linear linear = new(4, 6);
        LeakyRelu activation = new(0.2f);
        using Sequential layer = [linear, activation];
        Tensor input = Tensor.From(Initializer.Normal().Draw([3, 4], new RandomStream(2)), [3, 4]);

        Assert.That(layer.Forward(input).ToArray(), Is.EqualTo(activation.Forward(linear.Forward(input)).ToArray()));
    }

    [Test]
    public void Sequential_SameLayerTwice_IsTied()
    {
        Linear linear = new(4, 4);
        using Sequential layer = [linear, new Tanh(), linear];

        Assert.That(layer.NamedParameters()[0].Names, Is.EqualTo(new[] { "0.weight", "2.weight" }));
    }

    [Test]
    public void Sequential_IsAListOfItsLayers()
    {
        using Sequential layer = [new Linear(2, 3), new Relu()];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(layer, Has.Length.EqualTo(2));
            Assert.That(layer[1], Is.TypeOf<Relu>());
            Assert.That(layer.Select(inner => inner.GetType().Name), Is.EqualTo(new[] { "Linear", "Relu" }));
            Assert.That(layer.Count, Is.EqualTo(9), "parameters");
        }
    }

    [Test]
    public void Linear_FirstValues_AreWithinPyTorchsBounds()
    {
        using Linear layer = new(100, 400, random: new RandomStream(1));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(layer.Weight.Value.ToArray().Max(MathF.Abs), Is.EqualTo(0.1).Within(0.5).Percent);
            Assert.That(layer.Bias!.Value.ToArray().Max(MathF.Abs), Is.EqualTo(0.1).Within(2).Percent);
        }
    }
}
