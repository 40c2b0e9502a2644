using HyperKernels.Interchange;
using HyperKernels.IO;
using HyperKernels.Layers;

namespace HyperKernels.Tests.Interchange;

/// <summary>State dicts go into layers and out of them under mapped names; what does not fit is listed.</summary>
public sealed class StateDictFileTests
{
    // A network of PyTorch with names of its own, as safetensors.torch writes it.
    private static readonly (string Own, string Their)[] s_names =
    [
        ("0.weight", "backbone.stem.weight"), ("0.bias", "backbone.stem.bias"), ("1.weight", "backbone.norm.weight"), ("1.bias", "backbone.norm.bias"),
        ("1.running_mean", "backbone.norm.running_mean"), ("1.running_var", "backbone.norm.running_var"), ("1.num_batches_tracked", "backbone.norm.num_batches_tracked"),
        ("4.weight", "blocks.2.fc.weight"), ("4.bias", "blocks.2.fc.bias"), ("5.weight", "blocks.10.fc.weight"), ("5.bias", "blocks.10.fc.bias"),
    ];

    [Test]
    public void SameNames_GoBothWays()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using Sequential from = Network(), to = Network();
        StateDictFile.Save(folder.File("x.safetensors"), from);
        Assert.That(StateDictFile.Load(folder.File("x.safetensors"), to), Is.EqualTo(11));
        AssertSame(from, to);
        using SafetensorsFile file = SafetensorsFile.Open(folder.File("x.safetensors"));
        Assert.That(file.Entries["1.num_batches_tracked"].ToString(), Is.EqualTo("1.num_batches_tracked I64 []"), "as PyTorch has it");
        Assert.That(file.Metadata["format"], Is.EqualTo("pt"), "what transformers asks for");
    }

    [Test]
    public void Table_MapsLayersAndSingleNames()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using Sequential from = Network(), to = Network();
        StateMap map = StateMap.Of(new Dictionary<string, string>
        {
            ["0"] = "backbone.stem", ["1"] = "backbone.norm", ["4.weight"] = "blocks.2.fc.weight", ["4.bias"] = "blocks.2.fc.bias", ["5"] = "blocks.10.fc",
        });
        StateDictFile.Save(folder.File("x.safetensors"), from, map);
        Assert.That(StateFile.Read(folder.File("x.safetensors")).Keys, Is.EquivalentTo(s_names.Select(name => name.Their)));
        StateDictFile.Load(folder.File("x.safetensors"), to, map);
        AssertSame(from, to);
    }

    [Test]
    public void Order_PairsByKindAndShape_NumbersByValue()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using Sequential from = Network(), to = Network();
        IReadOnlyDictionary<string, HostArray> state = from.GetState();
        // Norm gains, biases and statistics all have the same shape; blocks.10 sorts before blocks.2 as text.
        StateFile.Write(folder.File("theirs.safetensors"), s_names.ToDictionary(name => name.Their, name => state[name.Own]));
        Assert.That(StateDictFile.Load(folder.File("theirs.safetensors"), to, StateMap.ByOrder), Is.EqualTo(11));
        AssertSame(from, to);
        StateDictFile.Save(folder.File("back.safetensors"), to, StateMap.ByOrder, like: folder.File("theirs.safetensors"));
        IReadOnlyDictionary<string, HostArray> back = StateFile.Read(folder.File("back.safetensors"));
        Assert.Multiple(() =>
        {
            foreach ((string own, string their) in s_names)
            {
                Assert.That(back[their].Values, Is.EqualTo(state[own].Values), their);
            }
        });
    }

    [Test]
    public void Order_OfOtherKinds_PairsByShape()
    {
        using LayerNorm norm = new(3);
        Dictionary<string, HostArray> state = new() { ["gamma"] = new HostArray([1, 2, 3], [3]), ["beta"] = new HostArray([4, 5, 6], [3]) };
        StateDictFile.Load(state, norm, StateMap.ByOrder);
        Assert.That(norm.Weight!.OwnValue.ToArray(), Is.EqualTo(new float[] { 1, 2, 3 }));
        Assert.That(norm.Bias!.OwnValue.ToArray(), Is.EqualTo(new float[] { 4, 5, 6 }));
    }

    [Test]
    public void Rule_OfYourOwn_AndPrefix()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using Sequential from = Network(), to = Network();
        StateDictFile.Save(folder.File("x.safetensors"), from, StateMap.Prefixed("module."));
        StateDictFile.Load(folder.File("x.safetensors"), to, StateMap.Of(static name => $"module.{name}"));
        AssertSame(from, to);
    }

    [Test]
    public void Load_OfWhatDoesNotFit_ListsAllAndChangesNothing()
    {
        using Sequential network = [new Linear(3, 2), new Linear(2, 2)];
        IReadOnlyDictionary<string, HostArray> before = network.GetState();
        Dictionary<string, HostArray> state = new()
        {
            ["net.0.weight"] = new HostArray(new float[6], [3, 2]), ["net.0.bias"] = new HostArray(new float[2], [2]), ["net.1.bias"] = new HostArray(new float[2], [2]),
            ["extra"] = new HostArray(new float[4], [4]),
        };
        Assert.That(() => StateDictFile.Load(state, network, StateMap.Prefixed("net.")), Throws.ArgumentException.With.Message.EqualTo(
            "StateDictFile.Load: the state does not fit Sequential: missing: \"1.weight\" (there \"net.1.weight\") [2, 2]; unexpected: \"extra\" [4]; "
            + "of another shape: \"0.weight\" (there \"net.0.weight\") is [3, 2], [2, 3] is wanted."));
        Assert.That(network.GetState()["0.bias"].Values, Is.EqualTo(before["0.bias"].Values));
        Assert.That(() => StateDictFile.Load(state, network, StateMap.Prefixed("net."), partial: true), Throws.ArgumentException, "another shape never fits");
        state["net.0.weight"] = new HostArray(new float[6], [2, 3]);
        Assert.That(StateDictFile.Load(state, network, StateMap.Prefixed("net."), partial: true), Is.EqualTo(3));
    }

    [Test]
    public void Load_OfATiedParameter_TakesAnyOfItsNames()
    {
        using Linear shared = new(2, 2);
        using Sequential network = [shared, new Relu(), shared];
        HostArray weight = new([1, 2, 3, 4], [2, 2]), bias = new([5, 6], [2]);
        StateDictFile.Load(new Dictionary<string, HostArray> { ["2.weight"] = weight, ["2.bias"] = bias }, network);
        Assert.That(shared.Weight.OwnValue.ToArray(), Is.EqualTo(weight.Values));
        StateDictFile.Load(new Dictionary<string, HostArray> { ["0.weight"] = Nines(), ["2.weight"] = Nines(), ["0.bias"] = bias }, network);
        Assert.That(shared.Weight.OwnValue.ToArray(), Is.EqualTo(new float[] { 9, 9, 9, 9 }));

        static HostArray Nines() => new([9, 9, 9, 9], [2, 2]);
    }

    [Test]
    public void Save_UnderOneNameTwice_OrByOrderWithoutAFile_IsRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using Linear layer = new(2, 2);
        Assert.That(() => StateDictFile.Save(folder.File("x"), layer, StateMap.Of(static _ => "w")), Throws.ArgumentException.With.Message.Contains("the same name \"w\""));
        Assert.That(() => StateDictFile.Save(folder.File("x"), layer, StateMap.ByOrder), Throws.ArgumentException.With.Message.Contains("\"like\""));
    }

    private static Sequential Network()
    {
        Sequential network = [new Conv2d(1, 6, kernelSize: 3), new BatchNorm(6), new Relu(), new Flatten(), new Linear(6, 6), new Linear(6, 6)];
        using MemoryScope scope = new();
        network[1].Forward(network[0].Forward(Ops.RandomNormal([4, 1, 3, 3], new RandomStream((ulong)Random.Shared.NextInt64()))));
        return network;
    }

    private static void AssertSame(Layer expected, Layer actual)
    {
        IReadOnlyDictionary<string, HostArray> wanted = expected.GetState();
        foreach ((string name, HostArray array) in actual.GetState())
        {
            Assert.That(array.Values, Is.EqualTo(wanted[name].Values), name);
        }
    }
}
