using HyperKernels.Interchange;
using HyperKernels.IO;

namespace HyperKernels.Tests.Interchange;

/// <summary>Images become the pixels that were drawn: the left half in one colour, the right half in another, written by a browser.</summary>
public sealed class ImageFileTests
{
    private const int Height = 12;
    private const int Width = 20;

    // A canvas of Chromium: rgb(200, 30, 60) beside rgb(20, 180, 90); with colours at half the resolution in the JPEG.
    internal const string Jpeg =
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/2wBDAQICAgICAgUDAwUKBwYHCgoKCg"
        + "oKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgr/wAARCAAMABQDASIAAhEBAxEB/8QAFwABAQEBAAAAAAAAAAAAAAAAAAcGCP/EABoQAQABBQAAAAAAAAAAAAAAAAAC"
        + "BQc3g7P/xAAXAQADAQAAAAAAAAAAAAAAAAAEBgcJ/8QAGxEAAgEFAAAAAAAAAAAAAAAAAAMECTI3dbT/2gAMAwEAAhEDEQA/AOT1ys7jmnbu00NXKzuOadu7TIL7CxVBcMwNgrnlGmACmPJ//9k=";

    private const string Portable =
        "iVBORw0KGgoAAAANSUhEUgAAABQAAAAMCAYAAABiDJ37AAAAMklEQVR4AezQsQ0AAAREUTGD2iQmMachbMUKEjp3yW+veJxqNUnCaxLT8XC4B4XhB8MGAAD//2bMc4YAAAAGSURBVAMAG/EqrUJwsW"
        + "oAAAAASUVORK5CYII=";

    [TestCase(Portable, 0, 0)]
    [TestCase(Jpeg, 3, 2)]
    public void Read_GivesThePixels(string image, int tolerance, int beside)
    {
        using MemoryScope scope = new();
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("x", Convert.FromBase64String(image));
        NumericArray pixels = ImageFile.Read(path);
        Tensor tensor = ImageFile.ReadTensor(path, channels: 1);
        Assert.That(pixels.Shape, Is.EqualTo(new long[] { 3, Height, Width }));
        Assert.That(tensor.Shape, Is.EqualTo(new Shape(1, Height, Width)));
        float[] grey = tensor.ToArray();
        for (int i = 0; i < Height * Width; i++)
        {
            int x = i % Width;
            // Half the resolution mixes the colours of columns beside the edge.
            if (Math.Abs(x - 9.5) < beside)
            {
                continue;
            }
            int[] wanted = x < 10 ? [200, 30, 60] : [20, 180, 90];
            int[] got = [pixels.Bytes[i], pixels.Bytes[(Height * Width) + i], pixels.Bytes[(2 * Height * Width) + i]];
            Assert.That(got, Is.EqualTo(wanted).Within(tolerance), $"pixel {i}");
            float brightness = ((0.299f * wanted[0]) + (0.587f * wanted[1]) + (0.114f * wanted[2])) / 255;
            Assert.That(grey[i], Is.EqualTo(brightness).Within((tolerance + 0.5f) / 255));
        }
    }

    [Test]
    public async Task Folder_OfImages_IsADataSet()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string[] paths = [.. Enumerable.Range(0, 5).Select(i => WriteGrey(folder, $"{i}.png", (byte)(50 * i)))];
        DataSet data = await DataSet.LoadAsync(
            paths, path => [ImageFile.ReadColumn(path, channels: 1), DataColumn.Integers(int.Parse(Path.GetFileNameWithoutExtension(path)))]);
        foreach ((Tensor images, Tensor labels) in data.Batches(5))
        {
            Assert.That(images.Shape, Is.EqualTo(new Shape(5, 1, 2, 3)));
            Assert.That(images.ToArray().Chunk(6).Select(image => image[0] * 255), Is.EqualTo(labels.ToIntArray().Select(label => 50f * label)).Within(1e-4f));
        }
    }

    [Test]
    public void WhatIsNotRead_IsRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        byte[] png = Convert.FromBase64String(Portable);
        byte[] jpeg = Convert.FromBase64String(Jpeg);
        // A header that promises 60,000 x 60,000 pixels.
        byte[] huge = [.. png[..16], 0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60, .. png[24..]];
        Assert.Multiple(() =>
        {
            AssertRefused(png[..60], "cut off");
            AssertRefused(jpeg[..200], "damaged");
            // The package for JPEG would end the process here.
            int frame = jpeg.AsSpan().IndexOf((byte[])[0xFF, 0xC0]);
            AssertRefused([.. jpeg[..(frame + 14)], 0x02, .. jpeg[(frame + 15)..]], "a frame must name each component once, with 1 to 4 samples each way");
            AssertRefused([.. jpeg[..(frame + 13)], jpeg[frame + 10], .. jpeg[(frame + 14)..]], "a frame must name each component once");
            AssertRefused(huge, "no more than FileLimits.Expansion allows; the header says 60000 x 60000");
            AssertRefused([1, 2, 3], "begin as PNG or JPEG do");
            Assert.That(() => ImageFile.Read(folder.File("x"), channels: 4), Throws.ArgumentException);
        });

        void AssertRefused(byte[] bytes, string reason)
        {
            string path = folder.File("x", bytes);
            Assert.That(() => ImageFile.Read(path), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith($"{path}: ").And.Message.Contains(reason));
        }
    }

    private static string WriteGrey(TestData.TemporaryFolder folder, string name, byte value) =>
        folder.File(name, PngReaderTests.Png([value, value, value, value, value, value], 2, 3, 1, static _ => 0));
}
