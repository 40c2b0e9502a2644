using HyperKernels.Layers;

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
            using TensorLayer alone = hyper.Materialize(angles[b]);
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
}
