using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers;

public sealed class DenseLayerTests
{
    [TestCase(true)]
    [TestCase(false)]
    public void Linear_MatchesPlainLoops(bool bias)
    {
        using Linear layer = new(5, 3, bias);

        LayerCheck.Run(layer, [2, 4, 5], (p, x) => PlainLayers.Linear(x[0], p[0], bias ? p[1] : null, 5, 3));
    }

    [Test]
    public void Mlp_MatchesPlainLoopsAndPyTorchsNames()
    {
        using Mlp layer = new([4, 6, 5, 2], Activation.Tanh);

        LayerCheck.Run(layer, [3, 4], (p, x) =>
        {
            double[] first = [.. PlainLayers.Linear(x[0], p[0], p[1], 4, 6).Select(Math.Tanh)];
            double[] second = [.. PlainLayers.Linear(first, p[2], p[3], 6, 5).Select(Math.Tanh)];
            return PlainLayers.Linear(second, p[4], p[5], 5, 2);
        });
        Assert.That(
            layer.NamedParameters().Select(named => named.ToString()),
            Is.EqualTo(new[] { "0.weight [6, 4]", "0.bias [6]", "2.weight [5, 6]", "2.bias [5]", "4.weight [2, 5]", "4.bias [2]" }));
    }

    [Test]
    public void Sequential_FusesActivationsWithoutChangingTheResult()
    {
        Linear linear = new(4, 6);
        LeakyRelu activation = new(0.2f);
        using Sequential layer = [linear, activation, new Linear(6, 2)];

        LayerCheck.Run(layer, [3, 4], (p, x) =>
        {
            double[] hidden = [.. PlainLayers.Linear(x[0], p[0], p[1], 4, 6).Select(value => value > 0 ? value : 0.2f * value)];
            return PlainLayers.Linear(hidden, p[2], p[3], 6, 2);
        });
        Tensor input = Tensor.From(Initializer.Normal().Draw([3, 4], new RandomStream(2)), [3, 4]);
        Assert.That(new Sequential(linear, activation).Forward(input).ToArray(), Is.EqualTo(activation.Forward(linear.Forward(input)).ToArray()));
    }

    [Test]
    public void Sequential_SameLayerTwice_IsTied()
    {
        Linear linear = new(4, 4);
        using Sequential layer = [linear, new Tanh(), linear];

        LayerCheck.Run(layer, [3, 4], (p, x) =>
        {
            double[] hidden = [.. PlainLayers.Linear(x[0], p[0], p[1], 4, 4).Select(Math.Tanh)];
            return PlainLayers.Linear(hidden, p[0], p[1], 4, 4);
        });
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

    public static IEnumerable<TestCaseData> Activations()
    {
        yield return Case(new Relu(), x => Math.Max(x, 0));
        yield return Case(new LeakyRelu(), x => x > 0 ? x : 0.01f * x);
        yield return Case(new Tanh(), Math.Tanh);
        yield return Case(new Sigmoid(), PlainLayers.Sigmoid);
        yield return Case(new GeluTanh(), x => x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))) / 2);
        yield return Case(new Silu(), x => x * PlainLayers.Sigmoid(x));
        yield return Case(new Elu(0.5f), x => x > 0 ? x : 0.5 * (Math.Exp(x) - 1));
        yield return Case(new Softplus(), x => Math.Log(1 + Math.Exp(x)));
        yield return Case(new Sine(3), x => Math.Sin(3 * x));
        yield return Case(new Gelu(), x => x * NormalDistribution(x));
    }

    [TestCaseSource(nameof(Activations))]
    public void Activation_MatchesItsFormula(TensorLayer layer, Func<double, double> formula) =>
        LayerCheck.Run(layer, [3, 7], (_, x) => [.. x[0].Select(formula)]);

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

    private static TestCaseData Case(TensorLayer layer, Func<double, double> formula) => new TestCaseData(layer, formula).SetArgDisplayNames(layer.GetType().Name);

    // The distribution function of the Gaussian by Simpson's rule from 0: exact to 1e-12 here, and independent of any erf of ours.
    private static double NormalDistribution(double x)
    {
        const int Steps = 200;
        double sum = Density(0) + Density(x);
        for (int i = 1; i < Steps; i++)
        {
            sum += (i % 2 == 1 ? 4 : 2) * Density(x * i / Steps);
        }
        return 0.5 + (sum * x / Steps / 3);

        static double Density(double value) => Math.Exp(-value * value / 2) / Math.Sqrt(2 * Math.PI);
    }
}
