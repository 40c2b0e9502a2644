namespace HyperKernels.Cli.Data;

/// <summary>The images of one class, all turned and mirrored in the same way; or a made-up class, whose images have the right halves of another's.</summary>
/// <param name="Images">The set; its images are as high as wide.</param>
/// <param name="Rows">Which of its images belong to the class.</param>
/// <param name="Turn">From 0 to 7: by how many quarters images are turned, and from 4 on mirrored before.</param>
/// <param name="Right">Where right halves come from; null leaves images whole.</param>
internal sealed record ImageClass(ImageSet Images, int[] Rows, int Turn = 0, ImageClass? Right = null)
{
    private const int QuarterTurns = 4;

    /// <summary>Some of a set's classes as they are: those of which there are images.</summary>
    /// <param name="images">The set.</param>
    /// <param name="first">The first label.</param>
    /// <param name="count">How many labels from there on.</param>
    public static IEnumerable<ImageClass> Of(ImageSet images, int first, int count) =>
        from label in Enumerable.Range(first, count)
        let rows = Enumerable.Range(0, images.Count).Where(i => images.Labels[i] == label).ToArray()
        where rows.Length > 0
        select new ImageClass(images, rows);

    /// <summary>The class and what its images become turned and mirrored, as classes of their own.</summary>
    /// <param name="turns">How many of the eight.</param>
    public IEnumerable<ImageClass> Turned(int turns) => Enumerable.Range(0, turns).Select(turn => this with { Turn = turn });

    /// <summary>Classes, and all that can be made of the left half of one and the right half of another.</summary>
    public static IEnumerable<ImageClass> WithHalves(IReadOnlyList<ImageClass> classes) =>
        classes.Concat(from left in classes from right in classes where left != right select left with { Right = right });

    /// <summary>Writes one image, values from 0 to 1.</summary>
    /// <param name="row">Which of the set's images.</param>
    /// <param name="pixels">Receives height times width of them.</param>
    public void Fill(int row, Span<float> pixels)
    {
        float[] image = new float[pixels.Length];
        Images.Fill([row], image, [0]);
        int side = Images.Width;
        for (int i = 0; i < image.Length; i++)
        {
            pixels[i] = image[Source(i, side)];
        }
        if (Right is null)
        {
            return;
        }
        Right.Fill(Right.Rows[row % Right.Rows.Length], image);
        int half = side / 2;
        for (int start = half; start < image.Length; start += side)
        {
            image.AsSpan(start, side - half).CopyTo(pixels[start..]);
        }
    }

    private int Source(int place, int side)
    {
        int last = side - 1;
        (int y, int x) = Math.DivRem(place, side);
        (y, x) = (Turn % QuarterTurns) switch
        {
            0 => (y, x),
            1 => (x, last - y),
            2 => (last - y, last - x),
            _ => (last - x, y),
        };
        return (y * side) + (Turn < QuarterTurns ? x : last - x);
    }
}
