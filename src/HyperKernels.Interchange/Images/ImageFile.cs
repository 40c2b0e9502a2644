using HyperKernels.IO;
using JpegLibrary;

namespace HyperKernels.Interchange;

/// <summary>Reads images: PNG of every kind and depth but interlaced, and JPEG of 8 bits, grey or in colour.</summary>
/// <remarks>In managed code, JPEG through JpegLibrary. Transparency is left out; colours are as the file has them.</remarks>
public static class ImageFile
{
    private const int Colours = 3;

    private static ReadOnlySpan<byte> JpegSignature => [0xFF, 0xD8, 0xFF];

    /// <summary>Reads an image as bytes.</summary>
    /// <param name="path">The file; its first bytes tell its format.</param>
    /// <param name="channels">1 for brightness (ITU-R BT.601), 3 for red, green and blue.</param>
    /// <returns>U8 <c>[channels, height, width]</c>, from 0 to 255.</returns>
    /// <exception cref="ArgumentException">Other channels are asked for.</exception>
    /// <exception cref="InvalidDataException">The file is no such image, damaged, or becomes more than <see cref="FileLimits"/> allows.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static NumericArray Read(string path, int channels = Colours)
    {
        if (channels is not (1 or Colours))
        {
            throw new ArgumentException($"ImageFile.Read: 1 or {Colours} channels are read; got {channels}.", nameof(channels));
        }
        byte[] file = File.ReadAllBytes(path);
        try
        {
            (int height, int width, int stored, byte[] pixels) = PngReader.Begins(file) ? PngReader.Read(path, file)
                : file.AsSpan().StartsWith(JpegSignature) ? ReadJpeg(path, file)
                : throw Refusal.At(path, 0, "the file must begin as PNG or JPEG do; it does not.");
            return NumericArray.From(Planes(pixels, height * width, stored, channels), channels, height, width);
        }
        catch (Exception failure) when (Refusal.Wraps(failure, path))
        {
            throw Refusal.At(path, 0, $"the image is damaged, or of a form that is not read: {Refusal.Reason(failure)}", failure);
        }
    }

    /// <summary>Reads an image as a tensor.</summary>
    /// <param name="path">The file.</param>
    /// <param name="channels">1 for brightness, 3 for red, green and blue.</param>
    /// <returns>float32 <c>[channels, height, width]</c>, from 0 to 1.</returns>
    /// <exception cref="InvalidDataException">As <see cref="Read"/>.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static Tensor ReadTensor(string path, int channels = Colours)
    {
        NumericArray pixels = Read(path, channels);
        return Ops.MultiplyScalar(Tensor.From(pixels.ToFloat32(), [channels, (int)pixels.Shape[1], (int)pixels.Shape[2]]), 1f / byte.MaxValue);
    }

    /// <summary>Reads an image as the only example of a data set's column: what <see cref="DataSet.LoadAsync"/> puts together of many files of one size.</summary>
    /// <param name="path">The file.</param>
    /// <param name="channels">1 for brightness, 3 for red, green and blue.</param>
    /// <returns>Bytes <c>[1, channels, height, width]</c>; floats from 0 to 1 in batches.</returns>
    /// <exception cref="InvalidDataException">As <see cref="Read"/>.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static DataColumn ReadColumn(string path, int channels = Colours)
    {
        NumericArray pixels = Read(path, channels);
        return DataColumn.Floats(NumericArray.From(pixels.Bytes, [1, .. pixels.Shape]), 1f / byte.MaxValue);
    }

    private static (int Height, int Width, int Channels, byte[] Pixels) ReadJpeg(string path, byte[] file)
    {
        JpegMarkers.Check(path, file);
        JpegDecoder decoder = new();
        decoder.SetInput(file);
        decoder.Identify();
        (int height, int width, int components) = (decoder.Height, decoder.Width, decoder.NumberOfComponents);
        if (decoder.Precision != 8 || components is not (1 or Colours))
        {
            throw Refusal.At(path, 0, $"8 bits of grey or of three colours are read; the image has {decoder.Precision} bits and {components} components.");
        }
        CheckSize(path, file.Length, height, width);
        JpegPlanes planes = new(height, width, components);
        decoder.SetOutputWriter(planes);
        decoder.Decode();
        return (height, width, Colours, planes.ToColours());
    }

    // Colours beside each other become planes behind each other.
    private static byte[] Planes(byte[] pixels, int count, int stored, int channels)
    {
        if (stored == 1 && channels == 1)
        {
            return pixels;
        }
        byte[] planes = new byte[count * channels];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> pixel = pixels.AsSpan(i * stored, stored);
            (byte red, byte green, byte blue) = stored == 1 ? (pixel[0], pixel[0], pixel[0]) : (pixel[0], pixel[1], pixel[2]);
            if (channels == 1)
            {
                planes[i] = red == green && green == blue ? red : (byte)MathF.Round((0.299f * red) + (0.587f * green) + (0.114f * blue));
                continue;
            }
            (planes[i], planes[count + i], planes[(2 * count) + i]) = (red, green, blue);
        }
        return planes;
    }

    private static void CheckSize(string path, long fileBytes, int height, int width)
    {
        double bytes = (double)height * width * Colours;
        if (height < 1 || width < 1 || bytes > Math.Min(Array.MaxLength, Math.Max(FileLimits.AlwaysBytes, fileBytes * FileLimits.Expansion)))
        {
            throw Refusal.At(path, 0, $"an image of {width} x {height} pixels is more than FileLimits.Expansion allows for a file of {fileBytes:N0} bytes.");
        }
    }
}
