using HyperKernels.Cases;
using HyperKernels.IO;

namespace HyperKernels.Tests;

/// <summary>Outputs and gradients against those of the authors' code, at every vector width and on every other backend.</summary>
public sealed class ReferenceTests
{
    public static IEnumerable<TestCaseData> Cases =>
        from device in Conformance.Devices
        from path in ReferenceRunner.Files(TestData.Reference)
        where ReferenceSystems.Find(ReferenceCase.Open(path).SystemName) is not null
        select new TestCaseData(path, device).SetArgDisplayNames($"{Path.GetFileNameWithoutExtension(path)} on {device.Name}");

    [TestCaseSource(nameof(Cases))]
    public void Layer_MatchesReference(string path, Device device)
    {
        ReferenceResult result = ReferenceRunner.Run(path, device);
        Assert.That(result.Passed, $"{result.Case} ({result.System}) on {result.Backend}: {result.Reason}");
    }

    [Test]
    public void Files_OfTheRepository_AreFound() => Assert.That(Cases.Count(), Is.GreaterThanOrEqualTo(6 * Conformance.Devices.Count));

    [Test]
    public void Run_WrongAnswer_NamesTensorAndIndex()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        byte[] bytes = File.ReadAllBytes(Path.Combine(TestData.Reference, "hypergraph", "prim_spmm_a.safetensors"));
        // The widest type comes first: the first eight bytes of data are an expected number or an id.
        double wrong = 1e6;
        ReferenceCase right = ReferenceCase.Open(Path.Combine(TestData.Reference, "hypergraph", "prim_spmm_a.safetensors"));
        byte[] old = BitConverter.GetBytes(right.Tensor("out.sddmm").Values[3]);
        int at = bytes.AsSpan().IndexOf(old);
        BitConverter.GetBytes(wrong).CopyTo(bytes, at);

        ReferenceResult result = ReferenceRunner.Run(folder.File("wrong.safetensors", bytes), Device.Cpu);

        Assert.That(result.Passed, Is.False);
        Assert.That(result.Reason, Does.StartWith("out.sddmm: error").And.Contain("index 3: expected 1000000"));
    }

    [Test]
    public void Run_NothingToCompare_IsNoSuccess()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        ReferenceCase whole = ReferenceCase.Open(Path.Combine(TestData.Reference, "hypergraph", "prim_spmm_a.safetensors"));
        string path = folder.File("inputs only.safetensors");
        Safetensors.Write(
            path,
            whole.Tensors.Where(named => named.Key.StartsWith("in.", StringComparison.Ordinal)).Select(named => named.Value.IsInteger
                ? SafetensorsTensor.From(named.Key, Array.ConvertAll(named.Value.Values, value => (int)value), Lengths(named.Value.Shape))
                : SafetensorsTensor.From(named.Key, Array.ConvertAll(named.Value.Values, value => (float)value), Lengths(named.Value.Shape))),
            whole.Metadata);

        ReferenceResult result = ReferenceRunner.Run(path, Device.Cpu);

        Assert.That((result.Passed, result.Reason), Is.EqualTo((false, "nothing was compared: the case holds no out.* or grad.* that its system computes")));

        static long[] Lengths(Shape shape) => [.. shape.AsSpan().ToArray().Select(size => (long)size)];
    }

    [Test]
    public void Run_BrokenFile_TellsWhatIsWrong()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();

        ReferenceResult result = ReferenceRunner.Run(folder.File("broken.safetensors", [1, 2, 3]), Device.Cpu);

        Assert.That(result.Passed, Is.False);
        Assert.That(result.Case, Is.EqualTo("broken"));
        Assert.That(result.Reason, Does.Contain("broken.safetensors"));
    }

    [Test]
    public void Run_UnknownSystem_IsUnsupported()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("strange.safetensors");
        Safetensors.Write(path, [], new Dictionary<string, string> { ["system"] = "no such system" });

        ReferenceResult result = ReferenceRunner.Run(path, Device.Cpu);

        Assert.That((result.Passed, result.Reason, result.System), Is.EqualTo((false, "unsupported", "no such system")));
    }
}
