using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Models;

public sealed class BayesianHyperNetworkTests
{
    private const int Features = 5;

    private static readonly Func<FlowChain>[] s_flows =
    [
        () => new FlowChain([new AffineFlow(Features)]),
        () => FlowChain.RealNvp(Features, couplings: 3, hiddenFeatures: 7, new RandomStream(1)),
        () => FlowChain.InverseAutoregressive(Features, layers: 2, hiddenFeatures: 9, new RandomStream(1)),
    ];

    [TestCaseSource(nameof(s_flows))]
    public void LogDeterminant_IsThatOfANumericalJacobian(Func<FlowChain> make)
    {
        const float Step = 2e-3f;
        using MemoryScope scope = new();
        using FlowChain flow = Rough(make());
        float[] at = [0.3f, -0.7f, 1.1f, 0.2f, -0.4f];
        float[] Values(int moved, float by)
        {
            float[] x = [.. at];
            x[moved] += by;
            return flow.Forward(Tensor.From(x, [1, Features])).ToArray();
        }
        double[,] jacobian = new double[Features, Features];
        for (int column = 0; column < Features; column++)
        {
            (float[] above, float[] below) = (Values(column, Step), Values(column, -Step));
            for (int row = 0; row < Features; row++)
            {
                jacobian[row, column] = (above[row] - (double)below[row]) / (2 * Step);
            }
        }
        float actual = flow.Transform(Tensor.From(at, [1, Features])).LogDeterminant.ToArray()[0];
        Assert.That(actual, Is.EqualTo(LogDeterminant(jacobian)).Within(2e-3));
    }

    [TestCaseSource(nameof(s_flows))]
    public void Inverse_OfAnOutput_IsItsInput(Func<FlowChain> make)
    {
        using MemoryScope scope = new();
        using FlowChain flow = Rough(make());
        Tensor x = Ops.RandomNormal([4, Features], new RandomStream(3));
        Assert.That(flow.Inverse(flow.Forward(x)).ToArray(), Is.EqualTo(x.ToArray()).Within(1e-4));
    }

    [Test]
    public void Regulariser_OfANormalDistribution_IsItsDivergenceFromThePrior()
    {
        using MemoryScope scope = new();
        using AffineFlow flow = new(2);
        flow.LogScale.Load([-0.5f, 0.3f]);
        flow.Shift.Load([1, -2]);
        double expected = 0;
        foreach ((double logScale, double mean) in (ReadOnlySpan<(double, double)>)[(-0.5, 1), (0.3, -2)])
        {
            double s = Math.Exp(logScale) + 0.001;
            double d = mean - 0.5;
            expected += -Math.Log(s) - (0.5 * Math.Log(4)) + (2 * ((s * s) + (d * d))) - 0.5;
        }
        Tensor noise = Ops.RandomNormal([50_000, 2], new RandomStream(1));
        Assert.That(new FlowRegulariser(10, precision: 4, mean: 0.5f).Loss(flow, noise).ToScalar(), Is.EqualTo(expected / 10).Within(0.02));
    }

    [Test]
    public void For_StartsAtTheTarget_WithGainsAsLengthsOfRows()
    {
        using MemoryScope scope = new();
        using Sequential target = Net();
        float[] own = [.. target.NamedParameters().Where(named => named.Role == ParameterRole.Weight).SelectMany(named => named.Parameter.OwnValue.ToArray())];
        using HyperNetwork network = BayesianHyperNetwork.For(target, features => FlowChain.RealNvp(features, 2, 8, new RandomStream(1)), random: new RandomStream(2));
        Assert.That(network.Emission.Width, Is.EqualTo(3 + 2), "a gain for each of the outputs");
        Assert.That(network.Generate(Tensor.Zeros([1, 5])).ToArray(), Is.EqualTo(own).Within(1e-5));

        FlowChain flow = Rough((FlowChain)network.Generator);
        Tensor noise = Ops.RandomNormal([1, 5], new RandomStream(3));
        float[] gains = flow.Forward(noise).ToArray();
        float[] weights = network.Generate(noise).ToArray();
        double[] lengths = [.. weights[..27].Chunk(9).Concat(weights[27..].Chunk(12)).Select(row => Math.Sqrt(row.Sum(x => (double)x * x)))];
        Assert.That(lengths, Is.EqualTo(gains.Select(gain => (double)Math.Abs(gain))).Within(1e-4));
    }

    [Test]
    public void Forward_NoiseForEverySample_IsAnOrdinaryNetworkOfEach()
    {
        using MemoryScope scope = new();
        using HyperNetwork network = BayesianHyperNetwork.For(Net(), random: new RandomStream(2));
        Rough((FlowChain)network.Generator);
        Tensor x = Ops.RandomNormal([3, 1, 4, 4], new RandomStream(3));
        Tensor noise = BayesianHyperNetwork.DrawNoise(network, 3, new RandomStream(4));

        float[] actual = network.Forward(x, noise).ToArray();

        for (int sample = 0; sample < 3; sample++)
        {
            using TensorLayer ordinary = network.Materialize(Ops.Slice(noise, 0, sample, 1).ToArray());
            Assert.That(actual[(2 * sample)..((2 * sample) + 2)], Is.EqualTo(ordinary.Forward(Ops.Slice(x, 0, sample, 1)).ToArray()).Within(1e-5));
        }
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Load_AfterSave_GivesTheSameWeights(bool autoregressive)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using HyperNetwork network = BayesianHyperNetwork.For(
            Net(), features => autoregressive ? FlowChain.InverseAutoregressive(features, 2, 6) : FlowChain.RealNvp(features, 2, 6), random: new RandomStream(2));
        Rough((FlowChain)network.Generator);
        network.Save(folder.File("network.safetensors"));

        using HyperNetwork again = HyperNetwork.Load(folder.File("network.safetensors"));

        Tensor noise = BayesianHyperNetwork.DrawNoise(network, 2, new RandomStream(4));
        Assert.That(again.Generate(noise).ToArray(), Is.EqualTo(network.Generate(noise).ToArray()));
    }

    [Test]
    public void Training_RaisesTheBound_AndLeavesDoubtWhereTheDataDo()
    {
        using MemoryScope scope = new();
        using Sequential target = [new Linear(1, 12, random: new RandomStream(1)), new Tanh(), new Linear(12, 1, random: new RandomStream(2))];
        using HyperNetwork network = BayesianHyperNetwork.For(target, features => FlowChain.RealNvp(features, 2, 16, new RandomStream(3)), random: new RandomStream(4));
        FlowChain flow = (FlowChain)network.Generator;
        FlowRegulariser regulariser = new(samples: 20);
        using Adam adam = new(network.Parameters, 0.01f);
        float[] places = [.. Enumerable.Range(0, 20).Select(i => -0.5f + (0.05f * i))];
        Tensor x = Tensor.From(places, [20, 1]);
        Tensor y = Tensor.From(Array.ConvertAll(places, place => MathF.Sin(3 * place)), [20, 1]);
        RandomStream random = new(5);
        List<double> bounds = [];
        for (int step = 0; step < 300; step++)
        {
            using Tape tape = new();
            Tensor noise = BayesianHyperNetwork.DrawNoise(network, 1, random);
            // Known noise of deviation 0.1 around the function.
            Tensor likelihood = Ops.MultiplyScalar(Ops.MeanSquaredError(network.Forward(x, noise), y), 0.5f * 100);
            Tensor loss = Ops.Add(likelihood, regulariser.Loss(flow, noise));
            tape.Backward(loss);
            BayesianHyperNetwork.Clip(tape, network.Parameters);
            adam.Step(tape);
            bounds.Add(loss.ToScalar());
        }
        Assert.That(bounds[^30..].Average(), Is.LessThan(0.3 * bounds[..5].Average()));

        Tensor draws = BayesianHyperNetwork.DrawNoise(network, 64, random);
        double Deviation(float place)
        {
            float[] answers = network.Forward(Tensor.From(Enumerable.Repeat(place, 64).ToArray(), [64, 1]), draws).ToArray();
            double mean = answers.Average();
            return Math.Sqrt(answers.Average(answer => (answer - mean) * (answer - mean)));
        }
        // Over all places: at 0 alone, where a network without biases has no doubt, it is anything from 0.00002 to 0.005, by the seed.
        double within = places.Average(Deviation);
        Assert.That(within, Is.GreaterThan(0.005).And.LessThan(0.2));
        Assert.That(Deviation(3), Is.GreaterThan(1.5 * within));
    }

    [Test]
    public void Errors_SayWhatMustHold()
    {
        using MemoryScope scope = new();
        Assert.Multiple(() =>
        {
            Assert.That(() => BayesianHyperNetwork.For(Net(), _ => FlowChain.RealNvp(4)), Throws.ArgumentException.With.Message.StartsWith(
                "BayesianHyperNetwork.For: the flow must have 5 features, a gain each; it has 4."));
            Assert.That(() => new AffineFlow(3).Forward(Tensor.Zeros([2, 4])), Throws.ArgumentException.With.Message.StartsWith("AffineFlow: rows must be [C, 3]; got [2, 4]."));
            Assert.That(() => new PermutationFlow([0, 2]), Throws.ArgumentException.With.Message.StartsWith("PermutationFlow: the order must have every number from 0 to 1 once"));
            Assert.That(() => new CouplingFlow(1), Throws.ArgumentException.With.Message.StartsWith("CouplingFlow: features must be at least 2"));
        });
    }

    private static Sequential Net() =>
        [new Conv2d(1, 3, 3, random: new RandomStream(1)), new Tanh(), new Flatten(), new Linear(12, 2, random: new RandomStream(2))];

    // Far from the identity at which flows start.
    private static FlowChain Rough(FlowChain flow)
    {
        RandomStream random = new(9);
        foreach (Parameter parameter in flow.Parameters)
        {
            Initializer.Normal(0, 0.4f).Apply(parameter, random);
        }
        return flow;
    }

    private static double LogDeterminant(double[,] matrix)
    {
        double sum = 0;
        int size = matrix.GetLength(0);
        for (int k = 0; k < size; k++)
        {
            int pivot = Enumerable.Range(k, size - k).MaxBy(row => Math.Abs(matrix[row, k]));
            for (int j = 0; j < size; j++)
            {
                (matrix[k, j], matrix[pivot, j]) = (matrix[pivot, j], matrix[k, j]);
            }
            sum += Math.Log(Math.Abs(matrix[k, k]));
            for (int row = k + 1; row < size; row++)
            {
                double factor = matrix[row, k] / matrix[k, k];
                for (int j = k; j < size; j++)
                {
                    matrix[row, j] -= factor * matrix[k, j];
                }
            }
        }
        return sum;
    }
}
