using HyperKernels.Cli.Data;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// Square pieces of pictures, grey values from -1 to 1: from anywhere in the upper part of pictures to train on, those of the lower part held out, and the last picture wholly
/// unseen.
/// </summary>
internal sealed class ImagePatches
{
    public const int Side = 16;
    public const int Pixels = Side * Side;

    // Of the rows.
    private const double UpperPart = 0.8;

    // With fewer rows the lower part would hold no patch.
    private const int LeastRows = 80;

    private readonly GreyImage[] _training;

    /// <exception cref="InvalidDataException">There are not two pictures, or one is too small.</exception>
    public ImagePatches(IReadOnlyList<GreyImage> images)
    {
        if (images.Count < 2 || images.FirstOrDefault(static image => image.Height < LeastRows || image.Width < Side) is { })
        {
            throw new InvalidDataException(
                $"patches of pictures: two pictures or more are needed, each of {LeastRows} rows and {Side} columns or more; "
                + $"got {string.Join(", ", images.Select(static image => $"{image.Name} {image.Height} x {image.Width}"))}.");
        }
        _training = [.. images.SkipLast(1).Select(static image => image.Part(0, 0, Upper(image), image.Width))];
        Trained = [.. _training.SelectMany(Of)];
        HeldOut = [.. images.SkipLast(1).SelectMany(static image => Of(image.Part(Upper(image), 0, image.Height - Upper(image), image.Width)))];
        Unseen = Of(images[^1]);
    }

    /// <summary>Patch after patch, without overlap, of what is trained on.</summary>
    public float[] Trained { get; }

    /// <summary>Of the same pictures' lower parts.</summary>
    public float[] HeldOut { get; }

    /// <summary>Of a picture of which nothing is trained on.</summary>
    public float[] Unseen { get; }

    /// <summary>Draws patches to train on, at any place; they depend on seed and step alone.</summary>
    public float[] Draw(int seed, long step, int count)
    {
        SplitMix random = new(seed, step);
        float[] patches = new float[count * Pixels];
        for (int i = 0; i < count; i++)
        {
            GreyImage image = _training[random.Below(_training.Length)];
            Of(image.Part(random.Below(image.Height - Side + 1), random.Below(image.Width - Side + 1), Side, Side)).CopyTo(patches, i * Pixels);
        }
        return patches;
    }

    /// <summary>Where a patch's pixels lie, from -1 to 1 along both axes, <c>[Pixels, 2]</c>.</summary>
    public static Tensor Coordinates(Device device) => Grid(Side, Side, device);

    /// <summary>Where the pixels of a picture lie, from -1 to 1 along both axes, <c>[height x width, 2]</c>: row, column.</summary>
    public static Tensor Grid(int height, int width, Device device)
    {
        float[] places = new float[2 * height * width];
        for (int i = 0; i < height * width; i++)
        {
            (places[2 * i], places[(2 * i) + 1]) = ((2 * ((i / width) + 0.5f) / height) - 1, (2 * ((i % width) + 0.5f) / width) - 1);
        }
        return Tensor.From(places, [height * width, 2], device);
    }

    /// <summary>The patches of a picture, row by row; a rest at its right and lower edge is left out.</summary>
    public static float[] Of(GreyImage image)
    {
        float[] patches = new float[image.Height / Side * (image.Width / Side) * Pixels];
        Visit(image.Height, image.Width, (pixel, inPatches) => patches[inPatches] = (2 * image.Pixels[pixel]) - 1);
        return patches;
    }

    /// <summary>Puts patches back to a picture of values from 0 to 1.</summary>
    public static float[] Join(float[] patches, int height, int width)
    {
        float[] pixels = new float[height * width];
        Visit(height, width, (pixel, inPatches) => pixels[pixel] = (patches[inPatches] + 1) / 2);
        return pixels;
    }

    private static int Upper(GreyImage image) => (int)(UpperPart * image.Height);

    // Tells for every pixel of whole patches where it stands in the picture, and in its patches.
    private static void Visit(int height, int width, Action<int, int> visit)
    {
        int columns = width / Side;
        for (int i = 0; i < height / Side * columns * Pixels; i++)
        {
            (int patch, int within) = Math.DivRem(i, Pixels);
            int y = (patch / columns * Side) + (within / Side);
            visit((y * width) + (patch % columns * Side) + (within % Side), i);
        }
    }
}
