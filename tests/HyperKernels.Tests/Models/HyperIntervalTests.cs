using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class HyperIntervalTests
{
    private const int Samples = 4;

    [Test]
    public void Linear_OfIntervals_TakesEveryProductFromTheEndThatIsWorst()
    {
        using MemoryScope scope = new();
        RandomStream random = new(1);
        IntervalTensor input = Around(Ops.Relu(Ops.RandomNormal([3, 5], random)), 0.5f, random, isNonNegative: true);
        IntervalTensor weight = Around(Ops.RandomNormal([4, 5], random), 0.7f, random);
        IntervalTensor bias = Around(Ops.RandomNormal([4], random), 0.2f, random);

        IntervalTensor result = IntervalOps.Linear(input, weight, bias);

        float[][] x = Ends(input), w = Ends(weight), b = Ends(bias), y = Ends(result);
        for (int i = 0; i < 12; i++)
        {
            (int sample, int unit) = (i / 4, i % 4);
            double low = b[0][unit], middle = b[1][unit], high = b[2][unit];
            for (int k = 0; k < 5; k++)
            {
                (int at, int from) = ((unit * 5) + k, (sample * 5) + k);
                low += (double)w[0][at] * (w[0][at] >= 0 ? x[0][from] : x[2][from]);
                middle += (double)w[1][at] * x[1][from];
                high += (double)w[2][at] * (w[2][at] >= 0 ? x[2][from] : x[0][from]);
            }
            Assert.That(new double[] { y[0][i], y[1][i], y[2][i] }, Is.EqualTo(new[] { low, middle, high }).Within(1e-5));
        }

        // A kernel as large as the image is a dense layer.
        IntervalTensor images = input with { Lower = Images(input.Lower), Middle = Images(input.Middle), Upper = Images(input.Upper) };
        IntervalTensor kernels = new(Images(weight.Lower), Images(weight.Middle), Images(weight.Upper));
        IntervalTensor convolved = IntervalOps.Conv2d(images, kernels, bias);
        Assert.That(Ends(convolved).SelectMany(static end => end), Is.EqualTo(y.SelectMany(static end => end)).Within(1e-5f));

        static Tensor Images(Tensor rows) => Ops.Reshape(rows, rows.Shape[0], 1, 1, 5);
    }

    [Test]
    public void Forward_HoldsEveryNetworkWithinTheInterval_AndTheMiddleIsTheNetworksOwn()
    {
        using MemoryScope scope = new();
        using HyperNetwork network = Convolutional();
        Tensor x = Ops.RandomUniform([Samples, 1, 6, 6], new RandomStream(3));
        Tensor task = Tensor.From([1], [1]);

        IntervalTensor logits = HyperInterval.Forward(network, x, task);

        Assert.That(logits.Middle.ToArray(), Is.EqualTo(network.Forward(x, task).ToArray()).Within(1e-4f));
        float[] lower = logits.Lower.ToArray(), upper = logits.Upper.ToArray();
        IntervalTensor weights = HyperInterval.Generate(network, task);
        using Layer target = Target();
        float widest = 0;
        for (ulong draw = 0; draw < 20; draw++)
        {
            Tensor share = Ops.RandomUniform(weights.Lower.Shape, new RandomStream(draw));
            // Ends in a third of the draws: what lies within is seldom far out.
            share = draw % 3 == 0 ? Ops.Clamp(Ops.MultiplyScalar(Ops.AddScalar(share, -0.5f), 1e6f), 0, 1) : share;
            Tensor drawn = Ops.Add(weights.Lower, Ops.Multiply(share, Ops.Subtract(weights.Upper, weights.Lower)));
            Load(target, network.Manifest, drawn.ToArray());
            float[] actual = ((TensorLayer)target).Forward(x).ToArray();
            for (int i = 0; i < actual.Length; i++)
            {
                Assert.That(actual[i], Is.InRange(lower[i] - 1e-4f, upper[i] + 1e-4f));
                widest = Math.Max(widest, Math.Abs(actual[i] - lower[i]) / (upper[i] - lower[i]));
            }
        }
        Assert.That(widest, Is.InRange(0.3f, 1.0001f), "the ends are not far from what there is");
    }

    [Test]
    public void Forward_WithATaskPerSample_IsThatOfEachTaskAlone()
    {
        using MemoryScope scope = new();
        using HyperNetwork network = Convolutional();
        Tensor x = Ops.RandomUniform([Samples, 1, 6, 6], new RandomStream(3));

        float[][] together = Ends(HyperInterval.Forward(network, x, Tensor.From([2, 0]), epsilon: 0.3));
        float[][] first = Ends(HyperInterval.Forward(network, Ops.Slice(x, 0, 0, 2), Tensor.From([2]), epsilon: 0.3));
        float[][] second = Ends(HyperInterval.Forward(network, Ops.Slice(x, 0, 2, 2), Tensor.From([0]), epsilon: 0.3));

        for (int end = 0; end < 3; end++)
        {
            Assert.That(together[end], Is.EqualTo(first[end].Concat(second[end])).Within(1e-4f));
        }
        Assert.That(HyperInterval.ConditioningOf(network).Epsilon, Is.EqualTo(1), "the conditioning keeps its own");
    }

    [Test]
    public void ForwardEnds_RunsAnyTargetWithFactoredEnds()
    {
        using MemoryScope scope = new();
        using Mlp target = new([3, 4, 2], Activation.Tanh, random: new RandomStream(1));
        using HyperNetwork network = HyperInterval.Create(target, 2, 3, new HyperIntervalOptions { Hidden = [5], Epsilon = 1 }, new RandomStream(2));
        Tensor x = Ops.RandomNormal([Samples, 3], new RandomStream(3));
        Tensor tasks = Tensor.From([1, 0]);

        float[][] actual = Ends(HyperInterval.ForwardEnds(network, x, tasks));

        float[][] weights = Ends(HyperInterval.Generate(network, tasks));
        using Mlp plain = new([3, 4, 2], Activation.Tanh);
        int count = network.Manifest.Count;
        for (int set = 0; set < 2; set++)
        {
            float[][] runs = [.. weights.Select(end =>
            {
                Load(plain, network.Manifest, end[(set * count)..((set + 1) * count)]);
                return plain.Forward(Ops.Slice(x, 0, 2 * set, 2)).ToArray();
            })];
            for (int i = 0; i < 4; i++)
            {
                (float low, float middle) = (Math.Min(runs[0][i], runs[1][i]), Math.Max(runs[0][i], runs[1][i]));
                (middle, float high) = (Math.Min(middle, runs[2][i]), Math.Max(middle, runs[2][i]));
                Assert.That(actual.Select(end => end[(4 * set) + i]), Is.EqualTo(new[] { low, middle, high }).Within(1e-5f));
            }
        }
    }

    [Test]
    public void Universal_LiesInEveryTasksInterval_OrSaysWhyThereIsNone()
    {
        using MemoryScope scope = new();
        using HyperNetwork nested = Convolutional();
        IntervalTensor common = HyperInterval.Universal(nested, 3);
        float[] rows = nested.Conditioning.Forward(Tensor.From([0, 1, 2])).ToArray();
        (float[] low, float[] middle, float[] high) = (common.Lower.ToArray(), common.Middle.ToArray(), common.Upper.ToArray());
        for (int i = 0; i < 3; i++)
        {
            Assert.That(low[i], Is.EqualTo(Enumerable.Range(0, 3).Max(task => rows[(6 * task) + i] - rows[(6 * task) + 3 + i])));
            Assert.That(high[i], Is.EqualTo(Enumerable.Range(0, 3).Min(task => rows[(6 * task) + i] + rows[(6 * task) + 3 + i])));
            Assert.That(middle[i], Is.EqualTo((low[i] + high[i]) / 2));
        }
        Tensor x = Ops.RandomUniform([2, 1, 6, 6], new RandomStream(3));
        Assert.That(nested.Forward(x, common.Middle).ToArray(), Is.EqualTo(HyperInterval.Forward(nested, x, common.Middle).Middle.ToArray()).Within(1e-4f));

        using HyperNetwork apart = Convolutional(isNested: false);
        HyperInterval.ConditioningOf(apart).Epsilon = 1e-3;
        Assert.That(() => HyperInterval.Universal(apart, 2), Throws.InvalidOperationException.With.Message.Contains("must have points in common"));
        IntervalTensor nearest = HyperInterval.Universal(apart, 2, orNearest: true);
        Assert.That(nearest.Lower.ToArray(), Is.EqualTo(nearest.Middle.ToArray()).And.EqualTo(nearest.Upper.ToArray()));
    }

    [Test]
    public void Learn_FreesOneTask_WhichMayBeginWhereTheLastOneEnded()
    {
        using HyperNetwork network = Convolutional(isNested: false);
        IntervalConditioning conditioning = HyperInterval.ConditioningOf(network);
        conditioning.Learn(2, fromPrevious: true);
        Assert.That(conditioning.ParametersOf(2)[0].OwnValue.ToArray(), Is.EqualTo(conditioning.ParametersOf(1)[0].OwnValue.ToArray()));
        Assert.That(conditioning.Parameters.Where(static parameter => parameter.RequiresGradient), Is.EquivalentTo(conditioning.ParametersOf(2)));
    }

    [Test]
    public void Load_AfterSave_GivesTheSameIntervals()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using HyperNetwork network = Convolutional(isNested: false);
        network.Save(folder.File("interval.safetensors"));

        using HyperNetwork again = HyperNetwork.Load(folder.File("interval.safetensors"));

        Tensor task = Tensor.From([1]);
        Tensor x = Ops.RandomUniform([2, 1, 6, 6], new RandomStream(3));
        Assert.That(Ends(HyperInterval.Forward(again, x, task)), Is.EqualTo(Ends(HyperInterval.Forward(network, x, task))));
    }

    [Test]
    public void Schedule_IsTheAuthors()
    {
        IntervalSchedule schedule = new(Steps: 5000, Epsilon: 5);
        Assert.Multiple(() =>
        {
            Assert.That(schedule.EpsilonAt(0), Is.Zero);
            Assert.That(schedule.EpsilonAt(833), Is.EqualTo(833.0 / 2499 * 5).Within(1e-12));
            Assert.That(schedule.EpsilonAt(2499), Is.EqualTo(5));
            Assert.That(schedule.KappaAt(0), Is.EqualTo(1));
            Assert.That(schedule.KappaAt(2499), Is.EqualTo(1 - (2499 * 0.00005)).Within(1e-12));
            Assert.That(schedule.KappaAt(2500), Is.EqualTo(0.5));
            Assert.That(new IntervalSchedule(20000, 1, Kappa: 0.8).KappaAt(9000), Is.EqualTo(0.8));
            Assert.That(new IntervalSchedule(1, 2).EpsilonAt(0), Is.EqualTo(2));
        });
    }

    [Test]
    public void WhatCannotHaveEnds_IsRefusedWithWhatWould()
    {
        using MemoryScope scope = new();
        using HyperNetwork network = Convolutional();
        Tensor task = Tensor.From([0]);
        Assert.Multiple(() =>
        {
            Assert.That(() => HyperInterval.Forward(network, Tensor.Full([1, 1, 6, 6], -0.5f), task),
                Throws.ArgumentException.With.Message.StartsWith("HyperInterval: the input must be at least 0").And.Message.Contains("its smallest number is -0.5"));
            Assert.That(() => HyperInterval.Forward(network, Tensor.Zeros([3, 1, 6, 6]), Tensor.From([0, 1])),
                Throws.ArgumentException.With.Message.Contains("the 2 conditions must divide the samples"));
            Assert.That(() => Run(new Sequential(new Linear(2, 3), new Tanh(), new Linear(3, 2))),
                Throws.ArgumentException.With.Message.StartsWith("IntervalOps.Linear: the input must be at least 0"));
            Assert.That(() => Run(new Sequential(new Linear(2, 3), new LayerNorm(3))),
                Throws.TypeOf<NotSupportedException>().With.Message.Contains("it holds a LayerNorm"));
            Assert.That(() => Run(new Sequential(new Linear(2, 3), new Gelu())),
                Throws.ArgumentException.With.Message.Contains("the activation must never fall"));
            Assert.That(() => HyperInterval.Create(new Mlp([2, 2]), 1, 2, new HyperIntervalOptions { Activation = Activation.Silu }),
                Throws.ArgumentException.With.Message.StartsWith("IntervalMlp: the activation must never fall"));
            Assert.That(() => network.Forward(Tensor.Zeros([1, 1, 6, 6]), Tensor.Zeros([1, 4])),
                Throws.ArgumentException.With.Message.Contains("floats [C, 3], with radii [C, 6]"));
            Assert.That(() => HyperInterval.Generate(TaskHyperNetwork.Create(new Mlp([2, 2]), 1, 2), task),
                Throws.ArgumentException.With.Message.Contains("it has a TaskConditioning and a TaskChunkEmission"));
        });

        static void Run(TensorLayer target)
        {
            using HyperNetwork made = HyperInterval.Create(target, 1, 2);
            HyperInterval.Forward(made, Tensor.Zeros([1, 2]), Tensor.From([0]));
        }
    }

    private static Sequential Target() =>
        new(new Conv2d(1, 3, 3, padding: 1, random: new RandomStream(5)), new Relu(), new MaxPool2d(2), new Residual(new Sequential(new Conv2d(3, 3, 3, padding: 1), new Relu())),
            new AveragePool2d(3), new Flatten(), new Dropout(0), new Mlp([3, 4, 2]));

    private static HyperNetwork Convolutional(bool isNested = true) => HyperInterval.Create(
        Target(), 3, 3, new HyperIntervalOptions { Hidden = [8], Epsilon = 1, IsNested = isNested, Activation = Activation.LeakyRelu() }, new RandomStream(2));

    private static IntervalTensor Around(Tensor middle, float reach, RandomStream random, bool isNonNegative = false)
    {
        Tensor below = Ops.MultiplyScalar(Ops.RandomUniform(middle.Shape, random), reach);
        Tensor above = Ops.MultiplyScalar(Ops.RandomUniform(middle.Shape, random), reach);
        Tensor lower = Ops.Subtract(middle, below);
        return new(isNonNegative ? Ops.Relu(lower) : lower, middle, Ops.Add(middle, above), isNonNegative);
    }

    private static float[][] Ends(IntervalTensor interval) => [interval.Lower.ToArray(), interval.Middle.ToArray(), interval.Upper.ToArray()];

    private static void Load(Layer target, TargetManifest manifest, float[] flat) =>
        target.LoadState(manifest.Entries.ToDictionary(static entry => entry.Name, entry => new HostArray(flat[entry.Offset..(entry.Offset + entry.Count)], entry.Shape)));
}
