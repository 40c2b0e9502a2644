using System.IO.Compression;
using HyperKernels.IO;
using NUnit.Framework;

namespace HyperKernels.Tests.IO;

[TestFixture]
internal sealed class IdxFileTests
{
    private TestData.TemporaryFolder _folder = null!;

    [SetUp]
    public void SetUp() => _folder = TestData.Temporary();

    [TearDown]
    public void TearDown() => _folder.Dispose();

    [Test]
    public void Read_EveryType_GivesTheValues()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Read([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 1, 250, 3]).ToInt32(), Is.EqualTo(new int[] { 250, 3 }));
            Assert.That(Read([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 1, 250, 3]).Shape, Is.EqualTo(new long[] { 2, 1 }));
            Assert.That(Read([0, 0, 9, 1, 0, 0, 0, 1, 0xFE]).ToInt32(), Is.EqualTo(new int[] { -2 }));
            Assert.That(Read([0, 0, 11, 1, 0, 0, 0, 1, 0xFE, 0xFF]).ToInt32(), Is.EqualTo(new int[] { -257 }));
            Assert.That(Read([0, 0, 12, 1, 0, 0, 0, 1, 1, 2, 3, 4]).ToInt64(), Is.EqualTo(new long[] { 0x01020304 }));
            Assert.That(Read([0, 0, 13, 1, 0, 0, 0, 1, 0xC0, 0x20, 0, 0]).ToFloat32(), Is.EqualTo(new float[] { -2.5f }));
            Assert.That(Read([0, 0, 14, 1, 0, 0, 0, 1, 0xC0, 4, 0, 0, 0, 0, 0, 0]).ToFloat64(), Is.EqualTo(new double[] { -2.5 }));
            Assert.That(Read([0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 9]).Length, Is.Zero);
        });
    }

    [Test]
    public void Read_GzipUnderAnyName_GivesTheValues()
    {
        byte[] plain = [0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3];
        Assert.That(IdxFile.Read(_folder.File("labels", Gzip(plain))).Bytes.ToArray(), Is.EqualTo(new byte[] { 1, 2, 3 }));
        Assert.That(IdxFile.Read(_folder.File("labels.gz", plain)).Bytes.ToArray(), Is.EqualTo(new byte[] { 1, 2, 3 }));
    }

    [TestCase(new byte[] { }, "byte 0: the file ends inside the 4 bytes of the IDX magic number; 4 bytes were due, 0 came.")]
    [TestCase(new byte[] { 0, 0, 8 }, "byte 3: the file ends inside the 4 bytes of the IDX magic number; 4 bytes were due, 3 came.")]
    [TestCase(new byte[] { 0, 7, 8, 1 }, "byte 0: an IDX file begins with two zero bytes; got 0x00 0x07.")]
    [TestCase(new byte[] { 0, 0, 10, 1 }, "byte 2: the element type must be one of 0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E; got 0x0A.")]
    [TestCase(new byte[] { 0, 0, 8, 0 }, "byte 3: the number of dimensions must be from 1 to 64; got 0.")]
    [TestCase(new byte[] { 0, 0, 8, 65 }, "byte 3: the number of dimensions must be from 1 to 64; got 65.")]
    [TestCase(new byte[] { 0, 0, 8, 2, 0, 0, 0, 1, 0 }, "byte 9: the file ends inside the sizes; 8 bytes were due, 5 came.")]
    [TestCase(new byte[] { 0, 0, 8, 1, 0x80, 0, 0, 0 }, "byte 4: size 0 must not be negative; got -2,147,483,648.")]
    [TestCase(new byte[] { 0, 0, 8, 1, 0, 0, 0, 3, 1, 2 },
        "byte 8: the header promises 3 bytes of U8 [3] but the file can hold 2; it may be cut off.")]
    [TestCase(new byte[] { 0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3, 4 }, "byte 11: the file must end after its elements; more bytes follow.")]
    [TestCase(new byte[] { 0, 0, 14, 1, 0x7F, 255, 255, 255 }, "may have at most 2,147,483,591 bytes; the header promises 17,179,869,176.")]
    [TestCase(new byte[] { 0, 0, 14, 3, 0x7F, 255, 255, 255, 0x7F, 255, 255, 255, 0x7F, 255, 255, 255 }, "byte 4: the size of shape")]
    public void Read_MalformedFile_IsRefusedWithPathOffsetAndRule(byte[] content, string message) => AssertRefused(content, message);

    [Test]
    public void Read_DamagedGzip_IsRefused()
    {
        byte[] good = Gzip([0, 0, 8, 1, 0, 0, 0, 100, .. Enumerable.Range(0, 100).Select(i => (byte)(i * i))]);
        byte[] wrongSum = [.. good];
        wrongSum[^5] ^= 1;
        byte[] longer = Gzip([0, 0, 8, 1, 0, 0, 0, 1, 1, 2]);
        AssertRefused(good[..12], "byte 12: a gzip file has at least 18 bytes; this one is cut off.");
        AssertRefused(good[..40], "byte ");
        AssertRefused(wrongSum, "the compressed data is damaged: ");
        AssertRefused([.. good, 1, 2, 3, 4], "byte 108: gzip's trailer gives ");
        AssertRefused(longer, "byte 9: the file must end after its elements; more bytes follow.");
    }

    [Test]
    public void Read_GzipThatPromisesMoreThanItCanHold_TakesNoMemory()
    {
        byte[] bomb = Gzip([0, 0, 8, 1, 0x70, 0, 0, 0, 1, 2, 3]);
        string path = _folder.File("bomb.gz", bomb);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(() => IdxFile.Read(path), Throws.TypeOf<InvalidDataException>().With.Message.Contain("the header promises 1,879,048,192 bytes"));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
    }

    [Test]
    public void Read_GzipThatExpandsAThousandTimes_IsRefusedUnlessAllowed()
    {
        const int Bytes = 80 << 20;
        string path = _folder.File("zeros.gz", Gzip([0, 0, 8, 1, 5, 0, 0, 0, .. new byte[Bytes]]));
        Assert.That(() => IdxFile.Read(path), Throws.TypeOf<InvalidDataException>().With.Message.EndsWith(
            $"the header promises 83,886,080 bytes of U8 [83886080] but the file can hold {(64 << 20) - 8:N0}; it may be cut off, or its content expands more than "
            + "FileLimits.Expansion allows."));
        double before = FileLimits.Expansion;
        try
        {
            FileLimits.Expansion = 2000;
            Assert.That(IdxFile.Read(path).Bytes.Length, Is.EqualTo(Bytes));
        }
        finally
        {
            FileLimits.Expansion = before;
        }
    }

    [TestCase("mnist", 1_567_298_545, 264_923_200)]
    [TestCase("fashion-mnist", 0, 0)]
    public void Read_RealFiles_HaveTheirPublishedSizes(string set, long trainPixels, long testPixels)
    {
        string folder = TestData.Folder(set);
        foreach ((string part, int count, long pixels) in new[] { ("train", 60_000, trainPixels), ("t10k", 10_000, testPixels) })
        {
            NumericArray images = IdxFile.Read(Path.Combine(folder, $"{part}-images-idx3-ubyte.gz"));
            NumericArray labels = IdxFile.Read(Path.Combine(folder, $"{part}-labels-idx1-ubyte.gz"));
            long sum = 0;
            foreach (byte pixel in images.Bytes)
            {
                sum += pixel;
            }
            Assert.That(images.Shape, Is.EqualTo(new long[] { count, 28, 28 }));
            Assert.That(labels.Shape, Is.EqualTo(new long[] { count }));
            Assert.That(labels.Bytes.ToArray().Distinct().Order(), Is.EqualTo(Enumerable.Range(0, 10)));
            // The sums of MNIST are published; any image set has ink.
            Assert.That(sum, pixels > 0 ? Is.EqualTo(pixels) : Is.GreaterThan(0));
        }
    }

    internal static byte[] Gzip(byte[] plain)
    {
        using MemoryStream stream = new();
        using (GZipStream gzip = new(stream, CompressionLevel.Optimal))
        {
            gzip.Write(plain);
        }
        return stream.ToArray();
    }

    private NumericArray Read(byte[] content) => IdxFile.Read(_folder.File("x.idx", content));

    private void AssertRefused(byte[] content, string message)
    {
        string path = _folder.File("bad.idx", content);
        Assert.That(() => IdxFile.Read(path),
            Throws.TypeOf<InvalidDataException>().With.Message.StartsWith($"{path}: byte ").And.Message.Contain(message));
    }

    [Test]
    public void Read_CompressedHeaderThatPromisesMuch_TakesMemoryOnlyAsBytesCome()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("promises.gz");
        byte[] content = new byte[2_000_000];
        new Random(1).NextBytes(content);
        byte[] head = [0, 0, 0x08, 1, 0x70, 0, 0, 0];
        head.CopyTo(content, 0);
        using (System.IO.Compression.GZipStream gzip = new(File.Create(path), System.IO.Compression.CompressionLevel.Fastest))
        {
            gzip.Write(content);
        }
        double allowed = FileLimits.Expansion;
        try
        {
            FileLimits.Expansion = 2000;
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.That(() => IdxFile.Read(path), Throws.TypeOf<InvalidDataException>().With.Message.Contains("the file ends inside U8 [1879048192]"));
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(64 << 20));
        }
        finally
        {
            FileLimits.Expansion = allowed;
        }
    }
}
