using System.Diagnostics;
using HyperKernels.IO;
using NUnit.Framework;

namespace HyperKernels.Tests.IO;

/// <summary>Damages valid files at random: a reader may read what is still valid, or refuse with path and byte, or line; nothing else.</summary>
[TestFixture]
internal sealed class MutationTests
{
    private const int Rounds = 2000;
    private const long MostBytes = 64 << 20;

    // Fragments that move a parser further than random bytes do.
    private static readonly string[] s_fragments =
        ["\"", "{", "}", "[", "]", ":", ",", "-1", "0", "99999999999", "1e9", "null", "\\u", "\"shape\"", "(", ")", "'", "L", "\n", "F64"];

    [Test]
    public void Safetensors_MutatedAtRandom_IsReadOrRefused()
    {
        using MemoryStream stream = new();
        Safetensors.Write(stream,
        [
            SafetensorsTensor.From("layer.weight", new float[12], 4, 3),
            SafetensorsTensor.From("layer.bias", new double[4], 4),
            SafetensorsTensor.From("count", new long[] { 7 }),
            SafetensorsTensor.From("mask", new bool[] { true, false, true }, 3),
        ], new Dictionary<string, string> { ["system"] = "mip", ["config"] = "{\"a\": 1}" });
        Mutate(stream.ToArray(), seed: 1, "x.safetensors", path =>
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            foreach (SafetensorsEntry entry in file.Entries.Values)
            {
                _ = file.ReadFloat64(entry.Name);
                _ = file.Bytes(entry.Name).Length;
            }
        });
    }

    [Test]
    public void Numpy_MutatedAtRandom_IsReadOrRefused() =>
        Mutate(NumpyFileTests.Make("{'descr': '<i4', 'fortran_order': True, 'shape': (2, 3), }", new byte[24], 1), seed: 2, "x.npy",
            path => _ = NumpyFile.Read(path).ToFloat64());

    [TestCase(false, 3)]
    [TestCase(true, 4)]
    public void NumpyArchive_MutatedAtRandom_IsReadOrRefused(bool compress, int seed)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("good.npz");
        NumpyArchive.Write(path,
            [new("a", NumericArray.From(new float[300], 300)), new("b", NumericArray.From(new long[] { 1, 2 }, 2))], compress);
        Mutate(File.ReadAllBytes(path), seed, "x.npz", damaged => _ = NumpyArchive.Read(damaged).Count);
    }

    [TestCase(false, 5)]
    [TestCase(true, 6)]
    public void Idx_MutatedAtRandom_IsReadOrRefused(bool compress, int seed)
    {
        byte[] plain = [0, 0, 8, 2, 0, 0, 0, 10, 0, 0, 0, 5, .. Enumerable.Range(0, 50).Select(i => (byte)(i * 7))];
        Mutate(compress ? IdxFileTests.Gzip(plain) : plain, seed, "x.idx", path => _ = IdxFile.Read(path).ToFloat32());
    }

    [TestCase("x.hif.json", 7)]
    [TestCase("x.xgi.json", 8)]
    [TestCase("x.csv", 9)]
    [TestCase("x.hgr", 10)]
    [TestCase("x.txt", 11)]
    public void HypergraphText_MutatedAtRandom_IsReadOrRefused(string name, int seed)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        HypergraphData data = new(5, 4, [1, 2, 0, 0, 4, 4], [0, 0, 0, 2, 3, 3]);
        HypergraphFile.Write(folder.File(name), data);
        Mutate(File.ReadAllBytes(folder.File(name)), seed, name, path => _ = HypergraphFile.Read(path), place: ": line ");
    }

    [Test]
    public void HypergraphTensors_MutatedAtRandom_AreReadOrRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        HypergraphTensors.Write(folder.File("good.safetensors"), new HypergraphData(2, 2, [0, 1, 1], [0, 0, 1])
        {
            NodeNames = new ElementNames(["ada", "bob"]),
            NodeFeatures = new SparseRows(2, [0, 1, 2], [0, 1], [1, 2]),
            Roles = [MembershipRole.Head, MembershipRole.Tail, MembershipRole.None],
        });
        Mutate(File.ReadAllBytes(folder.File("good.safetensors")), seed: 12, "x.safetensors", path => _ = HypergraphTensors.Read(path), place: ": ");
    }

    private static void Mutate(byte[] good, int seed, string name, Action<string> read, string place = ": byte ")
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        Random random = new(seed);
        int refused = 0;
        read(folder.File(name, good));
        for (int round = 0; round < Rounds; round++)
        {
            byte[] damaged = Damage(good, random);
            string path = folder.File(name, damaged);
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            try
            {
                read(path);
            }
            catch (InvalidDataException failure)
            {
                refused++;
                if (!failure.Message.StartsWith(path, StringComparison.Ordinal) || !failure.Message.Contains(place, StringComparison.Ordinal))
                {
                    Assert.Fail($"seed {seed}, round {round}: the refusal names no path and place: {failure.Message}");
                }
            }
            catch (Exception failure)
            {
                Assert.Fail($"seed {seed}, round {round}: {failure}\n{Convert.ToHexString(damaged)}");
            }
            if (GC.GetAllocatedBytesForCurrentThread() - before > MostBytes || Stopwatch.GetElapsedTime(start).TotalSeconds > 10)
            {
                Assert.Fail($"seed {seed}, round {round}: too much memory or time.\n{Convert.ToHexString(damaged)}");
            }
        }
        Assert.That(refused, Is.GreaterThan(Rounds / 4), "the damage must be felt");
    }

    private static byte[] Damage(byte[] good, Random random)
    {
        List<byte> bytes = [.. good];
        for (int changes = random.Next(1, 4); changes > 0 && bytes.Count > 0; changes--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 40), bytes.Count - at)));
                    break;
                case 4:
                    bytes.InsertRange(at, s_fragments[random.Next(s_fragments.Length)].Select(letter => (byte)letter));
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }
        return [.. bytes];
    }
}
