using System.IO.Compression;
using HyperKernels.Interchange;

namespace HyperKernels.Tests.Interchange;

/// <summary>PNG images of every kind and depth become bytes; what is damaged is refused.</summary>
public sealed class PngReaderTests
{
    [Test]
    public void PngReader_UndoesEveryFilter_OverSeveralChunks([Values(1, 3)] int channels)
    {
        const int Height = 11;
        const int Width = 4;
        byte[] pixels = new byte[Height * Width * channels];
        new Random(1).NextBytes(pixels);
        using TestData.TemporaryFolder folder = TestData.Temporary();
        File.WriteAllBytes(folder.File("image.png"), Png(pixels, Height, Width, channels, row => row % 5));
        (int height, int width, int read, byte[] values) = PngReader.Read(folder.File("image.png"));
        Assert.That((height, width, read), Is.EqualTo((Height, Width, channels)));
        Assert.That(values, Is.EqualTo(pixels));
    }

    [Test]
    public void PngReader_OfOtherFiles_SaysWhatIsWrong()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        byte[] file = Png(new byte[12], 3, 4, 1, static _ => 0);
        Assert.Multiple(() =>
        {
            Refuses([.. file.Select((value, i) => i == 28 ? (byte)1 : value)], "interlace 1");
            Refuses([.. file.Select((value, i) => i == 24 ? (byte)5 : value)], "5 bits");
            Refuses([.. file.Select((value, i) => i == 16 ? (byte)0x80 : value)], "the header says");
            Refuses(file[..40], "it may be cut off");
            Refuses(file[1..], "signature");
            Refuses(Png(new byte[12], 3, 4, 1, static _ => 7), "row 0 has filter 7");
            Refuses([.. file.Select((value, i) => i == 23 ? (byte)4 : value)], "the pixels are damaged");
            Refuses([.. file.Select((value, i) => i == 23 ? (byte)2 : value)], "more than 2 rows");
        });

        void Refuses(byte[] bytes, string words)
        {
            File.WriteAllBytes(folder.File("image.png"), bytes);
            Assert.That(() => PngReader.Read(folder.File("image.png")), Throws.TypeOf<InvalidDataException>().With.Message.Contains(words).And.Message.Contains("image.png"));
        }
    }

    [TestCase("astronaut", 512, 512, 3, 90_124_324)]
    [TestCase("chelsea", 300, 451, 3, 46_802_357)]
    [TestCase("coins", 303, 384, 1, 11_269_333)]
    public void PngReader_OfTestPictures_GivesTheirPixels(string name, int height, int width, int channels, long sum)
    {
        (int Height, int Width, int Channels, byte[] Pixels) image = PngReader.Read(Path.Combine(TestData.Folder("images"), $"{name}.png"));
        Assert.That((image.Height, image.Width, image.Channels, image.Pixels.Sum(static value => (long)value)), Is.EqualTo((height, width, channels, sum)));
    }

    // A row of the pixels 0, 1, 2 and 3 of as many bits, or with transparency beside them.
    [TestCase(0, 1, new byte[] { 0b_0101_0000 }, new byte[] { 0, 255, 0, 255 })]
    [TestCase(0, 2, new byte[] { 0b_00_01_10_11 }, new byte[] { 0, 85, 170, 255 })]
    [TestCase(0, 4, new byte[] { 0x01, 0x2F }, new byte[] { 0, 17, 34, 255 })]
    [TestCase(0, 16, new byte[] { 0, 255, 1, 0, 2, 0, 255, 255 }, new byte[] { 0, 1, 2, 255 })]
    [TestCase(4, 8, new byte[] { 0, 9, 1, 9, 2, 9, 255, 9 }, new byte[] { 0, 1, 2, 255 })]
    [TestCase(6, 8, new byte[] { 1, 2, 3, 9, 4, 5, 6, 9, 7, 8, 9, 9, 10, 11, 12, 9 }, new byte[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 })]
    [TestCase(3, 2, new byte[] { 0b_00_01_10_01 }, new byte[] { 10, 11, 12, 20, 21, 22, 30, 31, 32, 20, 21, 22 })]
    [TestCase(3, 8, new byte[] { 2, 1, 0, 0 }, new byte[] { 30, 31, 32, 20, 21, 22, 10, 11, 12, 10, 11, 12 })]
    public void PngReader_OfOtherKindsAndDepths(int kind, int depth, byte[] row, byte[] pixels)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        // Two rows, the second as the difference from the one above: zeros.
        byte[] packed = Packed([0, .. row, 2, .. new byte[row.Length]]);
        string path = folder.File("image.png",
        [
            0x89, .. "PNG\r\n\x1A\n"u8, .. Chunk("IHDR"u8, [0, 0, 0, 4, 0, 0, 0, 2, (byte)depth, (byte)kind, 0, 0, 0]),
            .. Chunk("PLTE"u8, [10, 11, 12, 20, 21, 22, 30, 31, 32]), .. Chunk("IDAT"u8, packed), .. Chunk("IEND"u8, []),
        ]);
        (int height, int width, int channels, byte[] values) = PngReader.Read(path);
        Assert.That((height, width, channels), Is.EqualTo((2, 4, pixels.Length / 4)));
        Assert.That(values, Is.EqualTo(pixels.Concat(pixels)));
    }

    [Test]
    public void PngReader_OfColoursThatThePaletteLacks_Refuses()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("image.png",
        [
            0x89, .. "PNG\r\n\x1A\n"u8, .. Chunk("IHDR"u8, [0, 0, 0, 1, 0, 0, 0, 1, 8, 3, 0, 0, 0]),
            .. Chunk("PLTE"u8, [1, 2, 3]), .. Chunk("IDAT"u8, Packed([0, 1])), .. Chunk("IEND"u8, []),
        ]);
        Assert.That(() => PngReader.Read(path), Throws.TypeOf<InvalidDataException>().With.Message.EndsWith("row 0 has colour 1; the palette has 1."));
    }

    /// <summary>An image of eight bits, grey or in colour, in two parts, with a filter for each row.</summary>
    internal static byte[] Png(byte[] pixels, int height, int width, int channels, Func<int, int> filterOf)
    {
        int pitch = width * channels;
        using MemoryStream packed = new();
        using (ZLibStream zlib = new(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (int i = 0; i < pixels.Length; i++)
            {
                (int y, int x) = Math.DivRem(i, pitch);
                if (x == 0)
                {
                    zlib.WriteByte((byte)filterOf(y));
                }
                int left = x < channels ? 0 : pixels[i - channels];
                int above = y == 0 ? 0 : pixels[i - pitch];
                int corner = x < channels || y == 0 ? 0 : pixels[i - pitch - channels];
                int nearest = new[] { left, above, corner }.MinBy(value => Math.Abs(left + above - corner - value));
                int[] predictions = [0, left, above, (left + above) / 2, nearest];
                zlib.WriteByte((byte)(pixels[i] - predictions[filterOf(y) % predictions.Length]));
            }
        }
        byte[] data = packed.ToArray();
        return
        [
            0x89, .. "PNG\r\n\x1A\n"u8, .. Chunk("IHDR"u8, [0, 0, 0, (byte)width, 0, 0, 0, (byte)height, 8, (byte)(channels == 1 ? 0 : 2), 0, 0, 0]),
            .. Chunk("tEXt"u8, "a note"u8), .. Chunk("IDAT"u8, data.AsSpan(0, 3)), .. Chunk("IDAT"u8, data.AsSpan(3)), .. Chunk("IEND"u8, []),
        ];
    }

    private static byte[] Packed(byte[] rows)
    {
        using MemoryStream packed = new();
        using (ZLibStream zlib = new(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(rows);
        }
        return packed.ToArray();
    }

    // Checks of chunks are not read, and left at zero.
    private static byte[] Chunk(ReadOnlySpan<byte> name, ReadOnlySpan<byte> content) => [0, 0, 0, (byte)content.Length, .. name, .. content, 0, 0, 0, 0];
}
