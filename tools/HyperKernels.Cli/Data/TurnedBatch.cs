namespace HyperKernels.Cli.Data;

/// <summary>A batch of images, each turned by an angle of its own that depends on seed and step alone.</summary>
internal sealed class TurnedBatch(int size, int height, int width)
{
    private readonly float[] _upright = new float[size * height * width];
    private readonly float[] _turned = new float[size * height * width];
    private readonly float[] _angles = new float[size];
    private readonly int[] _labels = new int[size];
    private int _count;

    /// <summary>Draws for all rows and makes some.</summary>
    /// <param name="source">The images.</param>
    /// <param name="rows">Those of the whole batch.</param>
    /// <param name="own">Which of these are made.</param>
    /// <param name="mostDegrees">The largest angle.</param>
    /// <param name="seed">Of the angles.</param>
    /// <param name="step">Whose angles.</param>
    public void Fill(ImageSet source, ReadOnlySpan<int> rows, Range own, float mostDegrees, int seed, long step)
    {
        SplitMix random = new(seed, step);
        for (int i = 0; i < rows.Length; i++)
        {
            _angles[i] = random.Uniform(0, mostDegrees);
        }
        _angles.AsSpan(own).CopyTo(_angles);
        rows = rows[own];
        _count = rows.Length;
        int pixels = _count * height * width;
        source.Fill(rows, _upright, _labels);
        ImageRotation.Turn(_upright.AsSpan(0, pixels), _angles.AsSpan(0, _count), height, width, _turned.AsSpan(0, pixels));
    }

    /// <summary>[B, 1, height, width]</summary>
    public Tensor Images(Device device) => Tensor.From(_turned.AsSpan(0, _count * height * width), [_count, 1, height, width], device);

    /// <summary>[B], degrees.</summary>
    public Tensor Angles(Device device) => Tensor.From(_angles.AsSpan(0, _count), [_count], device);

    /// <summary>[B]</summary>
    public Tensor Labels(Device device) => Tensor.From(_labels.AsSpan(0, _count), [_count], device);
}
