namespace HyperKernels.Cli.Data;

/// <summary>
/// A batch of images, each stretched by a few rows and columns at places of its own and cut back to its size, as seed and step decide. A new row
/// is the mean of its neighbours.
/// </summary>
/// <remarks>Source: the data of hardmaru/supercell's notebook on static hypernetworks, which inserts two rows and two columns.</remarks>
internal sealed class StretchedBatch(int size, int height, int width)
{
    private const int Inserted = 2;

    private readonly float[] _source = new float[size * height * width];
    private readonly float[] _stretched = new float[size * height * width];
    private readonly int[] _labels = new int[size];
    private readonly float[] _rows = new float[height + Inserted];
    private readonly float[] _columns = new float[width + Inserted];
    private int _count;

    /// <summary>Draws for all rows and makes some.</summary>
    /// <param name="source">The images.</param>
    /// <param name="rows">Those of the whole batch.</param>
    /// <param name="own">Which of these are made.</param>
    /// <param name="seed">Of the places.</param>
    /// <param name="step">Whose places.</param>
    public void Fill(ImageSet source, ReadOnlySpan<int> rows, Range own, int seed, long step)
    {
        (int start, _count) = own.GetOffsetAndLength(rows.Length);
        source.Fill(rows[own], _source, _labels);
        SplitMix random = new(seed, step);
        for (int row = 0; row < start + _count; row++)
        {
            Span<float> tall = Places(_rows, height, ref random);
            Span<float> wide = Places(_columns, width, ref random);
            int i = row - start;
            if (i < 0)
            {
                continue;
            }
            Sample(_source.AsSpan(i * height * width, height * width), tall, wide, _stretched.AsSpan(i * height * width, height * width));
        }
    }

    /// <summary>[B, 1, height, width]</summary>
    public Tensor Images(Device device) => Tensor.From(_stretched.AsSpan(0, _count * height * width), [_count, 1, height, width], device);

    /// <summary>[B]</summary>
    public Tensor Labels(Device device) => Tensor.From(_labels.AsSpan(0, _count), [_count], device);

    /// <summary>Where the lines of a stretched and cut image lie in the original: between two neighbours the mean of both.</summary>
    private static Span<float> Places(float[] room, int length, ref SplitMix random)
    {
        for (int i = 0; i < length; i++)
        {
            room[i] = i;
        }
        for (int now = length; now < room.Length; now++)
        {
            int at = 1 + random.Below(now - 2);
            float between = 0.5f * (room[at - 1] + room[at]);
            room.AsSpan(at, now - at).CopyTo(room.AsSpan(at + 1));
            room[at] = between;
        }
        return room.AsSpan(random.Below(Inserted + 1), length);
    }

    private void Sample(ReadOnlySpan<float> image, ReadOnlySpan<float> tall, ReadOnlySpan<float> wide, Span<float> result)
    {
        for (int y = 0; y < height; y++)
        {
            (int top, float down) = Split(tall[y], height);
            ReadOnlySpan<float> upper = image.Slice(top * width, width);
            ReadOnlySpan<float> lower = image.Slice(Math.Min(top + 1, height - 1) * width, width);
            for (int x = 0; x < width; x++)
            {
                (int left, float across) = Split(wide[x], width);
                int right = Math.Min(left + 1, width - 1);
                float above = upper[left] + (across * (upper[right] - upper[left]));
                float below = lower[left] + (across * (lower[right] - lower[left]));
                result[(y * width) + x] = above + (down * (below - above));
            }
        }
    }

    private static (int Whole, float Part) Split(float place, int length)
    {
        int whole = Math.Min((int)place, length - 1);
        return (whole, place - whole);
    }
}
