namespace HyperKernels.Cli.Data;

/// <summary>Pairs of images of the same digit, each found from seed and number alone.</summary>
internal sealed class DigitPairs
{
    private readonly ImageSet _images;
    private readonly int[][] _ofClass;
    private readonly int _seed;

    public DigitPairs(ImageSet images, int seed)
    {
        _images = images;
        _seed = seed;
        _ofClass = [.. Enumerable.Range(0, ImageSet.Classes).Select(digit => Enumerable.Range(0, images.Count).Where(i => images.Labels[i] == digit).ToArray())];
    }

    /// <summary>Writes pairs as images of two channels: the one to move, and the one to meet.</summary>
    /// <param name="first">The number of the first pair.</param>
    /// <param name="pairs">Receives <c>[count, 2, height, width]</c>, from 0 to 1.</param>
    public void Fill(long first, Span<float> pairs)
    {
        int size = _images.Height * _images.Width;
        Span<int> labels = stackalloc int[2];
        for (int i = 0; i * 2 * size < pairs.Length; i++)
        {
            SplitMix random = new(_seed, first + i);
            int moving = random.Below(_images.Count);
            int[] same = _ofClass[_images.Labels[moving]];
            _images.Fill([moving, same[random.Below(same.Length)]], pairs.Slice(i * 2 * size, 2 * size), labels);
        }
    }
}
