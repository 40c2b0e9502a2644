using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class LeNetTests
{
    [Test]
    public void Create_HasPyTorchsNamesAndCount()
    {
        using Sequential network = LeNet.Create();
        using MemoryScope scope = new();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(network.Count, Is.EqualTo(21_840));
            Assert.That(
                network.NamedParameters().Select(named => named.Name),
                Is.EqualTo(new[] { "0.weight", "0.bias", "3.weight", "3.bias", "7.weight", "7.bias", "9.weight", "9.bias" }));
            Assert.That(network.Forward(Tensor.Zeros([3, 1, LeNet.Side, LeNet.Side])).Shape, Is.EqualTo(new Shape(3, 10)));
        }
    }

    [Test]
    public void CreateTarget_DrawsByFanIn_AndFromTheGivenStreamAlone()
    {
        RandomState before = Initializer.Random.State;
        using Sequential network = LeNet.CreateTarget(new RandomStream(3));
        using Sequential again = LeNet.CreateTarget(new RandomStream(3));
        float[] weight = network.NamedParameters().Single(named => named.Name == "7.weight").Parameter.Value.ToArray();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Initializer.Random.State, Is.EqualTo(before));
            Assert.That(weight, Is.EqualTo(again.NamedParameters().Single(named => named.Name == "7.weight").Parameter.Value.ToArray()));
            Assert.That(Math.Sqrt(weight.Average(value => (double)value * value)), Is.EqualTo(Math.Sqrt(2.0 / 320)).Within(0.02 * Math.Sqrt(2.0 / 320)));
            IEnumerable<NamedParameter> biases = network.NamedParameters().Where(named => named.Role == ParameterRole.Bias);
            Assert.That(biases.SelectMany(named => named.Parameter.Value.ToArray()), Has.All.Zero);
        }
    }
}
