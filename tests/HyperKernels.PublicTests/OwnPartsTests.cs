using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.PublicTests;

/// <summary>Every part of a hypernetwork can be a class of the user's.</summary>
[TestFixture]
internal sealed class OwnPartsTests
{
    [Test]
    public void HyperNetwork_OwnConditioningAndEmission_GivesWhatItsPartsSayAndTrains()
    {
        using Sequential target = [new Linear(6, 8), new Tanh(), new Linear(8, 2)];
        TargetManifest manifest = TargetManifest.Of(target, "*.weight");
        using HyperNetwork hyper = new(target, new MeanConditioning(3), new Mlp([3, 5]), new LowRankEmission(manifest, 5, rank: 2));
        using Adam adam = new(hyper.Parameters, 0.02f);
        RandomStream random = new(4);
        Tensor input = Ops.RandomNormal([4, 6], random), images = Ops.RandomNormal([4, 7, 3], random), wanted = Ops.RandomNormal([4, 2], random);

        // Every sample with a weight set of its own equals the target with that set written in.
        using (MemoryScope scope = new())
        {
            Tensor together = hyper.Forward(input, images);
            for (int b = 0; b < 4; b++)
            {
                using IDisposable use = hyper.Apply(Ops.Slice(images, 0, b, 1));
                Assert.That(target.Parameters[0].Current.Kind, Is.EqualTo(WeightKind.LowRank));
                float[] alone = target.Forward(Ops.Slice(input, 0, b, 1)).ToArray();
                Assert.That(Ops.Slice(together, 0, b, 1).ToArray(), Is.EqualTo(alone).Within(1e-5f));
            }
            Assert.That(hyper.Generate(images).Shape, Is.EqualTo(new Shape(4, manifest.Count)));
        }

        double first = 0, last = 0;
        for (int step = 0; step < 60; step++)
        {
            using Tape tape = new();
            Tensor loss = Ops.MeanSquaredError(hyper.Forward(input, images), wanted);
            tape.Backward(loss);
            adam.Step(tape);
            last = loss.ToScalar();
            first = step == 0 ? last : first;
        }
        Assert.That(last, Is.LessThan(0.3 * first));
        Assert.That(() => hyper.Save("never.safetensors"), Throws.InvalidOperationException.With.Message.Contains("MeanConditioning"));
    }

    [Test]
    public void HyperNetwork_OwnGeneratorAndEmission_AreSavedAndLoaded()
    {
        LayerTypes.Register<GatedBlock>();
        LayerTypes.Register<BankEmission>();
        using TemporaryFolder folder = new();
        string path = folder.File("parts.safetensors");
        using Linear target = new(3, 2);
        DeclaredConditioning conditioning = new([Condition.Embedding("task", 4, 5)]);
        using HyperNetwork hyper = new(target, conditioning, new GatedBlock(5, new Linear(5, 5)), new BankEmission(TargetManifest.Of(target), 5));
        hyper.Save(path);
        using HyperNetwork again = HyperNetwork.Load(path);
        using MemoryScope scope = new();
        Tensor x = Ops.RandomNormal([3, 3], new RandomStream(3)), tasks = Tensor.From([0, 3, 1]);

        Assert.That(again.Generator, Is.InstanceOf<GatedBlock>());
        Assert.That(again.Emission, Is.InstanceOf<BankEmission>());
        Assert.That(again.Forward(x, tasks).ToArray(), Is.EqualTo(hyper.Forward(x, tasks).ToArray()));
    }

    [Test]
    public void HyperNetwork_TargetWithoutWhatTheManifestLists_SaysWhatIsMissing()
    {
        using Linear target = new(3, 4);
        TargetManifest manifest = TargetManifest.Of(target, "weight");
        using Linear other = new(3, 5);
        Assert.That(
            () => new HyperNetwork(other, new MeanConditioning(3), new Mlp([3, 5]), new LowRankEmission(manifest, 5, 1)),
            Throws.ArgumentException.With.Message.EqualTo("HyperNetwork: the target must have \"weight\" [4, 3]; it has [5, 3]."));
    }

    [Test]
    public void Encoding_OfYourOwn_IsUsedSavedAndLoaded()
    {
        Encoding.Register(new PolynomialEncoding());
        Encoding.Register(new PolynomialEncoding());
        using TemporaryFolder folder = new();
        string path = folder.File("own.safetensors");
        using Linear target = new(3, 2);
        HyperNetworkOptions options = new() { Encoding = new PolynomialEncoding() };
        using HyperNetwork hyper = HyperNetwork.For(target, [Condition.Unit("a"), Condition.Unit("b")], [4], options: options);
        hyper.Save(path);
        using HyperNetwork again = HyperNetwork.Load(path);
        using MemoryScope scope = new();
        Tensor x = Tensor.Ones([2, 3]), a = Tensor.From([0.2f, 0.5f]), b = Tensor.From([0.3f, 0.4f]);

        Assert.That(hyper.Conditioning.Size, Is.EqualTo(6));
        float[] powers = [0.2f, 0.3f, 0.04f, 0.09f, 0.008f, 0.027f, 0.5f, 0.4f, 0.25f, 0.16f, 0.125f, 0.064f];
        Assert.That(hyper.Conditioning.Forward(a, b).ToArray(), Is.EqualTo(powers).Within(1e-6f));
        Assert.That(again.Forward(x, a, b).ToArray(), Is.EqualTo(hyper.Forward(x, a, b).ToArray()));
        Assert.That(() => Encoding.Register(new Impostor()), Throws.ArgumentException.With.Message.Contains("is taken by PolynomialEncoding"));
    }

    private sealed class PolynomialEncoding : Encoding
    {
        public override string Name => "Polynomial";

        public override int Size(int conditions) => 3 * conditions;

        public override Tensor Encode(Tensor gamma) => Ops.Concatenate(1, gamma, Ops.Square(gamma), Ops.Multiply(Ops.Square(gamma), gamma));
    }

    private sealed class Impostor : Encoding
    {
        public override string Name => "Polynomial";

        public override int Size(int conditions) => conditions;

        public override Tensor Encode(Tensor gamma) => gamma;
    }

    /// <summary>The mean over a set of vectors <c>[C, N, size]</c>.</summary>
    private sealed class MeanConditioning(int size) : Conditioning
    {
        public override int Size => size;

        public override Tensor Forward(params ReadOnlySpan<Tensor> values) => Ops.Mean(values[0], [1]);

        public override Tensor[] FromNumbers(ReadOnlySpan<float> numbers) => [Tensor.From(numbers, [1, 1, size])];
    }

    /// <summary>Every matrix as a change of low rank on the target's own start.</summary>
    private sealed class LowRankEmission : Emission
    {
        private readonly Linear[] _a;
        private readonly Linear[] _b;
        private readonly Parameter[] _bases;
        private readonly int _rank;

        public LowRankEmission(TargetManifest manifest, int width, int rank)
            : base(manifest, width, hasBase: true)
        {
            _rank = rank;
            _a = [.. manifest.Entries.Select((entry, i) => Add($"a{i}", new Linear(width, rank * entry.Shape[1])))];
            _b = [.. manifest.Entries.Select((entry, i) => Add($"b{i}", new Linear(width, rank * entry.Shape[0])))];
            _bases = [.. manifest.Entries.Select((entry, i) => AddParameter($"base{i}", entry.Shape, Initializer.Normal()))];
        }

        public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
        {
            Tensor hidden = generator.Forward(embedding);
            int sets = embedding.Shape[0];
            for (int i = 0; i < weights.Length; i++)
            {
                Shape shape = Manifest.Entries[i].Shape;
                Tensor a = Ops.Reshape(_a[i].Forward(hidden), sets, _rank, shape[1]);
                Tensor b = Ops.Reshape(_b[i].Forward(hidden), sets, shape[0], _rank);
                weights[i] = Weight.LowRank(a, b, 0.5f, _bases[i].Value);
            }
        }
    }
}
