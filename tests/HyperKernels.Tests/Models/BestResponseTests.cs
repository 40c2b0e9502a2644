using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class BestResponseTests
{
    private const int Batch = 6;
    private const int Numbers = 3;

    public static IEnumerable<TestCaseData> Targets =>
    [
        new TestCaseData((Func<RandomStream, TensorLayer>)(random => new Linear(4, 5, random: random)), (int[])[4]).SetArgDisplayNames("linear"),
        new TestCaseData(
            (Func<RandomStream, TensorLayer>)(random => new Conv2d(4, 6, 3, stride: 2, padding: 2, dilation: 2, groups: 2, random: random)), (int[])[4, 7, 6])
            .SetArgDisplayNames("convolution in two groups"),
        new TestCaseData((Func<RandomStream, TensorLayer>)(random => new Conv1d(3, 4, 2, stride: 2, padding: 1, bias: false, random: random)), (int[])[3, 9])
            .SetArgDisplayNames("convolution of sequences"),
        new TestCaseData(
            (Func<RandomStream, TensorLayer>)(random => new Sequential([new Linear(4, 5, random: random), new LayerNorm(5), new Relu(), new Linear(5, 2, random: random)])),
            (int[])[3, 4]).SetArgDisplayNames("layers and a norm"),
    ];

    [TestCaseSource(nameof(Targets))]
    public void Forward_HyperparametersOfEverySample_EqualsRunsWithWeightsWrittenOut(Func<RandomStream, TensorLayer> make, int[] sample)
    {
        using MemoryScope scope = new();
        using SelfTuningNetwork network = Make(make(new RandomStream(1)));
        RandomStream random = new(2);
        Tensor x = Ops.RandomNormal([Batch, .. sample], random);
        foreach (int rows in (int[])[1, 2, Batch])
        {
            float[] l = Ops.RandomNormal([rows, Numbers], random, deviation: 50).ToArray();
            float[] actual = network.Forward(x, Tensor.From(l, [rows, Numbers])).ToArray();

            float[] expected =
            [
                .. Enumerable.Range(0, rows).SelectMany(row =>
                {
                    using TensorLayer plain = network.Network.Materialize(l[(row * Numbers)..((row + 1) * Numbers)]);
                    return plain.Forward(Ops.Slice(x, 0, row * Batch / rows, Batch / rows)).ToArray();
                }),
            ];
            Assert.That(actual, Is.EqualTo(expected).Within(1e-4 * expected.Max(Math.Abs)));
        }
    }

    [Test]
    public void Generate_ScalesOutputsOfMatricesFeaturesOfTablesAndElementsOfBiases()
    {
        using MemoryScope scope = new();
        foreach (TensorLayer target in (TensorLayer[])[new Linear(4, 5, random: new RandomStream(1)), new Embedding(4, 5, new RandomStream(1))])
        {
            using SelfTuningNetwork network = Make(target);
            float[] l = Ops.RandomNormal([2, Numbers], new RandomStream(3)).ToArray();
            float[] actual = network.Network.Generate(Tensor.From(l, [2, Numbers])).ToArray();

            BestResponseEmission emission = (BestResponseEmission)network.Network.Emission;
            float[] response = emission.Response.Value.ToArray();
            float[] elementary = Values(emission, "elementary.*");
            float[] hyper = Values(emission, "hyper.*");
            for (int i = 0; i < actual.Length; i++)
            {
                (int set, int at) = (i / elementary.Length, i % elementary.Length);
                // The matrix [5, 4] has its outputs first, the table [4, 5] its features last; the biases' units follow the matrix's.
                int unit = target is Embedding ? at % 5 : at < 20 ? at / 4 : at - 15;
                double scale = Enumerable.Range(0, Numbers).Sum(k => (double)response[(unit * Numbers) + k] * l[(set * Numbers) + k]);
                Assert.That(actual[i], Is.EqualTo(elementary[at] + (scale * hyper[at])).Within(1e-5), $"{target}, {i}");
            }
        }
    }

    [Test]
    public void Apply_RecurrentCellAndTable_EqualRunsSampleBySample()
    {
        using MemoryScope scope = new();
        using Chain chain = new();
        using SelfTuningNetwork network = Make(chain);
        Tensor words = Tensor.From([0, 3, 1, 2, 3, 3, 0, 1], [2, 4]);
        Tensor l = Ops.RandomNormal([2, Numbers], new RandomStream(3), deviation: 50);
        float[] actual;
        using (network.Apply(l))
        {
            actual = chain.Run(words).ToArray();
        }

        float[][] expected = new float[2][];
        for (int sample = 0; sample < 2; sample++)
        {
            using (network.Apply(Ops.Slice(l, 0, sample, 1)))
            {
                expected[sample] = chain.Run(Ops.Slice(words, 0, sample, 1)).ToArray();
            }
        }
        Assert.That(actual, Is.EqualTo(expected[0].Concat(expected[1])).Within(1e-5));
        Assert.That(actual, Is.Not.EqualTo(chain.Run(words).ToArray()).Within(1e-3), "the response must matter");
    }

    [TestCase(false)]
    [TestCase(true)]
    public void SquaredNorms_EqualThoseOfWeightsWrittenOut(bool elementScale)
    {
        using MemoryScope scope = new();
        using SelfTuningNetwork network = Make(new Chain(), elementScale);
        if (elementScale)
        {
            network.Find("*element_scales").Single().Parameter.Load([0.5f, 2]);
        }
        Tensor l = Ops.RandomNormal([3, Numbers], new RandomStream(3), deviation: 50);
        float[] flat = network.Network.Generate(l).ToArray();

        float[] actual = network.SquaredNorms(l).ToArray();

        double[] expected = [.. flat.Chunk(flat.Length / 3).Select(row => row.Sum(w => (double)w * w))];
        Assert.That(actual.Select(v => (double)v), Is.EqualTo(expected).Within(1e-4 * expected.Max()));
    }

    [Test]
    public void Constructor_StartsAsTheTargetWithASmallResponse()
    {
        using Linear target = new(50, 40, random: new RandomStream(1));
        BestResponseEmission emission = new(target, Numbers, random: new RandomStream(2));
        float[] own = [.. target.Weight.Value.ToArray(), .. target.Bias!.Value.ToArray()];
        float[] hyper = Values(emission, "hyper.*");
        float[] response = emission.Response.Value.ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(Values(emission, "elementary.*"), Is.EqualTo(own));
            Assert.That(hyper.Max(Math.Abs), Is.InRange(0.95 / Math.Sqrt(50), 1 / Math.Sqrt(50)));
            Assert.That(hyper, Is.Not.EqualTo(own));
            Assert.That(response, Has.Length.EqualTo(2 * 40 * Numbers));
            Assert.That(Math.Sqrt(response.Average(v => (double)v * v)), Is.EqualTo(0.01).Within(0.0015));
        });
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        HyperparameterSpace space = new(
            Hyperparameter.Bounded("drop", 0, 0.9, 0.3), Hyperparameter.Positive("decay", 1e-4) with { Size = 2, IsShared = true, Deviation = 0.2 },
            Hyperparameter.AtLeast("low", 1, 2.5) with { IsDiscrete = true }, Hyperparameter.AtMost("high", 4, 2), Hyperparameter.Free("free", -3));
        using SelfTuningNetwork network = SelfTuningNetwork.For(
            new Sequential([new Linear(3, 4), new TunedDropout("drop", wholeChannels: true), new Linear(4, 2)]), space, elementScale: true, random: new RandomStream(1));
        network.Eval();
        network.Save(folder.File("network.safetensors"));

        using SelfTuningNetwork again = Layer.Load<SelfTuningNetwork>(folder.File("network.safetensors"));

        Tensor x = Ops.RandomNormal([4, 3], new RandomStream(2));
        Assert.That(again.Space.Hyperparameters, Is.EqualTo(space.Hyperparameters));
        Assert.That(again.Forward(x).ToArray(), Is.EqualTo(network.Forward(x).ToArray()));
        Assert.That(again.Network.Target.Find<TunedDropout>().Single().Layer.WholeChannels, Is.True);
    }

    [Test]
    public void Constructor_DropoutWithoutItsHyperparameter_IsRefused() => Assert.That(
        () => SelfTuningNetwork.For(new Sequential([new Linear(3, 4), new TunedDropout("drp")]), new HyperparameterSpace(Hyperparameter.Bounded("drop", 0, 1, 0.5))),
        Throws.ArgumentException.With.Message.StartsWith(
            "SelfTuningNetwork: every TunedDropout needs a hyperparameter of its name, of size 1; \"drp\" has none among HyperparameterSpace(drop)."));

    private static SelfTuningNetwork Make(Layer target, bool elementScale = false) => SelfTuningNetwork.For(
        target, new HyperparameterSpace(Hyperparameter.Free("l") with { Size = Numbers }), elementScale: elementScale, random: new RandomStream(5));

    private static float[] Values(Layer layer, string pattern) => [.. layer.Find(pattern).SelectMany(named => named.Parameter.Value.ToArray())];

    /// <summary>Words, looked up one by one and read by a memory.</summary>
    private sealed class Chain : Layer
    {
        private readonly Embedding _table;
        private readonly LstmCell _cell;

        public Chain()
        {
            _table = Add("table", new Embedding(4, 3, new RandomStream(7)));
            _cell = Add("cell", new LstmCell(3, 5, random: new RandomStream(8)));
        }

        public Tensor Run(Tensor words)
        {
            (int batch, int steps) = (words.Shape[0], words.Shape[1]);
            Tensor read = _table.Forward(words);
            Tensor hidden = Tensor.Zeros([batch, 5]);
            Tensor cell = hidden;
            for (int step = 0; step < steps; step++)
            {
                (hidden, cell) = _cell.Forward(Ops.Reshape(Ops.Slice(read, 1, step, 1), batch, 3), hidden, cell);
            }
            return hidden;
        }
    }
}
