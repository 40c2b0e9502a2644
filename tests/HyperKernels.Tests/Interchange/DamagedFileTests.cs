using HyperKernels.Interchange;
using HyperKernels.IO;
using PureHDF;

namespace HyperKernels.Tests.Interchange;

/// <summary>Damages valid files at random: what is read with packages of others is read or refused too, and never ends the process.</summary>
public sealed class DamagedFileTests
{
    private const int Rounds = 200;

    public static IEnumerable<TestCaseData> Formats =>
    [
        Format("Arrow", static path => ArrowTable.Write(path, Table()), static path => ArrowTable.Read(path)),
        Format("Parquet", static path => ParquetTable.WriteAsync(path, Table()).Wait(), static path => ParquetTable.ReadAsync(path).GetAwaiter().GetResult()),
        Format("HDF5", static path => new H5File { ["a"] = new H5Group { ["b"] = new float[20, 30] }, ["c"] = new int[7] }.Write(path), ReadAll),
        Format("PNG", static path => File.WriteAllBytes(path, PngReaderTests.Png(new byte[60], 5, 4, 3, static row => row % 5)), static path => ImageFile.Read(path)),
        Format("JPEG", static path => File.WriteAllBytes(path, Convert.FromBase64String(ImageFileTests.Jpeg)), static path => ImageFile.Read(path)),
    ];

    [TestCaseSource(nameof(Formats))]
    public void File_DamagedAtRandom_IsReadOrRefused(Action<string> write, Action<string> read)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        write(folder.File("good"));
        byte[] good = File.ReadAllBytes(folder.File("good"));
        read(folder.File("good"));
        Random random = new(1);
        int refused = 0;
        for (int round = 0; round < Rounds; round++)
        {
            byte[] bad = [.. good];
            for (int changes = random.Next(1, 4); changes > 0; changes--)
            {
                bad[random.Next(bad.Length)] = (byte)random.Next(256);
            }
            string path = folder.File("bad", random.Next(5) == 0 ? bad.AsSpan(0, random.Next(bad.Length)) : bad);
            try
            {
                read(path);
            }
            catch (InvalidDataException refusal)
            {
                Assert.That(refusal.Message, Does.StartWith($"{path}: "), $"round {round}");
                refused++;
            }
        }
        Assert.That(refused, Is.GreaterThan(Rounds / 10), "the damage must be felt");
    }

    private static TensorTable Table() => new TensorTable()
        .Add("f", NumericArray.From(new float[100], 100))
        .Add("i", NumericArray.From(new long[100], 100))
        .Add("t", [.. Enumerable.Range(0, 100).Select(static i => $"word {i}")]);

    private static void ReadAll(string path)
    {
        foreach (string name in Hdf5File.Names(path))
        {
            Hdf5File.Read(path, name);
        }
    }

    private static TestCaseData Format(string name, Action<string> write, Action<string> read) => new TestCaseData(write, read).SetArgDisplayNames(name);
}
