namespace HyperKernels.Cli.Recipes;

/// <summary>Images moved by fields of displacements, and what registration asks of both.</summary>
internal sealed class Warp
{
    private readonly float[] _places;
    private readonly float[] _perPixel;

    public Warp(int height, int width)
    {
        Height = height;
        Width = width;
        _perPixel = [2f / width, 2f / height];
        _places = [.. Enumerable.Range(0, height * width).SelectMany(i => (float[])[(((i % width) + 0.5f) * _perPixel[0]) - 1, (((i / width) + 0.5f) * _perPixel[1]) - 1])];
    }

    public int Height { get; }

    public int Width { get; }

    /// <summary>Each pixel taken from where its displacement points; outside is black.</summary>
    /// <param name="images"><c>[B, 1, H, W]</c></param>
    /// <param name="field">Pixels across and down, <c>[B, 2, H, W]</c>.</param>
    /// <returns><c>[B, 1, H, W]</c></returns>
    public Tensor Apply(Tensor images, Tensor field)
    {
        Tensor still = Tensor.From(_places, [1, Height, Width, 2], images.Device);
        Tensor shares = Tensor.From(_perPixel, [2], images.Device);
        return Ops.GridSample(images, still + (Ops.Permute(field, 0, 2, 3, 1) * shares));
    }

    /// <summary>The mean square of the difference between displacements of neighbours: 0 for a shift of the whole image.</summary>
    public Tensor Roughness(Tensor field)
    {
        Tensor across = Ops.Slice(field, 3, 1, Width - 1) - Ops.Slice(field, 3, 0, Width - 1);
        Tensor down = Ops.Slice(field, 2, 1, Height - 1) - Ops.Slice(field, 2, 0, Height - 1);
        return (Ops.Mean(Ops.Square(across)) + Ops.Mean(Ops.Square(down))) * 0.5f;
    }

    /// <summary>The share of pixels where the field folds: where the area that neighbours span turns over.</summary>
    /// <param name="field"><c>[B, 2, H, W]</c>, row-major.</param>
    public double Folds(ReadOnlySpan<float> field)
    {
        int size = Height * Width;
        long folds = 0;
        long all = 0;
        for (int image = 0; image < field.Length / (2 * size); image++)
        {
            ReadOnlySpan<float> u = field.Slice(image * 2 * size, size);
            ReadOnlySpan<float> v = field.Slice(((image * 2) + 1) * size, size);
            for (int y = 0; y < Height - 1; y++)
            {
                for (int x = 0; x < Width - 1; x++)
                {
                    int at = (y * Width) + x;
                    float area = ((1 + u[at + 1] - u[at]) * (1 + v[at + Width] - v[at])) - ((u[at + Width] - u[at]) * (v[at + 1] - v[at]));
                    folds += area <= 0 ? 1 : 0;
                    all++;
                }
            }
        }
        return (double)folds / all;
    }

    /// <summary>How much two sets of images overlap, each pixel ink from a half on: the mean over images of twice the common ink by the sum of both.</summary>
    public double Overlap(ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        int size = Height * Width;
        double sum = 0;
        for (int start = 0; start < first.Length; start += size)
        {
            int common = 0;
            int both = 0;
            for (int i = start; i < start + size; i++)
            {
                bool a = first[i] >= 0.5f;
                bool b = second[i] >= 0.5f;
                common += a && b ? 1 : 0;
                both += (a ? 1 : 0) + (b ? 1 : 0);
            }
            sum += both == 0 ? 1 : 2.0 * common / both;
        }
        return sum * size / first.Length;
    }
}
