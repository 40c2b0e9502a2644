using HyperKernels.Backends;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>
/// Images sampled at places of a grid. The adjoint asks, for each pixel, which places lie around it: places are sorted by the square between pixels in which
/// they lie, so that nothing is added by two threads and sums run in the places' order. Source: Jaderberg et al., arXiv 1506.02025, equation 5.
/// </summary>
internal static class GridKernels
{
    /// <summary>y [images, channels, samples] = the image at the places, or a derivative. One thread per value.   Any launch size.</summary>
    [Kernel]
    public static void Sample(GridArguments p)
    {
        long count = (long)p.Images * p.Channels * p.Samples;
        for (long i = Threads.Global; i < count; i += Threads.Count)
        {
            long plane = p.BySamples.Quotient(i, p.Samples);
            long image = p.ByChannels.Quotient(plane, p.Channels);
            GridCorners corners = GridCorners.At(p, (image * p.Samples) + (i - (plane * p.Samples)));
            corners.Columns = GridNeighbours.For(corners.Columns, p.Part & (int)GridPart.Across);
            corners.Rows = GridNeighbours.For(corners.Rows, p.Part & (int)GridPart.Down);
            p.Y[i] = GridCorners.Mix(p.Image, plane * p.Pixels, p.Across.Size, corners);
        }
    }

    /// <summary>
    /// gradient [images, samples, 2] = for each place the sum over channels of y times the derivatives by it. One thread per place.   Any launch size.
    /// </summary>
    [Kernel]
    public static void Gradient(GridArguments p)
    {
        long count = (long)p.Images * p.Samples;
        for (long i = Threads.Global; i < count; i += Threads.Count)
        {
            long image = p.BySamples.Quotient(i, p.Samples);
            GridCorners byColumn = GridCorners.At(p, i);
            GridCorners byRow = byColumn;
            byColumn.Columns = GridNeighbours.For(byColumn.Columns, 1);
            byRow.Rows = GridNeighbours.For(byRow.Rows, 1);
            long plane = image * p.Channels;
            long y = (plane * p.Samples) + (i - (image * p.Samples));
            float across = 0;
            float down = 0;
            for (int channel = 0; channel < p.Channels; channel++)
            {
                float value = p.Y[y];
                across += value * GridCorners.Mix(p.Image, plane * p.Pixels, p.Across.Size, byColumn);
                down += value * GridCorners.Mix(p.Image, plane * p.Pixels, p.Across.Size, byRow);
                plane++;
                y += p.Samples;
            }
            p.Gradient[2 * i] = across;
            p.Gradient[(2 * i) + 1] = down;
        }
    }

    /// <summary>
    /// keys [images, samples] = the number, over the images of this launch, of the square between pixels in which each place lies; squares that begin before
    /// the first pixel count too, and one more per image is for places beyond them. One thread per place.   Any launch size.
    /// </summary>
    [Kernel]
    public static void Squares(GridArguments p)
    {
        int count = p.Images * p.Samples;
        for (long i = Threads.Global; i < count; i += Threads.Count)
        {
            int image = p.BySamples.Quotient((int)i);
            GridCorners corners = GridCorners.At(p, ((long)p.FirstImage * p.Samples) + i);
            int square = (corners.Rows.Square * (p.Across.Size + 1)) + corners.Columns.Square;
            square = corners.IsInside != 0 ? square : p.Squares - 1;
            p.Keys[i] = (image * p.Squares) + square;
        }
    }

    /// <summary>Where the places of each square begin and end among the sorted ones; all were zero before. One thread per place.   Any launch size.</summary>
    [Kernel]
    public static void Runs(GridArguments p)
    {
        int count = p.Images * p.Samples;
        for (long i = Threads.Global; i < count; i += Threads.Count)
        {
            int key = p.Keys[i];
            int before = -1;
            if (i > 0)
            {
                before = p.Keys[i - 1];
            }
            int behind = -1;
            if (i < count - 1)
            {
                behind = p.Keys[i + 1];
            }
            if (before != key)
            {
                p.Begins[key] = (int)i;
            }
            if (behind != key)
            {
                p.Ends[key] = (int)i + 1;
            }
        }
    }

    /// <summary>image = the adjoint of <see cref="Sample"/> applied to y, from the sorted places. One thread per pixel.   Any launch size.</summary>
    [Kernel]
    public static void Spread(GridArguments p)
    {
        long count = (long)p.Images * p.Channels * p.Pixels;
        long firstPlane = (long)p.FirstImage * p.Channels;
        for (long i = Threads.Global; i < count; i += Threads.Count)
        {
            long plane = p.ByPixels.Quotient(i, p.Pixels);
            int pixel = (int)(i - (plane * p.Pixels));
            int row = p.Across.BySize.Quotient(pixel);
            int image = (int)p.ByChannels.Quotient(plane, p.Channels);
            // Of the square above and left of the pixel it is the last corner; then come the one to the right, and those below.
            int square = (image * p.Squares) + (row * (p.Across.Size + 1)) + (pixel - (row * p.Across.Size));
            long firstPlace = (long)p.FirstImage * p.Samples;
            long y = (firstPlane + plane - image) * p.Samples;
            float sum = 0;
            for (int corner = 0; corner < 4; corner++)
            {
                int at = square + ((corner >> 1) * (p.Across.Size + 1)) + (corner & 1);
                int end = p.Ends[at];
                for (int slot = p.Begins[at]; slot < end; slot++)
                {
                    int place = p.Positions[slot];
                    GridCorners corners = GridCorners.At(p, firstPlace + place);
                    GridNeighbours columns = GridNeighbours.For(corners.Columns, p.Part & (int)GridPart.Across);
                    GridNeighbours rows = GridNeighbours.For(corners.Rows, p.Part & (int)GridPart.Down);
                    float across = (corner & 1) == 0 ? columns.SecondWeight : columns.FirstWeight;
                    float down = (corner >> 1) == 0 ? rows.SecondWeight : rows.FirstWeight;
                    sum += p.Y[y + place] * down * across;
                }
            }
            p.Image[(firstPlane * p.Pixels) + i] = sum;
        }
    }
}

/// <summary>
/// Arguments of <see cref="GridKernels"/>: images [images, channels, pixels], a grid [images, samples, 2], values y [images, channels, samples]. The steps of
/// the adjoint take some images at a time, from the first one on, and lists of 32-bit integers for those.
/// </summary>
internal struct GridArguments
{
    public GridAxis Across;
    public GridAxis Down;
    public int FirstImage;
    public int Images;
    public int Channels;
    public int Pixels;
    public int Samples;

    /// <summary>Of an image: the squares between pixels, with those at the border, and one for all beyond.</summary>
    public int Squares;

    /// <summary>A <see cref="GridPart"/>'s number.</summary>
    public int Part;
    public Divisor ByChannels;
    public Divisor ByPixels;
    public Divisor BySamples;
    public ArrayView<float> Image;
    public ArrayView<float> Grid;
    public ArrayView<float> Y;
    public ArrayView<float> Gradient;
    public ArrayView<int> Keys;
    public ArrayView<int> Positions;
    public ArrayView<int> Begins;
    public ArrayView<int> Ends;
}
