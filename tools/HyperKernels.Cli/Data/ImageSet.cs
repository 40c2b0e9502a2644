namespace HyperKernels.Cli.Data;

/// <summary>Grey images with labels from 0 to below <see cref="Classes"/>, as bytes: a data set in memory takes a quarter of its floats.</summary>
internal sealed class ImageSet
{
    private const float ByteScale = 1f / 255;

    /// <param name="name">What reports call it.</param>
    /// <param name="pixels">Row-major, image after image.</param>
    /// <param name="labels">One per image.</param>
    /// <param name="height">Rows of an image.</param>
    /// <param name="width">Columns of an image.</param>
    public ImageSet(string name, byte[] pixels, byte[] labels, int height, int width)
    {
        if (pixels.Length != (long)labels.Length * height * width)
        {
            throw new ArgumentException($"ImageSet: {labels.Length} images of {height} x {width} need {(long)labels.Length * height * width} pixels; got {pixels.Length}.");
        }
        Name = name;
        Pixels = pixels;
        Labels = labels;
        Height = height;
        Width = width;
    }

    public static int Classes => 10;

    public string Name { get; }

    public byte[] Pixels { get; }

    public byte[] Labels { get; }

    public int Height { get; }

    public int Width { get; }

    public int Count => Labels.Length;

    /// <summary>Writes chosen images as floats from 0 to 1.</summary>
    /// <param name="rows">Which images.</param>
    /// <param name="images">Receives [rows, Height, Width].</param>
    /// <param name="labels">Receives one label per row.</param>
    public void Fill(ReadOnlySpan<int> rows, Span<float> images, Span<int> labels)
    {
        int size = Height * Width;
        for (int i = 0; i < rows.Length; i++)
        {
            ReadOnlySpan<byte> source = Pixels.AsSpan(rows[i] * size, size);
            Span<float> image = images.Slice(i * size, size);
            for (int p = 0; p < size; p++)
            {
                image[p] = source[p] * ByteScale;
            }
            labels[i] = Labels[rows[i]];
        }
    }

    /// <summary>Chosen images as a set of their own.</summary>
    public ImageSet Pick(ReadOnlySpan<int> rows)
    {
        int size = Height * Width;
        byte[] pixels = new byte[rows.Length * size];
        byte[] labels = new byte[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            Pixels.AsSpan(rows[i] * size, size).CopyTo(pixels.AsSpan(i * size));
            labels[i] = Labels[rows[i]];
        }
        return new ImageSet(Name, pixels, labels, Height, Width);
    }

    /// <summary>The first images, for quick looks.</summary>
    public ImageSet Take(int count) =>
        count >= Count ? this : new ImageSet(Name, Pixels[..(count * Height * Width)], Labels[..count], Height, Width);

    /// <summary>The same images at half the size, each pixel the mean of four.</summary>
    public ImageSet Halved()
    {
        int height = Height / 2;
        int width = Width / 2;
        byte[] pixels = new byte[Count * height * width];
        for (int i = 0; i < pixels.Length; i++)
        {
            (int row, int column) = Math.DivRem(i, width);
            (int image, row) = Math.DivRem(row, height);
            int from = (((image * Height) + (2 * row)) * Width) + (2 * column);
            pixels[i] = (byte)((Pixels[from] + Pixels[from + 1] + Pixels[from + Width] + Pixels[from + Width + 1] + 2) / 4);
        }
        return new ImageSet(Name, pixels, Labels, height, width);
    }
}
