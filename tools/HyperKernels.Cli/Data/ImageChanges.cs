namespace HyperKernels.Cli.Data;

/// <summary>The same images seen in other ways: tasks made of one data set.</summary>
internal static class ImageChanges
{
    // Of the noise, in units of the darkest ink.
    private const float Noise = 0.8f;

    /// <summary>Dark for light.</summary>
    public static ImageSet Negative(ImageSet set) => With(set, "in negative", Array.ConvertAll(set.Pixels, static pixel => (byte)(255 - pixel)));

    /// <summary>Left for right.</summary>
    public static ImageSet Mirrored(ImageSet set) => With(set, "mirrored", Moved(set, static (row, column, side) => (row * side) + side - 1 - column));

    /// <summary>Turned by a right angle, counter-clockwise as seen on a screen.</summary>
    public static ImageSet Turned(ImageSet set) => With(set, "turned", Moved(set, static (row, column, side) => (column * side) + side - 1 - row));

    /// <summary>With noise in every pixel, drawn once: of an image from the seed and its number.</summary>
    public static ImageSet Noisy(ImageSet set, int seed)
    {
        int size = set.Height * set.Width;
        byte[] pixels = new byte[set.Pixels.Length];
        for (int image = 0; image < set.Count; image++)
        {
            SplitMix random = new(seed, image);
            for (int at = image * size; at < (image + 1) * size; at++)
            {
                pixels[at] = (byte)Math.Clamp(set.Pixels[at] + (255 * Noise * random.Bell()), 0, 255);
            }
        }
        return With(set, "with noise", pixels);
    }

    private static ImageSet With(ImageSet set, string change, byte[] pixels) => new($"{set.Name} {change}", pixels, set.Labels, set.Height, set.Width);

    // Of square images: from gives where the pixel of a row and a column was.
    private static byte[] Moved(ImageSet set, Func<int, int, int, int> from)
    {
        int side = set.Height;
        int[] order = [.. Enumerable.Range(0, side * side).Select(at => from(at / side, at % side, side))];
        byte[] pixels = new byte[set.Pixels.Length];
        for (int start = 0; start < pixels.Length; start += order.Length)
        {
            for (int at = 0; at < order.Length; at++)
            {
                pixels[start + at] = set.Pixels[start + order[at]];
            }
        }
        return pixels;
    }
}
