using HyperKernels.IO;
using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers;

/// <summary>Files that earlier versions wrote are read, and give what they gave then; tests/files/README.md says how they were made.</summary>
public sealed class OldFileTests
{
    // The processor's vectors may be of another width than those of the machine that wrote the files.
    private const float Close = 1e-5f;

    private static readonly string[] s_names = ["images", "signals", "words", "generator", "part", "gru", "lstm", "hypergraph", "own"];

    private static string FileOf(string name) => Path.Combine(TestData.Repository, "tests", "files", $"{name}.safetensors");

    [TestCaseSource(nameof(s_names))]
    public void Load_GeneratesTheSameWeights(string name)
    {
        using MemoryScope scope = new();
        using SafetensorsFile expected = SafetensorsFile.Open(FileOf($"{name}.expected"));
        using HyperNetwork network = HyperNetwork.Load(FileOf(name));
        Assert.That(network.Generate(Conditions(expected)).ToArray(), Is.EqualTo(expected.ReadFloat32("theta")).Within(Close));
    }

    [TestCase("images")]
    [TestCase("signals")]
    [TestCase("words")]
    [TestCase("generator")]
    [TestCase("part")]
    public void Load_GivesTheSameOutputs(string name)
    {
        using MemoryScope scope = new();
        using SafetensorsFile expected = SafetensorsFile.Open(FileOf($"{name}.expected"));
        using HyperNetwork network = HyperNetwork.Load(FileOf(name));
        Tensor output = network.Forward(Read(expected, "input"), Conditions(expected));
        Assert.That(output.ToArray(), Is.EqualTo(expected.ReadFloat32("output")).Within(Close));
    }

    [TestCase("gru")]
    [TestCase("lstm")]
    public void Load_RecurrentTarget_GivesTheSameOutputs(string name)
    {
        using MemoryScope scope = new();
        using SafetensorsFile expected = SafetensorsFile.Open(FileOf($"{name}.expected"));
        using HyperNetwork network = HyperNetwork.Load(FileOf(name));
        Tensor input = Read(expected, "input");
        using IDisposable weights = network.Apply(Conditions(expected));
        Tensor output = network.Target is GruCell cell ? cell.Forward(input) : ((LstmCell)network.Target).Forward(input);
        Assert.That(output.ToArray(), Is.EqualTo(expected.ReadFloat32("output")).Within(Close));
    }

    [Test]
    public void Load_TargetOfAnOwnClass_RunsWithIt()
    {
        using MemoryScope scope = new();
        using SafetensorsFile expected = SafetensorsFile.Open(FileOf("own.expected"));
        using HyperNetwork network = HyperNetwork.Load(FileOf("own"), new Doubled());
        Tensor output = network.Forward(Read(expected, "input"), Conditions(expected));
        Assert.That(output.ToArray(), Is.EqualTo(expected.ReadFloat32("output")).Within(Close));
    }

    [Test]
    public void Load_Images_HasTheSharedLayerOnce_AndThePartThatDoesNotTrain()
    {
        using HyperNetwork network = (HyperNetwork)Layer.Load(FileOf("images"));
        Sequential target = (Sequential)network.Target;
        Assert.That(((Sequential)((Residual)target[12]).Inner)[1], Is.SameAs(target[2]));
        Assert.That(target.Select(layer => layer.Training), Is.EqualTo(Enumerable.Range(0, target.Length).Select(i => i != 1)));
    }

    [TestCaseSource(nameof(s_names))]
    public void Save_OfWhatWasLoaded_IsReadAgain(string name)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using SafetensorsFile expected = SafetensorsFile.Open(FileOf($"{name}.expected"));
        using HyperNetwork network = HyperNetwork.Load(FileOf(name));
        network.Save(folder.File("again.safetensors"));
        using HyperNetwork again = HyperNetwork.Load(folder.File("again.safetensors"));
        Assert.That(again.ToString(), Is.EqualTo(network.ToString()));
        Assert.That(again.Generate(Conditions(expected)).ToArray(), Is.EqualTo(network.Generate(Conditions(expected)).ToArray()));
    }

    private static Tensor[] Conditions(SafetensorsFile file) =>
        [.. Enumerable.Range(0, int.MaxValue).Select(i => $"condition{i}").TakeWhile(file.Entries.ContainsKey).Select(name => Read(file, name))];

    private static Tensor Read(SafetensorsFile file, string name)
    {
        SafetensorsEntry entry = file.Entries[name];
        Shape shape = new([.. entry.Shape.Select(size => (int)size)]);
        return entry.Type == StoredType.I32 ? Tensor.From(file.ReadInt32(name), shape) : Tensor.From(file.ReadFloat32(name), shape);
    }

    private sealed class Doubled : TensorLayer
    {
        private readonly Linear _inner;

        public Doubled() => _inner = Add("inner", new Linear(2, 2));

        public override Tensor Forward(Tensor input) => Ops.MultiplyScalar(_inner.Forward(input), 2);
    }
}
