using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Models;

/// <summary>
/// One weight w and its decay d: training loss (w - 1)^2 + d w^2, so that the best weight is 1 / (1 + d), and validation loss (w - 1/2)^2, which d = 1 makes
/// zero.
/// </summary>
public sealed class SelfTunerTests
{
    private const int Rows = 16;

    public static IEnumerable<TestCaseData> Forms =>
    [
        Form("self-tuning network", Response, new SelfTunerOptions { LearningRate = 0.02f }, steps: 900),
        Form("self-tuning network, widths too", Response, new SelfTunerOptions { LearningRate = 0.02f, TuneScales = true, ScaleLearningRate = 0.02f }, steps: 900),
        Form("joint", Hyper, new SelfTunerOptions { TrainingSteps = 1, LearningRate = 0.02f }, steps: 900),
        Form("global", Hyper, new SelfTunerOptions { TrainingSteps = 0, WarmUpSteps = 500, PriorDeviation = 1.5f, LearningRate = 0.02f }, steps: 800),
    ];

    [TestCaseSource(nameof(Forms))]
    public void Step_DecayOfOneWeight_FindsTheBest(Func<SelfTuningNetwork> make, SelfTunerOptions options, int steps)
    {
        using SelfTuningNetwork network = make();
        using Adam adam = new(network.Network.Parameters, 0.02f);
        using SelfTuner tuner = new(network, adam, options);
        for (int step = 0; step < steps; step++)
        {
            tuner.Step(step, Rows, l => TrainingLoss(network, l), l => ValidationLoss(network, l));
        }
        Assert.That(network.Space.ValueOf("decay"), Is.EqualTo(1).Within(0.15));
    }

    [Test]
    public void Step_ChangesWeightsOrHyperparameters_NeverBoth()
    {
        using SelfTuningNetwork network = Response();
        using Sgd sgd = new(network.Network.Parameters, 0.05f);
        using SelfTuner tuner = new(network, sgd, new SelfTunerOptions { WarmUpSteps = 1 });
        Assert.That(Enumerable.Range(0, 9).Select(step => tuner.Tunes(step)), Is.EqualTo(new[] { false, false, false, true, false, false, true, false, false }));
        Assert.That(Enumerable.Range(0, 9).Select(steps => tuner.TrainingSteps(steps)), Is.EqualTo(new[] { 0, 1, 2, 3, 3, 4, 5, 5, 6 }));
        for (int step = 0; step < 5; step++)
        {
            (float[] weights, float[] hyper) = (Values(network.Network), Values(network.Space));
            tuner.Step(step, Rows, l => TrainingLoss(network, l), l => ValidationLoss(network, l));
            Assert.That(Values(network.Network), tuner.Tunes(step) ? Is.EqualTo(weights) : Is.Not.EqualTo(weights), $"step {step}");
            Assert.That(Values(network.Space), tuner.Tunes(step) ? Is.Not.EqualTo(hyper) : Is.EqualTo(hyper), $"step {step}");
            Assert.That(network.Training, Is.Not.EqualTo(tuner.Tunes(step)));
            Assert.That(network.Parameters.Select(parameter => parameter.RequiresGradient), Has.All.True);
        }
    }

    [Test]
    public void Step_EntropyThatIsWorthMuch_WidensThePerturbation()
    {
        using SelfTuningNetwork network = Response();
        using Sgd sgd = new(network.Network.Parameters, 0.05f);
        using SelfTuner tuner = new(network, sgd, new SelfTunerOptions { TrainingSteps = 0, TuneScales = true, EntropyWeight = 1 });
        float before = Values(network.Space)[1];
        for (int step = 0; step < 10; step++)
        {
            tuner.Step(step, Rows, l => TrainingLoss(network, l), l => ValidationLoss(network, l));
        }
        Assert.That(Values(network.Space)[1], Is.GreaterThan(before + 0.02f));
    }

    [Test]
    public void Constructor_NumbersOfSteps_AreChecked()
    {
        using SelfTuningNetwork network = Response();
        using Sgd sgd = new(network.Network.Parameters, 0.05f);
        Assert.That(
            () => new SelfTuner(network, sgd, new SelfTunerOptions { TrainingSteps = 0, ValidationSteps = 0, WarmUpSteps = 3 }),
            Throws.ArgumentException.With.Message.StartsWith(
                "SelfTuner: numbers of steps must not be negative, and a cycle must have one; got 0 training steps, 0 validation steps and 3 of warm-up."));
    }

    private static TestCaseData Form(string name, Func<SelfTuningNetwork> make, SelfTunerOptions options, int steps) =>
        new TestCaseData(make, options, steps).SetArgDisplayNames(name);

    private static SelfTuningNetwork Response() => SelfTuningNetwork.For(new Linear(1, 1, bias: false, random: new RandomStream(1)), Space(), random: new RandomStream(2));

    private static SelfTuningNetwork Hyper() => StochasticBestResponse.For(
        new Linear(1, 1, bias: false, random: new RandomStream(1)), Space(), hidden: [20],
        options: new HyperNetworkOptions { Activation = Activation.Tanh, Random = new RandomStream(2) });

    private static HyperparameterSpace Space() => new(Hyperparameter.Positive("decay", 3));

    private static Tensor TrainingLoss(SelfTuningNetwork network, Tensor l)
    {
        Tensor decay = network.Space.Of(network.Space.Values(l), "decay");
        return Ops.Mean(Ops.Add(SquaredDistance(network, l, 1), Ops.Multiply(decay, network.SquaredNorms(l))));
    }

    private static Tensor ValidationLoss(SelfTuningNetwork network, Tensor l) => Ops.Mean(SquaredDistance(network, l, 0.5f));

    // An input of one for each row gives the weights themselves.
    private static Tensor SquaredDistance(SelfTuningNetwork network, Tensor l, float from)
    {
        Tensor ones = Ops.AddScalar(Tensor.Zeros([l.Shape[0], 1]), 1);
        return Ops.Reshape(Ops.Square(Ops.AddScalar(network.Forward(ones, l), -from)), l.Shape[0]);
    }

    private static float[] Values(Layer layer) => [.. layer.Parameters.SelectMany(parameter => parameter.Value.ToArray())];
}
