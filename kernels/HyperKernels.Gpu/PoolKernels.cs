using HyperKernels.Backends;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>
/// Pooling over windows. The adjoints ask, for each pixel, which windows it belongs to, so that nothing is added by two threads and sums run in the windows'
/// order. A launch takes less than 2^31 elements: it is told which planes.
/// </summary>
internal static class PoolKernels
{
    /// <summary>
    /// y[w] = the largest of window w, NaN being larger than all; places[w], where given, its position in the window. One thread per window.   Any launch size.
    /// </summary>
    [Kernel]
    public static void Max(PoolArguments p)
    {
        long firstWindow = p.FirstPlane * ((long)p.Down.OutSize * p.Across.OutSize);
        for (long i = Threads.Global; i < p.Count; i += Threads.Count)
        {
            PoolPlace window = PoolPlace.Window(p, (int)i);
            PoolWindow down = PoolAxis.Window(p.Down, window.Row);
            PoolWindow across = PoolAxis.Window(p.Across, window.Column);
            long line = ((window.Plane * p.Down.Size) + down.First) * p.Across.Size;
            int place = ((down.First - down.Origin) * across.Length) + across.First - across.Origin;
            int bestPlace = place;
            float best = p.X[line + across.First];
            for (int row = down.First; row < down.Last; row++)
            {
                int here = place;
                long end = line + across.Last;
                for (long at = line + across.First; at < end; at++)
                {
                    // Choices instead of branches, which threads of a group would take apart.
                    float value = p.X[at];
                    bool isBetter = (value > best) | MathK.IsNaN(value);
                    best = isBetter ? value : best;
                    bestPlace = isBetter ? here : bestPlace;
                    here++;
                }
                line += p.Across.Size;
                place += across.Length;
            }
            p.Y[firstWindow + i] = best;
            if (p.Places.Length > 0)
            {
                p.Places[firstWindow + i] = bestPlace;
            }
        }
    }

    /// <summary>y[w] = what stands at window w's place. One thread per window.   Any launch size.</summary>
    [Kernel]
    public static void MaxGather(PoolArguments p)
    {
        long firstWindow = p.FirstPlane * ((long)p.Down.OutSize * p.Across.OutSize);
        for (long i = Threads.Global; i < p.Count; i += Threads.Count)
        {
            PoolPlace window = PoolPlace.Window(p, (int)i);
            PoolWindow down = PoolAxis.Window(p.Down, window.Row);
            PoolWindow across = PoolAxis.Window(p.Across, window.Column);
            int place = (int)p.Places[firstWindow + i];
            int row = place / across.Length;
            long line = ((window.Plane * p.Down.Size) + down.Origin + row) * p.Across.Size;
            p.Y[firstWindow + i] = p.X[line + across.Origin + place - (row * across.Length)];
        }
    }

    /// <summary>y[w] = the mean of window w, padding counted as zeros. One thread per window.   Any launch size.</summary>
    [Kernel]
    public static void Average(PoolArguments p)
    {
        long firstWindow = p.FirstPlane * ((long)p.Down.OutSize * p.Across.OutSize);
        for (long i = Threads.Global; i < p.Count; i += Threads.Count)
        {
            PoolPlace window = PoolPlace.Window(p, (int)i);
            PoolWindow down = PoolAxis.Window(p.Down, window.Row);
            PoolWindow across = PoolAxis.Window(p.Across, window.Column);
            long line = ((window.Plane * p.Down.Size) + down.First) * p.Across.Size;
            float sum = 0;
            for (int row = down.First; row < down.Last; row++)
            {
                long end = line + across.Last;
                for (long at = line + across.First; at < end; at++)
                {
                    sum += p.X[at];
                }
                line += p.Across.Size;
            }
            p.Y[firstWindow + i] = sum * (1f / (down.Length * across.Length));
        }
    }

    /// <summary>x[pixel] = the sum of y over the windows whose place it is: the adjoint of MaxGather. One thread per pixel.   Any launch size.</summary>
    [Kernel]
    public static void MaxScatter(PoolArguments p)
    {
        long firstPixel = p.FirstPlane * ((long)p.Down.Size * p.Across.Size);
        for (long i = Threads.Global; i < p.Count; i += Threads.Count)
        {
            PoolPlace pixel = PoolPlace.Pixel(p, (int)i);
            Stretch rows = PoolAxis.Windows(p.Down, pixel.Row);
            Stretch columns = PoolAxis.Windows(p.Across, pixel.Column);
            long line = ((pixel.Plane * p.Down.OutSize) + rows.First) * p.Across.OutSize;
            float sum = 0;
            for (int row = rows.First; row < rows.Last; row++)
            {
                int inRow = pixel.Row - PoolAxis.Window(p.Down, row).Origin;
                for (int column = columns.First; column < columns.Last; column++)
                {
                    PoolWindow across = PoolAxis.Window(p.Across, column);
                    if ((int)p.Places[line + column] == (inRow * across.Length) + pixel.Column - across.Origin)
                    {
                        sum += p.Y[line + column];
                    }
                }
                line += p.Across.OutSize;
            }
            p.X[firstPixel + i] = sum;
        }
    }

    /// <summary>
    /// x[pixel] = the sum of every window's share of y over the windows it lies in: the adjoint of Average. One thread per pixel.   Any launch size.
    /// </summary>
    [Kernel]
    public static void AverageSpread(PoolArguments p)
    {
        long firstPixel = p.FirstPlane * ((long)p.Down.Size * p.Across.Size);
        for (long i = Threads.Global; i < p.Count; i += Threads.Count)
        {
            PoolPlace pixel = PoolPlace.Pixel(p, (int)i);
            Stretch rows = PoolAxis.Windows(p.Down, pixel.Row);
            Stretch columns = PoolAxis.Windows(p.Across, pixel.Column);
            long line = ((pixel.Plane * p.Down.OutSize) + rows.First) * p.Across.OutSize;
            float sum = 0;
            for (int row = rows.First; row < rows.Last; row++)
            {
                int length = PoolAxis.Window(p.Down, row).Length;
                for (int column = columns.First; column < columns.Last; column++)
                {
                    sum += p.Y[line + column] * (1f / (length * PoolAxis.Window(p.Across, column).Length));
                }
                line += p.Across.OutSize;
            }
            p.X[firstPixel + i] = sum;
        }
    }
}

/// <summary>
/// Planes drawn at another size. The place of a drawn pixel is exact (<see cref="PoolAxis.Source"/>); the adjoint asks, for each pixel, which drawn ones
/// may come from it. A launch takes less than 2^31 elements.
/// </summary>
internal static class ResizeKernels
{
    /// <summary>y = x drawn at another size. One thread per drawn pixel.   Any launch size.</summary>
    [Kernel]
    public static void Draw(PoolArguments p)
    {
        long firstDrawn = p.FirstPlane * ((long)p.Down.OutSize * p.Across.OutSize);
        for (long i = Threads.Global; i < p.Count; i += Threads.Count)
        {
            PoolPlace drawn = PoolPlace.Window(p, (int)i);
            ResizeSource down = PoolAxis.Source(p.Down, p.Mode, drawn.Row);
            ResizeSource across = PoolAxis.Source(p.Across, p.Mode, drawn.Column);
            long upper = ((drawn.Plane * p.Down.Size) + down.First) * p.Across.Size;
            if (p.Mode == (int)ResizeMode.Nearest)
            {
                p.Y[firstDrawn + i] = p.X[upper + across.First];
            }
            else
            {
                long lower = ((drawn.Plane * p.Down.Size) + down.Second) * p.Across.Size;
                float above = (p.X[upper + across.First] * (1 - across.Share)) + (p.X[upper + across.Second] * across.Share);
                float under = (p.X[lower + across.First] * (1 - across.Share)) + (p.X[lower + across.Second] * across.Share);
                p.Y[firstDrawn + i] = (above * (1 - down.Share)) + (under * down.Share);
            }
        }
    }

    /// <summary>x = the adjoint of <see cref="Draw"/> applied to y. One thread per pixel of x.   Any launch size.</summary>
    [Kernel]
    public static void Adjoint(PoolArguments p)
    {
        long firstPixel = p.FirstPlane * ((long)p.Down.Size * p.Across.Size);
        for (long i = Threads.Global; i < p.Count; i += Threads.Count)
        {
            PoolPlace pixel = PoolPlace.Pixel(p, (int)i);
            Stretch rows = PoolAxis.Targets(p.Down, p.Mode, pixel.Row);
            Stretch columns = PoolAxis.Targets(p.Across, p.Mode, pixel.Column);
            long line = ((pixel.Plane * p.Down.OutSize) + rows.First) * p.Across.OutSize;
            float sum = 0;
            for (int row = rows.First; row < rows.Last; row++)
            {
                float down = ResizeSource.Weight(PoolAxis.Source(p.Down, p.Mode, row), pixel.Row);
                // A row that has no part in this pixel must not bring in its NaN.
                if (down != 0)
                {
                    for (int column = columns.First; column < columns.Last; column++)
                    {
                        float across = ResizeSource.Weight(PoolAxis.Source(p.Across, p.Mode, column), pixel.Column);
                        if (across != 0)
                        {
                            sum += p.Y[line + column] * down * across;
                        }
                    }
                }
                line += p.Across.OutSize;
            }
            p.X[firstPixel + i] = sum;
        }
    }
}

/// <summary>
/// Arguments of <see cref="PoolKernels"/> and <see cref="ResizeKernels"/>. x is the larger side, or the one that is drawn from. A launch goes over count
/// elements of planes from the first one on, by a number instead of by views that begin there, which must not begin further than 2^31 elements in.
/// </summary>
internal struct PoolArguments
{
    public PoolAxis Down;
    public PoolAxis Across;
    public long FirstPlane;
    public int Count;

    /// <summary>Of resizing, a <see cref="ResizeMode"/>'s number.</summary>
    public int Mode;
    public ArrayView<float> X;
    public ArrayView<float> Places;
    public ArrayView<float> Y;
}
