using System.Buffers.Binary;
using HyperKernels.Interchange;
using HyperKernels.IO;
using HyperKernels.Layers;
using HyperKernels.Models;
using Encoding = System.Text.Encoding;

namespace HyperKernels.Tests.IO;

/// <summary>Files that were made to fill logs, to write lines of their own into them, or to take memory: found by fuzzing, and mended.</summary>
[NonParallelizable]
public sealed class HostileFileTests
{
    // A literal that is none, and goes on to the end of the file; and names with the end of a line.
    private static readonly string s_long = new('x', 1_000_000);
    private const string Forged = "\\nerror: all is lost";
    private const string Float = "\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]";

    public static IEnumerable<TestCaseData> Files =>
    [
        Case("literal of a safetensors header", Tensors($"{{\"a\":n{s_long}}}", 0), static path => SafetensorsFile.Open(path)),
        Case("literal of a JSON hypergraph", Encoding.UTF8.GetBytes($"{{\"edge-dict\":t\n{s_long}}}"), static path => XgiFile.Read(path)),
        Case("format of a layer", Tensors($"{{\"__metadata__\":{{\"format\":\"{Forged}{s_long}\"}}}}", 0), static path => Layer.Load(path)),
        Case("literal of a layer", Tensors($"{{\"__metadata__\":{{\"format\":\"hyperkernels.layer.1\",\"layer\":\"tr{Forged}{s_long}\"}}}}", 0), static path => Layer.Load(path)),
        Case("type of a layer", Tensors(
            $"{{\"__metadata__\":{{\"format\":\"hyperkernels.layer.1\",\"layer\":\"{{\\\"type\\\":\\\"\\{Forged}{s_long}\\\"}}\"}}}}", 0),
            static path => Layer.Load(path)),
        Case("name of a weight", Tensors($"{{\"__metadata__\":{{\"weight.{Forged}{s_long}\":\"1\"}}}}", 0), static path => WeightFile.Read(path)),
        Case("name of a tensor", Tensors($"{{\"{Forged}{s_long}\":{{{Float}}}}}", 4), static path => HypnettorchFile.Read(path, new Linear(3, 2))),
        Case("name of a tensor in the wrong place", Tensors($"{{\"{Forged}{s_long}\":{{}}}}", 0), static path => SafetensorsFile.Open(path)),
    ];

    [TestCaseSource(nameof(Files))]
    public void Refusal_OfWhatAFileSays_IsOneShortLine(byte[] file, Action<string> read)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("hostile", file);
        string message = Assert.Throws<InvalidDataException>(() => read(path)).Message;
        Assert.Multiple(() =>
        {
            Assert.That(message, Does.Contain(path));
            Assert.That(message, Has.Length.LessThan(2_500));
            Assert.That(message.Where(char.IsControl), Is.Empty);
        });
    }

    [Test]
    public void StateDict_WithAForgedName_IsRefusedInOneLine()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using Linear layer = new(3, 2);
        string path = folder.File("state.safetensors", Tensors($"{{\"{Forged}\":{{{Float}}}}}", 4));
        Assert.That(
            () => StateDictFile.Load(path, layer), Throws.ArgumentException.With.Message.Contains("unexpected: \"?error: all is lost\" [1]").And.Message.Not.Contains("\n"));
    }

    [Test]
    public void Header_OfManyTensors_TakesAFewTimesItsBytes()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string header = $"{{{string.Join(',', Enumerable.Range(0, 20_000).Select(static i => $"\"{i}\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"))}}}";
        string path = folder.File("many.safetensors", Tensors(header, 0));
        SafetensorsFile.Open(path).Dispose();
        long before = GC.GetAllocatedBytesForCurrentThread();
        using SafetensorsFile file = SafetensorsFile.Open(path);
        double times = (double)(GC.GetAllocatedBytesForCurrentThread() - before) / header.Length;
        Assert.That(file.Entries, Has.Count.EqualTo(20_000));
        Assert.That(times, Is.LessThan(15), "allocated in all; about half of it stays");
    }

    [Test]
    public void Limits_ThatAreSet_Hold()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string tensors = folder.File("a.safetensors", Tensors($"{{\"a\":{{{Float}}}}}", 4));
        string archive = folder.File("a.npz");
        NumpyArchive.Write(archive, [new("a", NumericArray.From(new byte[100_000], 100_000))], compress: true);
        (int header, long always, double expansion) = (FileLimits.HeaderBytes, FileLimits.AlwaysBytes, FileLimits.Expansion);
        try
        {
            (FileLimits.HeaderBytes, FileLimits.AlwaysBytes, FileLimits.Expansion) = (20, 50_000, 10);
            Assert.That(() => SafetensorsFile.Open(tensors), Throws.TypeOf<InvalidDataException>().With.Message.Contains("at most 20 bytes, as FileLimits.HeaderBytes says"));
            Assert.That(() => NumpyArchive.Read(archive), Throws.TypeOf<InvalidDataException>().With.Message.Contains("FileLimits.Expansion"));
            FileLimits.AlwaysBytes = 200_000;
            Assert.That(NumpyArchive.Read(archive), Has.Count.EqualTo(1));
        }
        finally
        {
            (FileLimits.HeaderBytes, FileLimits.AlwaysBytes, FileLimits.Expansion) = (header, always, expansion);
        }
    }

    private static byte[] Tensors(string header, int bytes)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        byte[] file = new byte[8 + text.Length + bytes];
        BinaryPrimitives.WriteInt64LittleEndian(file, text.Length);
        text.CopyTo(file, 8);
        return file;
    }

    private static TestCaseData Case(string name, byte[] file, Action<string> read) => new TestCaseData(file, read).SetArgDisplayNames(name);
}
