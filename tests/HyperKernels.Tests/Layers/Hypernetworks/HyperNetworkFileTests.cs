using HyperKernels.IO;
using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers.Hypernetworks;

/// <summary>A hypernetwork's file holds all that is needed to use it again.</summary>
public sealed class HyperNetworkFileTests
{
    private static readonly float[] s_angles = [10, 80];

    [TestCase(EmissionPlan.Full)]
    [TestCase(EmissionPlan.Heads)]
    [TestCase(EmissionPlan.Chunks)]
    public void Load_GivesTheSameNetwork(EmissionPlan plan)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        string path = folder.File("digits.safetensors");
        Layer target = new Sequential(new Conv2d(1, 2, kernelSize: 3), new GroupNorm(1, 2), new Gelu(), new Flatten(), new Linear(8, 3));
        HyperNetwork hyper = HyperNetwork.For(target, Condition.Range("angle", 0, 90), hidden: [5, 6], parameters: "*weight", options: new() { Emission = plan, ChunkSize = 9 });
        Tensor images = Ops.RandomNormal([2, 1, 4, 4], new RandomStream(1));
        float[] expected = hyper.Forward(images, Tensor.From(s_angles)).ToArray();
        hyper.Save(path);
        HyperNetwork again = HyperNetwork.Load(path);
        Assert.Multiple(() =>
        {
            Assert.That(again.Forward(images, Tensor.From(s_angles)).ToArray(), Is.EqualTo(expected));
            Assert.That(again.NamedParameters().Select(n => n.Name), Is.EqualTo(hyper.NamedParameters().Select(n => n.Name)));
            Assert.That(again.Manifest.Entries.Select(e => (e.Name, e.Offset)), Is.EqualTo(hyper.Manifest.Entries.Select(e => (e.Name, e.Offset))));
        });
    }

    [Test]
    public void Load_TargetOfAnOwnClass_GeneratesWithoutIt_AndRunsWithIt()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        string path = folder.File("own.safetensors");
        HyperNetwork hyper = HyperNetwork.For(new Doubled(), Condition.Unit("t"), hidden: [4]);
        hyper.Save(path);
        Tensor x = Ops.RandomNormal([3, 2], new RandomStream(2));
        Tensor t = Tensor.From([0.5f]);
        HyperNetwork blind = HyperNetwork.Load(path);
        Assert.Multiple(() =>
        {
            Assert.That(blind.Generate(t).ToArray(), Is.EqualTo(hyper.Generate(t).ToArray()));
            Assert.That(() => blind.Forward(x, t), Throws.InvalidOperationException.With.Message.Contains("give Load the target"));
            Assert.That(HyperNetwork.Load(path, new Doubled()).Forward(x, t).ToArray(), Is.EqualTo(hyper.Forward(x, t).ToArray()));
            Assert.That(() => HyperNetwork.Load(path, new Linear(2, 2)), Throws.ArgumentException.With.Message.Contains("inner.weight"));
        });
    }

    [Test]
    public void Load_AnotherSafetensorsFile_IsRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("other.safetensors");
        Safetensors.Write(path, [SafetensorsTensor.From("w", new float[] { 1 }, 1)]);
        Assert.That(() => HyperNetwork.Load(path), Throws.TypeOf<InvalidDataException>().With.Message.Contains("LoadHyperlight"));
    }

    [Test]
    public void LoadHyperlight_ReadsItsNames()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        string path = folder.File("hyperlight.safetensors");
        HyperNetwork hyper = HyperNetwork.For(new Linear(2, 3), Condition.Unit("t"), hidden: [4, 5]);
        HyperNetwork other = HyperNetwork.For(new Linear(2, 3), Condition.Unit("t"), hidden: [4, 5], options: new() { Random = new RandomStream(99) });
        IReadOnlyDictionary<string, HostArray> state = hyper.GetState();
        (string Theirs, string Ours)[] names =
        [
            ("net.backbone.block0_lin.weight", "generator.hidden0.weight"), ("net.backbone.block0_lin.bias", "generator.hidden0.bias"),
            ("net.backbone.block1_lin.weight", "generator.hidden1.weight"), ("net.backbone.block1_lin.bias", "generator.hidden1.bias"),
            ("net.backbone.output.weight", "emission.weight"), ("net.backbone.output.bias", "emission.theta0"),
        ];
        Safetensors.Write(path, names.Select(n => SafetensorsTensor.From(
            n.Theirs, state[n.Ours].Values, state[n.Ours].Shape.Rank == 1 ? [state[n.Ours].Shape[0]] : [state[n.Ours].Shape[0], state[n.Ours].Shape[1]])));
        other.LoadHyperlight(path, "net.");
        Tensor t = Tensor.From([0.25f]);
        Assert.That(other.Generate(t).ToArray(), Is.EqualTo(hyper.Generate(t).ToArray()));
        Assert.That(() => other.LoadHyperlight(path), Throws.ArgumentException.With.Message.Contains("backbone.output.weight"));
    }

    private sealed class Doubled : Layer
    {
        private readonly Linear _inner;

        public Doubled() => _inner = Add("inner", new Linear(2, 2));

        public override Tensor Forward(Tensor input) => Ops.MultiplyScalar(_inner.Forward(input), 2);
    }
}
