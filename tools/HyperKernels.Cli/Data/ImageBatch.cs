namespace HyperKernels.Cli.Data;

/// <summary>A batch of images as they are.</summary>
internal sealed class ImageBatch(int size, int height, int width)
{
    private readonly float[] _pixels = new float[size * height * width];
    private readonly int[] _labels = new int[size];

    /// <summary>The number B of images in it.</summary>
    public int Count { get; private set; }

    public void Fill(ImageSet source, ReadOnlySpan<int> rows)
    {
        Count = rows.Length;
        source.Fill(rows, _pixels, _labels);
    }

    /// <summary>Images of several sets one after the other, the same number of each: as many as the set with the fewest rows has.</summary>
    public void Fill(IReadOnlyList<(ImageSet Source, int[] Rows)> parts)
    {
        int each = parts.Min(static part => part.Rows.Length);
        Count = each * parts.Count;
        for (int part = 0; part < parts.Count; part++)
        {
            int start = part * each;
            parts[part].Source.Fill(parts[part].Rows.AsSpan(0, each), _pixels.AsSpan(start * height * width), _labels.AsSpan(start));
        }
    }

    /// <summary>[B, 1, height, width]</summary>
    public Tensor Images(Device device) => Tensor.From(_pixels.AsSpan(0, Count * height * width), [Count, 1, height, width], device);

    /// <summary>[B]</summary>
    public Tensor Labels(Device device) => Tensor.From(_labels.AsSpan(0, Count), [Count], device);
}
