using HyperKernels.Cli.Training;

namespace HyperKernels.Cli.Data;

/// <summary>Digits of 8 by 8: written ones as UCI publishes them, else as many drawn ones of which each pixel is the mean of a square.</summary>
internal static class SmallDigits
{
    public const int Side = 8;

    private const int Square = 4;
    private const int DrawnTraining = 4000;
    private const int DrawnTest = 1000;

    /// <summary>Reads <c>optdigits</c> from the data folder, or draws digits from the seed.</summary>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is damaged.</exception>
    public static DigitData Load(TrainOptions options)
    {
        if (options.Data is { } folder)
        {
            return OpticalDigits.Load(folder);
        }
        int threads = options.Device.Threads;
        return new DigitData(
            Shrink(DrawnDigits.Make(DrawnTraining, 2 * options.Seed, threads)), Shrink(DrawnDigits.Make(DrawnTest, (2 * options.Seed) + 1, threads)));
    }

    /// <summary>Means over squares of 4 by 4 of the images, in the middle of a frame of 32 by 32.</summary>
    public static ImageSet Shrink(ImageSet images)
    {
        int border = ((Side * Square) - images.Height) / 2;
        byte[] pixels = new byte[images.Count * Side * Side];
        for (int i = 0; i < pixels.Length; i++)
        {
            (int image, int row, int column) = (i / (Side * Side), i / Side % Side, i % Side);
            int ink = 0;
            for (int p = 0; p < Square * Square; p++)
            {
                int y = (row * Square) + (p / Square) - border;
                int x = (column * Square) + (p % Square) - border;
                bool inside = y >= 0 && y < images.Height && x >= 0 && x < images.Width;
                ink += inside ? images.Pixels[(((image * images.Height) + y) * images.Width) + x] : 0;
            }
            pixels[i] = (byte)(ink / (Square * Square));
        }
        return new ImageSet($"{images.Name} of 8 x 8", pixels, images.Labels, Side, Side);
    }
}
