using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers.Hypernetworks;

/// <summary>Where hypernetworks start, in every plan and for every type of parameter: base weights, encodings, and the scale of what is generated.</summary>
public sealed class HyperNetworkStartTests
{
    private const float Close = 2e-5f;

    private static HyperNetwork Make(EmissionPlan plan, Encoding encoding, BaseWeights weights) => HyperNetwork.For(
        new Words(new RandomStream(1)), Condition.Unit("t"), hidden: [64, 64],
        options: new() { Emission = plan, Encoding = encoding, Base = weights, ChunkSize = 37, Random = new RandomStream(2) });

    private static float[] Generated(HyperNetwork network, float condition) => network.Generate(Tensor.From([condition])).ToArray();

    private static double Norm(IEnumerable<float> values) => Math.Sqrt(values.Sum(v => (double)v * v));

    [Test]
    public void Base_OfTheTarget_IsItsOwnStart_NormsTablesAndTiedWeightsIncluded([Values] EmissionPlan plan)
    {
        using MemoryScope scope = new();
        foreach (Encoding encoding in (Encoding[])[Encoding.CosSin, Encoding.None])
        {
            using HyperNetwork residual = Make(plan, encoding, BaseWeights.Target);
            using HyperNetwork plain = Make(plan, encoding, BaseWeights.None);
            float[] own = [.. residual.Target.Parameters.SelectMany(p => p.OwnValue.ToArray())];
            Assert.That(residual.Manifest.Entries.Single(e => e.Name == "table.weight").Names, Has.Count.EqualTo(2), "the tied table is generated once");
            Assert.That(residual.Manifest.Count, Is.EqualTo(own.Length));
            // The same draws with and without: what is between them is the base alone.
            float[] change = Generated(plain, 0.4f);
            Assert.That(Generated(residual, 0.4f), Is.EqualTo(own.Zip(change, (a, b) => a + b)).Within(Close), encoding.Name);
            Assert.That(Norm(change), Is.GreaterThan(0.3));
        }
    }

    [Test]
    public void Encoding_Alone_KeepsTheScale_AndTheBaseAlone_KeepsItsShare([Values] EmissionPlan plan)
    {
        using MemoryScope scope = new();
        using HyperNetwork encoded = Make(plan, Encoding.CosSin, BaseWeights.None);
        Assert.That(encoded.Emission.HasBase, Is.False);
        Assert.That(Norm(Generated(encoded, 0.02f)) / Norm(Generated(encoded, 0.9f)), Is.InRange(0.5, 2), "constant norm in, nearly constant norm out");
        using HyperNetwork plain = Make(plan, Encoding.None, BaseWeights.None);
        using HyperNetwork residual = Make(plan, Encoding.None, BaseWeights.Target);
        if (plan == EmissionPlan.Chunks)
        {
            // Chunk embeddings are input too: nothing is proportional to the condition.
            Assert.That(Norm(Generated(plain, 0)), Is.GreaterThan(0.3));
            return;
        }
        Assert.That(Generated(plain, 0.9f), Is.EqualTo(Generated(plain, 0.02f).Select(v => 45 * v)).Within(1e-4f), "the plain form is proportional");
        Assert.That(Generated(residual, 0), Is.EqualTo(residual.Target.Parameters.SelectMany(p => p.OwnValue.ToArray())));
    }

    [Test]
    public void Base_OfZeros_LeavesGainsAtOne([Values] EmissionPlan plan, [Values(HyperInitialization.Mip, HyperInitialization.HyperfanIn)] HyperInitialization start)
    {
        HyperNetworkOptions options = new() { Emission = plan, Base = BaseWeights.Zero, Initialization = start, Random = new RandomStream(3) };
        using HyperNetwork network = HyperNetwork.For(new Words(new RandomStream(1)), Condition.Unit("t"), options: options);
        IReadOnlyDictionary<string, HostArray> state = network.GetState();
        // Heads have one each; the other plans one for all.
        float[] bases = plan == EmissionPlan.Heads
            ? [.. network.Manifest.Entries.SelectMany(entry => state[$"emission.{entry.Name}.theta0"].Values.ToArray())]
            : [.. state["emission.theta0"].Values.ToArray()];
        ManifestEntry gain = network.Manifest.Entries.Single(entry => entry.Role == ParameterRole.Gain);
        Assert.That(bases.AsSpan(gain.Offset, gain.Count).ToArray(), Is.All.EqualTo(1));
        Assert.That(bases.Sum(), Is.EqualTo(gain.Count), "all others are zero");
    }

    [Test]
    public void Forward_OfTablesNormsAndRecurrentMatrices_RunsEverySampleWithItsOwn([Values] EmissionPlan plan)
    {
        using MemoryScope scope = new();
        using HyperNetwork network = Make(plan, Encoding.CosSin, BaseWeights.Target);
        Tensor words = Tensor.From([1, 4, 2, 2, 0, 3, 6, 6, 5], [3, 3]);
        float[] conditions = [0.1f, 0.5f, 0.9f];
        float[] all = network.Forward(words, Tensor.From(conditions)).ToArray();
        for (int b = 0; b < conditions.Length; b++)
        {
            using Words alone = new(new RandomStream(9));
            network.MaterializeInto(alone, conditions[b]);
            float[] expected = alone.Forward(Ops.Slice(words, 0, b, 1)).ToArray();
            Assert.That(all.AsSpan(b * expected.Length, expected.Length).ToArray(), Is.EqualTo(expected).Within(Close), $"sample {b}");
        }
    }

    // Layers of 200, 150 and 60: hyperfan-in wants 2 / 200 and 2 / 150, half of it where a bias takes the other half.
    [Test]
    public void Hyperfan_GivesTheWantedVariance_OverLearnedAndEncodedConditions(
        [Values] EmissionPlan plan,
        [Values(HyperInitialization.HyperfanIn, HyperInitialization.HyperfanInWithoutBias, HyperInitialization.HyperfanOut)] HyperInitialization start,
        [Values] bool isLearned)
    {
        using MemoryScope scope = new();
        const int Sets = 24;
        HyperNetworkOptions options = new()
        {
            Activation = Activation.Relu,
            Base = BaseWeights.None,
            Emission = plan,
            ChunkSize = 500,
            Initialization = start,
            Random = new RandomStream(5),
        };
        TensorLayer target = new Sequential(new Linear(200, 150), new Relu(), new Linear(150, 60));
        Condition condition = isLearned ? Condition.Embedding("task", Sets, 16) : Condition.Unit("t", 16);
        using HyperNetwork network = HyperNetwork.For(target, condition, hidden: [200], options: options);
        Tensor values = isLearned ? Tensor.From([.. Enumerable.Range(0, Sets)], [Sets]) : Ops.RandomUniform([Sets, 16], new RandomStream(6));
        float[] theta = network.Generate(values).ToArray();
        int size = network.Manifest.Count;
        double Variance(int first, int count) => Enumerable.Range(0, Sets).Average(s => theta.AsSpan((s * size) + first, count).ToArray().Average(v => (double)v * v));
        double half = start == HyperInitialization.HyperfanIn ? 2 : 1;
        double[] wanted = start == HyperInitialization.HyperfanOut ? [2.0 / 150, 2.0 / 60] : [2.0 / 200 / half, 2.0 / 150 / half];
        (int Offset, int Count)[] matrices = [.. network.Manifest.Entries.Where(entry => entry.Shape.Rank == 2).Select(entry => (entry.Offset, entry.Count))];
        if (plan == EmissionPlan.Chunks)
        {
            // All chunks have one layer: the mean over everything is right.
            double biases = start == HyperInitialization.HyperfanIn ? 150 + 60 : 0;
            double mean = ((wanted[0] * matrices[0].Count) + (wanted[1] * matrices[1].Count) + biases) / size;
            Assert.That(Variance(0, size), Is.EqualTo(mean).Within(0.25 * mean));
            return;
        }
        for (int i = 0; i < wanted.Length; i++)
        {
            Assert.That(Variance(matrices[i].Offset, matrices[i].Count), Is.EqualTo(wanted[i]).Within(0.25 * wanted[i]), $"matrix {i}");
        }
    }

    [Test]
    public void Hyperfan_WithoutBaseWeights_GivesTablesTheScaleOfTheirOwn([Values] EmissionPlan plan)
    {
        using MemoryScope scope = new();
        HyperNetworkOptions options = new()
        {
            Activation = Activation.Relu,
            Base = BaseWeights.Zero,
            Emission = plan,
            ChunkSize = 50,
            Initialization = HyperInitialization.HyperfanIn,
            Random = new RandomStream(4),
        };
        using HyperNetwork network = HyperNetwork.For(new Embedding(40, 30, new RandomStream(1)), Condition.Embedding("task", 30, 8), hidden: [64], options: options);
        float[] theta = network.Generate(Tensor.From([.. Enumerable.Range(0, 30)], [30])).ToArray();
        Assert.That(theta.Average(v => (double)v * v), Is.EqualTo(1).Within(0.3));
    }

    /// <summary>A table, a recurrent cell, a norm, and the table again to tell words: every type of parameter, one of them tied.</summary>
    private sealed class Words : TensorLayer
    {
        private const int Rows = 7;
        private const int Size = 6;

        private readonly Embedding _table;
        private readonly GruCell _cell;
        private readonly LayerNorm _norm;
        private readonly TestLayers.Tied _output;

        public Words(RandomStream random)
        {
            _table = Add("table", new Embedding(Rows, Size, random));
            _cell = Add("cell", new GruCell(Size, Size, random: random));
            _norm = Add("norm", new LayerNorm(Size));
            _output = Add("output", new TestLayers.Tied(_table.Weight));
        }

        public override Tensor Forward(Tensor input)
        {
            Tensor state = Tensor.Zeros([input.Shape[0], Size]);
            for (int t = 0; t < input.Shape[1]; t++)
            {
                state = _cell.Forward(_table.Forward(Ops.Reshape(Ops.Slice(input, 1, t, 1), [input.Shape[0]])), state);
            }
            return Ops.Linear(_norm.Forward(state), _output.Parameters[0]);
        }
    }
}
