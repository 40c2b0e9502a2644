using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

/// <summary>Changes of low rank: generated, mixed by preferences, and of Tucker form.</summary>
public sealed class LowRankTests
{
    private const int Batch = 6;
    private const int Numbers = 3;

    private static readonly Condition s_condition = Condition.Raw("task", Numbers);

    public static IEnumerable<TestCaseData> Targets =>
    [
        new TestCaseData((Func<RandomStream, TensorLayer>)(random => new Linear(4, 5, random: random)), (int[])[7, 4]).SetArgDisplayNames("linear"),
        new TestCaseData((Func<RandomStream, TensorLayer>)(random => new Conv2d(4, 6, 3, stride: 2, padding: 2, dilation: 2, groups: 2, random: random)), (int[])[4, 7, 6])
            .SetArgDisplayNames("convolution in two groups"),
        new TestCaseData((Func<RandomStream, TensorLayer>)(random => new Conv2d(4, 6, (1, 3), default, bias: false, random)), (int[])[4, 5, 6])
            .SetArgDisplayNames("convolution of oblong kernels"),
        new TestCaseData((Func<RandomStream, TensorLayer>)(random => new Conv1d(3, 4, 2, stride: 2, random: random)), (int[])[3, 9])
            .SetArgDisplayNames("convolution of sequences"),
        new TestCaseData(
            (Func<RandomStream, TensorLayer>)(random => new Sequential([new Linear(4, 5, random: random), new LayerNorm(5), new Gelu(), new Linear(5, 2, random: random)])),
            (int[])[3, 4]).SetArgDisplayNames("layers and a norm"),
    ];

    [TestCaseSource(nameof(Targets))]
    public void Forward_ChangesOfEverySample_EqualsRunsWithWeightsWrittenOut(Func<RandomStream, TensorLayer> make, int[] sample)
    {
        using MemoryScope scope = new();
        RandomStream random = new(2);
        Tensor x = Ops.RandomNormal([Batch, .. sample], random);
        using TensorLayer plain = make(new RandomStream(1));
        float[] untouched = plain.Forward(x).ToArray();
        foreach (HyperNetwork network in Networks(make))
        {
            Tensor condition = Ops.RandomNormal([Batch, Numbers], random);
            Assert.That(network.Forward(x, condition).ToArray(), Is.EqualTo(untouched).Within(1e-5), $"a fresh {network.Emission}");
            Shake(network.Emission, random);
            foreach (int rows in (int[])[1, 2, Batch])
            {
                float[] numbers = Ops.RandomNormal([rows, Numbers], random).ToArray();
                float[] actual = network.Forward(x, Tensor.From(numbers, [rows, Numbers])).ToArray();

                float[] expected =
                [
                    .. Enumerable.Range(0, rows).SelectMany(row =>
                    {
                        using Layer written = network.Materialize(numbers.AsSpan(row * Numbers, Numbers));
                        return ((TensorLayer)written).Forward(Ops.Slice(x, 0, row * Batch / rows, Batch / rows)).ToArray();
                    }),
                ];
                Assert.That(actual, Is.EqualTo(expected).Within(1e-4 * expected.Max(Math.Abs)), $"{network.Emission} for {rows}");
                Assert.That(actual, Is.Not.EqualTo(untouched).Within(1e-3 * expected.Max(Math.Abs)));
            }
        }
    }

    [Test]
    public void GeneratedLora_WeightsAreTwoFactorsAndTheBase()
    {
        using MemoryScope scope = new();
        using Linear target = new(4, 5, random: new RandomStream(1));
        using GeneratedLora lora = GeneratedLora.For(target, s_condition, rank: 2, alpha: 3, random: new RandomStream(1));
        Shake(lora.Emission, new RandomStream(4));
        Tensor z = Ops.RandomNormal([2, Numbers], new RandomStream(5));
        (float[] a, float[] b) = (lora.Emission.Factors(0, z).A.ToArray(), lora.Emission.Factors(0, z).B.ToArray());
        float[] own = lora.Emission.Base[0].OwnValue.ToArray();
        Weight[] weights = new Weight[1];

        lora.Emission.Generate(z, lora.Network.Generator, weights);

        Assert.That(weights[0].Kind, Is.EqualTo(WeightKind.LowRank));
        float[] actual = weights[0].Materialize().ToArray();
        for (int i = 0; i < actual.Length; i++)
        {
            (int set, int o, int column) = (i / 20, i / 4 % 5, i % 4);
            double change = Enumerable.Range(0, 2).Sum(r => (double)b[(set * 10) + (o * 2) + r] * a[(set * 8) + (r * 4) + column]);
            Assert.That(actual[i], Is.EqualTo(own[(o * 4) + column] + (1.5 * change)).Within(1e-5), $"element {i}");
        }
    }

    [Test]
    public void GeneratedLora_FirstFactors_AreALorasOwn()
    {
        using MemoryScope scope = new();
        using GeneratedLora lora = GeneratedLora.For(new Linear(64, 32), Condition.Raw("task", 16), rank: 8, random: new RandomStream(1));
        float[] a = lora.Emission.Factors(0, Ops.RandomNormal([40, 16], new RandomStream(2))).A.ToArray();
        // Two uniform parts within 1 / sqrt(64), the second times numbers of variance one.
        double deviation = Math.Sqrt(a.Average(value => (double)value * value));
        Assert.That(deviation, Is.EqualTo(Math.Sqrt(2.0 / 3 / 64)).Within(5).Percent);
    }

    [Test]
    public void PaLora_OneTaskAlone_IsItsLora([Values] bool convolution)
    {
        using MemoryScope scope = new();
        const int K = 3;
        using TensorLayer target = convolution ? new Conv2d(2, 4, K) : new Linear(5, 4);
        using PaLora palora = new(target, tasks: 3, rank: 2, alpha: 4, random: new RandomStream(1));
        Shake(palora.Emission, new RandomStream(4));
        float[] own = palora.Emission.Base[0].OwnValue.ToArray();
        (Shape shapeA, float[] a) = (palora.Emission.FactorsA[0].Shape, palora.Emission.FactorsA[0].OwnValue.ToArray());
        (Shape shapeB, float[] b) = (palora.Emission.FactorsB[0].Shape, palora.Emission.FactorsB[0].OwnValue.ToArray());
        Assert.That(shapeA, Is.EqualTo(convolution ? new Shape(3, 2 * K, 2 * K) : new Shape(3, 2, 5)));
        Assert.That(shapeB, Is.EqualTo(convolution ? new Shape(3, 4 * K, 2 * K) : new Shape(3, 4, 2)));

        float[] actual = palora.Network.Generate(Tensor.From([0f, 1, 0], [1, 3])).ToArray();

        // The product [O k, I k] of the second task's factors, read row by row.
        for (int i = 0; i < actual.Length; i++)
        {
            (int row, int column) = (i / shapeA[2], i % shapeA[2]);
            double change = Enumerable.Range(0, shapeA[1]).Sum(r =>
                (double)b[(shapeB[1] * shapeB[2]) + (row * shapeB[2]) + r] * a[(shapeA[1] * shapeA[2]) + (r * shapeA[2]) + column]);
            Assert.That(actual[i], Is.EqualTo(own[i] + (2 * change)).Within(1e-4), $"element {i}");
        }
    }

    [Test]
    public void PaLora_Loss_WeighsTheTasks()
    {
        using MemoryScope scope = new();
        Tensor[] losses = [Tensor.From([3f], []), Tensor.From([5f], [])];
        Assert.That(PaLora.Loss(losses, Tensor.From([0.25f, 0.75f])).ToScalar(), Is.EqualTo(4.5).Within(1e-6));
        Assert.That(
            () => PaLora.Loss(losses, Tensor.From([1f])), Throws.ArgumentException.With.Message.StartsWith("PaLora.Loss: there must be a loss for each share; got 2 losses"));
    }

    [Test]
    public void Flora_GeneratedCores_AreMultipliedByTheFactorsOfEveryAxis()
    {
        using MemoryScope scope = new();
        using Flora flora = new(new Conv2d(3, 4, (2, 3), default), [2, 3, 2, 1], scale: 0.5f, s_condition, random: new RandomStream(1));
        Shake(flora.Emission, new RandomStream(4));
        Tensor z = Ops.RandomNormal([2, Numbers], new RandomStream(5));
        float[] actual = flora.Emission.Delta(0, z).Materialize().ToArray();
        float[] constant = flora.Emission.Cores[0].OwnValue.ToArray();
        float[] head = flora.Emission.NamedParameters().Single(named => named.Name == "head0.weight").Parameter.OwnValue.ToArray();
        float[][] u = [.. flora.Emission.Factors[0].Select(factor => factor.OwnValue.ToArray())];
        float[] rows = z.ToArray();
        int at = 0;
        for (int set = 0; set < 2; set++)
        {
            double[] core = [.. constant.Select((value, c) => value + Enumerable.Range(0, Numbers).Sum(n => (double)head[(c * Numbers) + n] * rows[(set * Numbers) + n]))];
            for (int element = 0; element < 4 * 3 * 2 * 3; element++)
            {
                (int o, int i, int h, int w) = (element / 18, element / 6 % 3, element / 3 % 2, element % 3);
                double expected = 0;
                for (int c = 0; c < core.Length; c++)
                {
                    (int ri, int ro, int rh) = (c / 6, c / 2 % 3, c % 2);
                    expected += 0.5 * core[c] * u[0][(i * 2) + ri] * u[1][(o * 3) + ro] * u[2][(h * 2) + rh] * u[3][w];
                }
                Assert.That(actual[at++], Is.EqualTo(expected).Within(1e-4), $"set {set}, {o} {i} {h} {w}");
            }
        }
    }

    [Test]
    public void Base_TrainsOnlyIfAsked([Values] bool trains)
    {
        TensorLayer Target() => new Sequential([new Linear(4, 5), new LayerNorm(5), new Linear(5, 2)]);
        foreach (Layer layer in (Layer[])
        [
            GeneratedLora.For(Target(), s_condition, 2, parameters: "0.*", trainsBase: trains), new PaLora(Target(), 2, parameters: "0.*", trainsBase: trains),
            new Flora(Target(), [2, 2], parameters: "0.*", trainsBase: trains),
        ])
        {
            Parameter[] own = [.. layer.Find("*.base.*").Concat(layer.Find("*.target.*")).Select(named => named.Parameter)];
            // The changed matrix, its bias, a norm and a linear layer.
            Assert.That(own, Has.Length.EqualTo(6), $"{layer}");
            Assert.That(own.Select(parameter => parameter.RequiresGradient), Is.All.EqualTo(trains));
            Assert.That(layer.Parameters.Except(own).Select(parameter => parameter.RequiresGradient), Is.Not.Empty.And.All.True);
            layer.Dispose();
        }
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        Tensor x = Ops.RandomNormal([Batch, 4, 7, 7], new RandomStream(2));
        Tensor condition = Ops.RandomNormal([Batch, Numbers], new RandomStream(3));
        TensorLayer Target() => new Conv2d(4, 6, 3, groups: 2, random: new RandomStream(1));
        (Layer Made, Func<Layer, Tensor> Run)[] layers =
        [
            (GeneratedLora.For(Target(), s_condition, 2, 3, [5], random: new RandomStream(1)), layer => ((GeneratedLora)layer).Forward(x, condition)),
            (new PaLora(Target(), Numbers, 2, 3), layer => ((PaLora)layer).Forward(x, condition)),
            (new Flora(Target(), [2, 2, 1, 2], 0.5f), layer => ((Flora)layer).Forward(x)),
            (new Flora(Target(), [2, 2, 1, 2], 0.5f, s_condition), layer => ((Flora)layer).Forward(x, condition)),
        ];
        foreach ((Layer made, Func<Layer, Tensor> run) in layers)
        {
            Shake(made, new RandomStream(4));
            made.Save(folder.File("low-rank.safetensors"));
            using Layer again = Layer.Load<Layer>(folder.File("low-rank.safetensors"));
            Assert.That(run(again).ToArray(), Is.EqualTo(run(made).ToArray()), $"{made}");
            Assert.That(again.Parameters.Select(p => p.RequiresGradient), Is.EqualTo(made.Parameters.Select(p => p.RequiresGradient)));
            made.Dispose();
        }
    }

    [Test]
    public void WhatDoesNotFit_IsRefused() => Assert.Multiple(() =>
    {
        Assert.That(
            () => GeneratedLora.For(new Linear(4, 5), s_condition, rank: 0),
            Throws.ArgumentException.With.Message.StartsWith("LowRankEmission: the rank must be at least 1; got 0."));
        Assert.That(() => new PaLora(new Linear(4, 5), 2, rank: 0), Throws.ArgumentException.With.Message.StartsWith("PreferenceEmission: the rank must be at least 1; got 0."));
        Assert.That(
            () => new Flora(new Conv2d(4, 5, 3), [2, 2]),
            Throws.ArgumentException.With.Message.StartsWith("TuckerEmission: 4 ranks of at least 1 are needed (inputs, outputs, axes of kernels); got 2, 2."));
        Assert.That(() => new PaLora(new LayerNorm(4), 2), Throws.ArgumentException.With.Message.Contains("no parameter matches"));
    });

    private static IEnumerable<HyperNetwork> Networks(Func<RandomStream, TensorLayer> make)
    {
        yield return GeneratedLora.For(make(new RandomStream(1)), s_condition, rank: 2, alpha: 3, random: new RandomStream(1)).Network;
        yield return new PaLora(make(new RandomStream(1)), Numbers, rank: 2, alpha: 3, random: new RandomStream(1)).Network;
        yield return new Flora(make(new RandomStream(1)), [2, 3, 2, 2], 0.5f, s_condition, random: new RandomStream(1)).Network;
    }

    // What starts at zero changes nothing yet.
    private static void Shake(Layer layer, RandomStream random)
    {
        foreach (Parameter parameter in layer.Parameters)
        {
            float[] values = parameter.OwnValue.ToArray();
            float[] added = new float[values.Length];
            random.FillNormal(added, 0, 0.3f);
            parameter.Load([.. values.Zip(added, (a, b) => a + b)]);
        }
    }
}
