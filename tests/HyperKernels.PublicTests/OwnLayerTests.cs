using System.Runtime.CompilerServices;
using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.PublicTests;

/// <summary>A layer class of the user's own does what the library's own do: it is saved, loaded, copied, and becomes a hypernetwork's target.</summary>
[TestFixture]
internal sealed class OwnLayerTests
{
    [OneTimeSetUp]
    public void Register() => LayerTypes.Register<GatedBlock>();

    [Test]
    public void SaveThenLoad_TreeWithOwnLayer_GivesTheSameOutputs()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("network.safetensors");
        using Sequential network = Network();
        network.Save(path);
        using Sequential again = Layer.Load<Sequential>(path);
        using MemoryScope scope = new();
        Tensor x = Ops.RandomNormal([5, 4], new RandomStream(1));

        Assert.That(again[1], Is.InstanceOf<GatedBlock>());
        Assert.That(again.NamedParameters().Select(static named => named.Name), Is.EqualTo(network.NamedParameters().Select(static named => named.Name)));
        Assert.That(again.Forward(x).ToArray(), Is.EqualTo(network.Forward(x).ToArray()));
    }

    [Test]
    public void Internals_AreNotSeenHere() =>
        Assert.That(
            typeof(Layer).Assembly.GetCustomAttributes(typeof(InternalsVisibleToAttribute), false).Cast<InternalsVisibleToAttribute>()
                .Select(static friend => friend.AssemblyName),
            Is.Not.Empty.And.No.Member(typeof(OwnLayerTests).Assembly.GetName().Name));

    [Test]
    public void Copy_OfOwnLayer_TrainsOnItsOwn()
    {
        using GatedBlock block = new(4, new Mlp([4, 3, 4]));
        using GatedBlock copy = block.Copy();
        using MemoryScope scope = new();
        Tensor x = Ops.RandomNormal([5, 4], new RandomStream(1));
        float[] before = block.Forward(x).ToArray();
        Assert.That(copy.Forward(x).ToArray(), Is.EqualTo(before));

        using Adam adam = new(copy.Parameters, 0.1f);
        using (Tape tape = new())
        {
            tape.Backward(Ops.Mean(Ops.Square(copy.Forward(x))));
            adam.Step(tape);
        }
        Assert.That(block.Forward(x).ToArray(), Is.EqualTo(before));
        Assert.That(copy.Forward(x).ToArray(), Is.Not.EqualTo(before));
    }

    [Test]
    public void Load_PartsThatTheConstructorMakes_HaveTheirModesAndBuffers()
    {
        LayerTypes.Register<Whitened>();
        using TemporaryFolder folder = new();
        string path = folder.File("modes.safetensors");
        using Sequential network = [new Whitened(4), new Whitened(4)];
        network[1].Eval();
        ((Whitened)network[1]).Norm.RunningMean.CopyFrom([1, 2, 3, 4]);
        network.Save(path);
        using Sequential again = Layer.Load<Sequential>(path);

        Assert.That(again.Find<BatchNorm>().Select(static found => found.Layer.Training), Is.EqualTo(new[] { true, false }));
        Assert.That(((Whitened)again[1]).Norm.RunningMean.ToArray(), Is.EqualTo(new float[] { 1, 2, 3, 4 }));
    }

    [Test]
    public void HyperNetwork_OverOwnLayer_RunsPerSampleAndMaterialises()
    {
        using Sequential target = Network();
        using HyperNetwork hyper = HyperNetwork.For(target, Condition.Range("angle", 0, 90), [8]);
        using MemoryScope scope = new();
        Tensor x = Ops.RandomNormal([3, 4], new RandomStream(2));
        float[] angles = [5, 40, 80];
        Tensor together = hyper.Forward(x, Tensor.From(angles));
        for (int b = 0; b < angles.Length; b++)
        {
            using Sequential alone = hyper.Materialize<Sequential>(angles[b]);
            Assert.That(alone[1], Is.InstanceOf<GatedBlock>());
            Assert.That(Ops.Slice(together, 0, b, 1).ToArray(), Is.EqualTo(alone.Forward(Ops.Slice(x, 0, b, 1)).ToArray()).Within(1e-5f));
        }
    }

    [Test]
    public void HyperNetwork_OverOwnLayer_IsSavedAndLoadedWithItsTarget()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("hyper.safetensors");
        using Sequential target = Network();
        using HyperNetwork hyper = HyperNetwork.For(target, Condition.Range("angle", 0, 90), [8]);
        hyper.Save(path);
        using HyperNetwork again = HyperNetwork.Load(path);
        using MemoryScope scope = new();
        Tensor x = Ops.RandomNormal([3, 4], new RandomStream(2)), angles = Tensor.From([5f, 40f, 80f]);

        Assert.That(again.Target.Find<GatedBlock>(), Has.Count.EqualTo(1));
        Assert.That(again.Forward(x, angles).ToArray(), Is.EqualTo(hyper.Forward(x, angles).ToArray()));
    }

    private static Sequential Network() => [new Linear(4, 6), new GatedBlock(6, new Mlp([6, 3, 6])), new Linear(6, 2)];

    /// <summary>What it is made of, its constructor makes; settings tell only a size.</summary>
    private sealed class Whitened : TensorLayer, IStoredLayer<Whitened>
    {
        public Whitened(int features) => Norm = Add("norm", new BatchNorm(features));

        public static string TypeName => "PublicTests.Whitened";

        public BatchNorm Norm { get; }

        public static Whitened Read(LayerSettings settings) => new(settings.Int("features"));

        public void WriteSettings(LayerSettings settings) => settings.Set("features", Norm.Channels);

        public override Tensor Forward(Tensor input) => Norm.Forward(input);
    }
}
