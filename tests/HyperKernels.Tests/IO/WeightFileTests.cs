using HyperKernels.IO;

namespace HyperKernels.Tests.IO;

/// <summary>Weights in files keep the parts that they are made of.</summary>
[TestFixture]
internal sealed class WeightFileTests
{
    public static IEnumerable<TestCaseData> Kinds =>
        from kind in Enum.GetValues<WeightKind>()
        from option in (Option[])(kind switch
        {
            WeightKind.Modulated => [Option.Everywhere, Option.InputsDemodulated],
            WeightKind.Scaled => [Option.Outputs, Option.OutputsWithBase],
            WeightKind.Dense or WeightKind.Kronecker => [Option.None],
            _ => [Option.None, Option.Base],
        })
        from sharing in (Sharing[])[Sharing.Shared, Sharing.PerSample, Sharing.ByRow]
        select new TestCaseData(new WeightCase(Form.Conv2d, kind, option, sharing, 1)).SetArgDisplayNames($"{kind} {option} {sharing}");

    [TestCaseSource(nameof(Kinds))]
    public void WriteThenRead_EveryKind_GivesTheSameWeightInTheSameParts(WeightCase row)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        Weight weight = new WeightParts(row).Make();
        string path = folder.File("weights.safetensors");
        WeightFile.Write(path, new Dictionary<string, Weight> { ["block.weight"] = weight, ["bias"] = Tensor.From([1f, 2f]) },
            new Dictionary<string, string> { ["note"] = "kept" });
        IReadOnlyDictionary<string, Weight> read = WeightFile.Read(path);

        Assert.That(read.Keys, Is.EquivalentTo(["block.weight", "bias"]));
        Assert.That(read["block.weight"].Kind, Is.EqualTo(row.Kind));
        Assert.That(read["block.weight"].Sets, Is.EqualTo(weight.Sets));
        Assert.That(read["block.weight"].Materialize().ToArray(), Is.EqualTo(weight.Materialize().ToArray()));
        Assert.That(read["bias"].Materialize().ToArray(), Is.EqualTo(new[] { 1f, 2f }));
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.That(file.Metadata["note"], Is.EqualTo("kept"));
        Assert.That(file.Entries.ContainsKey("block.weight"), Is.EqualTo(row.Kind == WeightKind.Dense), "parts, not what they make");
    }

    [TestCase("""{"kind":"LowRank","shape":[4,5],"scale":1,"demodulated":false}""", "the part \"w.b\" is missing.")]
    [TestCase("""{"kind":"Dense","shape":[4,5],"scale":1,"demodulated":false}""", "a weight of kind Dense has no parts.")]
    [TestCase(
        """{"kind":"Loww","shape":[4,5],"scale":1,"demodulated":false}""",
        "\"kind\" must be one of Dense, Generated, Mixture, LowRank, Kronecker, Modulated, Scaled; it is \"Loww\".")]
    [TestCase("""{"kind":"Kronecker","shape":[4,5],"scale":1,"demodulated":false}""", "the part \"w.s\" is missing.")]
    [TestCase("no json", "invalid")]
    public void Read_DescriptionThatDoesNotFit_NamesFileAndWeight(string description, string reason)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("weights.safetensors");
        StateFile.Write(path, new Dictionary<string, HostArray> { ["w.a"] = new(new float[10], [2, 5]) }, new Dictionary<string, string> { ["weight.w"] = description });

        Assert.That(
            () => WeightFile.Read(path),
            Throws.TypeOf<InvalidDataException>().With.Message.StartsWith($"{path}: metadata \"weight.w\" does not describe a weight of this file: ").And.Message.Contains(reason));
    }

    [Test]
    public void Write_NamesThatMeet_IsRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        Weight weight = Weight.LowRank(Tensor.Zeros([2, 5]), Tensor.Zeros([4, 2]));
        Assert.That(
            () => WeightFile.Write(folder.File("x.safetensors"), new Dictionary<string, Weight> { ["w"] = weight, ["w.a"] = Tensor.Zeros([1]) }),
            Throws.TypeOf<ArgumentException>().With.Message.EqualTo("WeightFile: the name \"w.a\" would stand for two tensors; rename one of the weights."));
    }
}
