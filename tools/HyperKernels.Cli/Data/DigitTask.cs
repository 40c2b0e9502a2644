namespace HyperKernels.Cli.Data;

/// <summary>One task of a sequence: some images of a set, with labels counted from the task's first, seen through an order of pixels of its own.</summary>
/// <param name="name">What reports call it.</param>
/// <param name="images">The set.</param>
/// <param name="rows">Which of its images belong to the task.</param>
/// <param name="firstLabel">The label that is 0 here.</param>
/// <param name="pixelOrder">For every place the pixel that comes there; null leaves images as they are.</param>
internal sealed class DigitTask(string name, ImageSet images, int[] rows, int firstLabel = 0, int[]? pixelOrder = null)
{
    private int[] _chosen = [];
    private float[] _image = [];

    public string Name => name;

    public int Count => rows.Length;

    public int Pixels => images.Height * images.Width;

    /// <summary>Writes chosen images as floats from 0 to 1.</summary>
    /// <param name="chosen">Which images of the task.</param>
    /// <param name="pixels">Receives [chosen, Pixels].</param>
    /// <param name="labels">Receives one label per image.</param>
    public void Fill(ReadOnlySpan<int> chosen, Span<float> pixels, Span<int> labels)
    {
        if (_chosen.Length < chosen.Length)
        {
            _chosen = new int[chosen.Length];
        }
        for (int i = 0; i < chosen.Length; i++)
        {
            _chosen[i] = rows[chosen[i]];
        }
        images.Fill(_chosen.AsSpan(0, chosen.Length), pixels, labels);
        for (int i = 0; i < chosen.Length; i++)
        {
            labels[i] -= firstLabel;
            if (pixelOrder is not null)
            {
                Span<float> own = pixels.Slice(i * Pixels, Pixels);
                _image = _image.Length == Pixels ? _image : new float[Pixels];
                own.CopyTo(_image);
                for (int p = 0; p < Pixels; p++)
                {
                    own[p] = _image[pixelOrder[p]];
                }
            }
        }
    }
}
