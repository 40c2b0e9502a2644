using HyperKernels.Cli.Training;
using HyperKernels.Interchange;

namespace HyperKernels.Cli.Data;

/// <summary>A grey picture, values from 0 (black) to 1 (white).</summary>
/// <param name="Name">What reports call it.</param>
/// <param name="Pixels">Row-major.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
internal sealed record GreyImage(string Name, float[] Pixels, int Height, int Width)
{
    private const string Folder = "images";
    private const int DigitsASide = 4;
    private const int DrawnImages = 5;

    /// <summary>The PNG files of <c>DIR/images</c> in the order of their names, or mosaics of drawn digits.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">It holds no PNG file.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or of a form that is not read.</exception>
    public static IReadOnlyList<GreyImage> Load(TrainOptions options)
    {
        if (options.Data is null)
        {
            return
            [
                .. Enumerable.Range(0, DrawnImages)
                    .Select(i => Mosaic($"digits {i + 1}", DrawnDigits.Make(DigitsASide * DigitsASide, options.Seed + i, options.Device.Threads))),
            ];
        }
        string folder = Path.Combine(options.Data, Folder);
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"{folder} does not exist; --data must name the folder that holds {Folder} with PNG files.");
        }
        string[] files = [.. Directory.EnumerateFiles(folder, "*.png").Order(StringComparer.Ordinal)];
        return files.Length > 0 ? [.. files.Select(Read)] : throw new FileNotFoundException($"{folder} holds no PNG file.");
    }

    /// <summary>Reads a PNG file; colours become grey by their brightness (ITU-R BT.601).</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or of a form that is not read.</exception>
    public static GreyImage Read(string path)
    {
        NumericArray image = ImageFile.Read(path);
        (int height, int width) = ((int)image.Shape[1], (int)image.Shape[2]);
        ReadOnlySpan<byte> bytes = image.Bytes;
        float[] pixels = new float[height * width];
        for (int i = 0; i < pixels.Length; i++)
        {
            (byte red, byte green, byte blue) = (bytes[i], bytes[pixels.Length + i], bytes[(2 * pixels.Length) + i]);
            pixels[i] = (red == green && green == blue ? red : (0.299f * red) + (0.587f * green) + (0.114f * blue)) / 255;
        }
        return new GreyImage(Path.GetFileNameWithoutExtension(path), pixels, height, width);
    }

    /// <summary>A piece of the picture.</summary>
    public GreyImage Part(int top, int left, int height, int width)
    {
        float[] pixels = new float[height * width];
        for (int y = 0; y < height; y++)
        {
            Pixels.AsSpan(((top + y) * Width) + left, width).CopyTo(pixels.AsSpan(y * width));
        }
        return this with { Pixels = pixels, Height = height, Width = width };
    }

    /// <summary>The largest square in the middle, of whole multiples of a number of pixels and with no more than a number of them a side.</summary>
    public GreyImage Middle(int multiple, int most = int.MaxValue)
    {
        int side = Math.Min(Math.Min(Height, Width), most) / multiple * multiple;
        return Part((Height - side) / 2, (Width - side) / 2, side, side);
    }

    /// <summary>The picture smaller by a whole factor, each pixel the mean of a square of pixels.</summary>
    public GreyImage Reduced(int factor)
    {
        (int height, int width) = (Height / factor, Width / factor);
        float[] pixels = new float[height * width];
        for (int y = 0; y < height * factor; y++)
        {
            for (int x = 0; x < width * factor; x++)
            {
                pixels[(y / factor * width) + (x / factor)] += Pixels[(y * Width) + x] / (factor * factor);
            }
        }
        return this with { Pixels = pixels, Height = height, Width = width };
    }

    /// <summary>How well values show the picture, in decibels: ten times the logarithm of one over the mean square of the differences.</summary>
    public static double Psnr(double meanSquare) => -10 * Math.Log10(meanSquare);

    private static GreyImage Mosaic(string name, ImageSet digits)
    {
        int side = DigitsASide * digits.Height;
        float[] pixels = new float[side * side];
        for (int i = 0; i < pixels.Length; i++)
        {
            (int y, int x) = Math.DivRem(i, side);
            int digit = (y / digits.Height * DigitsASide) + (x / digits.Width);
            pixels[i] = digits.Pixels[(((digit * digits.Height) + (y % digits.Height)) * digits.Width) + (x % digits.Width)] / 255f;
        }
        return new GreyImage(name, pixels, side, side);
    }
}
