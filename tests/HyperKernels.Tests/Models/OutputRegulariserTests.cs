using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Models;

public sealed class OutputRegulariserTests
{
    private static readonly TaskHyperNetworkOptions s_form = new() { Hidden = [6], ChunkSize = 10, Dropout = 0.5f };

    [TestCase(false)]
    [TestCase(true)]
    public void Loss_IsTheWeightedSumOverWeights_AndTheMeanOverTasks(bool recompute)
    {
        using MemoryScope scope = new();
        using HyperNetwork network = TaskHyperNetworkTests.Make(s_form);
        double[] scaling = [0.5, 3];
        using OutputRegulariser regulariser = new(network, new OutputRegulariserOptions { Recompute = recompute, Scaling = scaling });
        int count = network.Manifest.Count;
        float[] importances = [.. Enumerable.Range(0, count).Select(i => i % 3 * 0.5f)];
        network.Eval();
        float[] before = All(network);
        network.Train();
        regulariser.Record(2);
        regulariser.SetImportances(1, importances);
        Assert.That(network.Training && network.NamedLayers().All(named => named.Layer.Training), "recording changes no mode");
        network.Eval();
        Assert.That(regulariser.Loss().ToScalar(), Is.Zero.Within(1e-10));

        Shift(network);

        float[] after = All(network);
        double expected = 0;
        for (int i = 0; i < 2 * count; i++)
        {
            double difference = (double)after[i] - before[i];
            expected += scaling[i / count] * (i < count ? 1 : importances[i - count]) * difference * difference / 2;
        }
        Assert.That(regulariser.Loss().ToScalar(), Is.EqualTo(expected).Within(1e-4).Percent);
    }

    [Test]
    public void Loss_OfASubset_IsTheMeanOverIt()
    {
        using MemoryScope scope = new();
        using HyperNetwork network = TaskHyperNetworkTests.Make(s_form with { Dropout = 0 });
        using OutputRegulariser all = new(network);
        using OutputRegulariser one = new(network, new OutputRegulariserOptions { Subset = 1, Random = new RandomStream(3) });
        all.Record(3);
        one.Record(3);
        Shift(network);
        double[] losses = [.. Enumerable.Range(0, 60).Select(_ => (double)one.Loss().ToScalar())];
        double[] different = [.. losses.Distinct()];
        Assert.That(different, Has.Length.EqualTo(3));
        Assert.That(different.Average(), Is.EqualTo(all.Loss().ToScalar()).Within(1e-4).Percent);
        Assert.That(different.Select(value => losses.Count(loss => loss == value)), Has.All.InRange(8, 35));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Loss_LookingAhead_IsThatAfterTheStep_WhichIsNotTaken(bool adam)
    {
        using HyperNetwork network = TaskHyperNetworkTests.Make(s_form with { Dropout = 0 });
        using Optimizer optimizer = adam ? new Adam(network.Parameters, 0.01f) : new Sgd(network.Parameters, 0.1f, momentum: 0.9f);
        using OutputRegulariser regulariser = new(network);
        regulariser.Record(1);
        for (int step = 0; step < 3; step++)
        {
            using Tape tape = new();
            tape.Backward(Ops.Sum(Ops.Square(network.Generate(Tensor.From([1])))));
            float[] before = All(network);
            IReadOnlyDictionary<Parameter, Tensor> change = LookAhead.Of(optimizer, tape);
            Assert.That(All(network), Is.EqualTo(before));
            float ahead = regulariser.Loss(change).ToScalar();
            optimizer.Step(tape);
            Assert.That(ahead, Is.Positive);
            Assert.That(regulariser.Loss().ToScalar(), Is.EqualTo(ahead).Within(0.01).Percent, $"step {step}");
        }
    }

    [Test]
    public void Loss_SendsGradientsToTheGeneratorAlone_AndProtectsNothingAtFirst()
    {
        using HyperNetwork network = TaskHyperNetworkTests.Make(s_form with { Dropout = 0 });
        using OutputRegulariser regulariser = new(network);
        ((TaskConditioning)network.Conditioning).Learn(2);
        Assert.That(regulariser.Loss().ToScalar(), Is.Zero);
        regulariser.Record(2);
        Shift(network);
        using Tape tape = new();
        tape.Backward(regulariser.Loss());
        Assert.Multiple(() =>
        {
            foreach (NamedParameter named in network.NamedParameters())
            {
                bool isFrozen = named.Name is "conditioning.task0" or "conditioning.task1";
                bool isMoved = tape.TryGetGradient(named.Parameter.OwnValue, out Tensor gradient) && gradient.ToArray().Any(value => value != 0);
                Assert.That(isMoved, Is.EqualTo(!isFrozen && named.Name != "conditioning.task2"), named.Name);
            }
        });
    }

    [TestCase(false)]
    [TestCase(true)]
    public void LoadState_OfAnother_ProtectsTheSame(bool recompute)
    {
        using MemoryScope scope = new();
        using HyperNetwork network = TaskHyperNetworkTests.Make(s_form with { Dropout = 0 });
        OutputRegulariserOptions options = new() { Recompute = recompute };
        using OutputRegulariser regulariser = new(network, options);
        using OutputRegulariser again = new(network, options);
        regulariser.Record(2);
        regulariser.SetImportances(1, [.. Enumerable.Range(0, network.Manifest.Count).Select(i => (float)i)]);
        Shift(network);
        again.LoadState(regulariser.GetState());
        Assert.That(again.Loss().ToScalar(), Is.EqualTo(regulariser.Loss().ToScalar()));
        using OutputRegulariser other = new(network, new OutputRegulariserOptions { Recompute = !recompute });
        Assert.That(() => other.LoadState(regulariser.GetState()), Throws.ArgumentException.With.Message.Contains("with the same options and network, with 2 tasks"));
    }

    [Test]
    public void FisherInformation_IsTheMeanSquareOfTheGradientsOfSingleSamples()
    {
        using MemoryScope scope = new();
        using HyperNetwork network = TaskHyperNetworkTests.Make(s_form with { Dropout = 0 });
        Tensor x = Ops.RandomNormal([3, 5], new RandomStream(2));
        int[] labels = [1, 0, 1];

        float[] actual = FisherInformation.Diagonal(network, x, Tensor.From(labels), Tensor.From([1]));

        using TensorLayer ordinary = network.Materialize(1);
        double[] expected = new double[actual.Length];
        for (int sample = 0; sample < labels.Length; sample++)
        {
            using Tape tape = new();
            tape.Backward(Ops.CrossEntropy(ordinary.Forward(Ops.Slice(x, 0, sample, 1)), Tensor.From([labels[sample]])));
            float[] gradient = [.. ordinary.Parameters.SelectMany(parameter => tape.TryGetGradient(parameter.OwnValue, out Tensor g) ? g.ToArray() : [])];
            for (int i = 0; i < expected.Length; i++)
            {
                expected[i] += (double)gradient[i] * gradient[i] / labels.Length;
            }
        }
        Assert.That(actual, Is.EqualTo(expected).Within(1e-6));
        Assert.That(actual, Has.Some.GreaterThan(1e-3));
    }

    [Test]
    public void OutputHead_CountsOtherOutputsNothing()
    {
        using Sequential target = [new Linear(2, 3), new Relu(), new Linear(3, 4)];
        float[] importances = OutputHead.Importances(TargetManifest.Of(target), [1, 3]);
        float[] expected = [.. Enumerable.Repeat(1f, 9), 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 1, 0, 1];
        Assert.That(importances, Is.EqualTo(expected));
        Assert.That(
            () => OutputHead.Importances(TargetManifest.Of(target), [4]),
            Throws.ArgumentException.With.Message.StartsWith("OutputHead: the outputs of \"2.weight\" are 0 to 3; got 4."));
    }

    [Test]
    public void LowestEntropy_TakesTheSurestTask()
    {
        using MemoryScope scope = new();
        using HyperNetwork network = TaskHyperNetworkTests.Make(s_form with { Dropout = 0 });
        Tensor x = Ops.RandomNormal([40, 5], new RandomStream(2), deviation: 3);

        (int[] tasks, Tensor logits) = TaskInference.LowestEntropy(network, x, 3);

        float[][] all = [.. Enumerable.Range(0, 3).Select(task => network.Forward(x, Tensor.From([task])).ToArray())];
        float[] chosen = logits.ToArray();
        for (int sample = 0; sample < tasks.Length; sample++)
        {
            double[] gaps = [.. all.Select(own => Math.Abs((double)own[2 * sample] - own[(2 * sample) + 1]))];
            // Of two classes the wider gap is the surer.
            Assert.That(gaps[tasks[sample]], Is.EqualTo(gaps.Max()).Within(1e-4));
            Assert.That(chosen[(2 * sample)..((2 * sample) + 2)], Is.EqualTo(all[tasks[sample]][(2 * sample)..((2 * sample) + 2)]));
        }
        Assert.That(tasks.Distinct().Count(), Is.GreaterThan(1));
    }

    private static float[] All(HyperNetwork network) => network.Generate(Tensor.From([0, 1, 2])).ToArray();

    private static void Shift(HyperNetwork network)
    {
        foreach (Parameter parameter in network.Generator.Parameters.Concat(network.Emission.Parameters))
        {
            parameter.Load(Array.ConvertAll(parameter.OwnValue.ToArray(), value => (value * 1.1f) + 0.01f));
        }
    }
}
