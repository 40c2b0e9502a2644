using System.Runtime.CompilerServices;
using HyperKernels.Backends;

namespace HyperKernels.Gpu;

/// <summary>One axis of planes that are pooled, or drawn at another size.</summary>
internal struct PoolAxis
{
    public int Size;
    public int OutSize;
    public Divisor BySize;
    public Divisor ByOutSize;

    // Position p of the smaller or drawn side is p steps / out steps on the other, at the least 1: the sizes, or one less where corners are kept in place.
    public int Steps;
    public int OutSteps;
    public Divisor BySteps;
    public Divisor ByOutSteps;

    // Of the windows; nothing where they are adaptive.
    public int Kernel;
    public int Stride;
    public int Padding;
    public int IsAdaptive;

    /// <summary>For the launching side.</summary>
    public PoolAxis(int size, int outSize, bool keepsCorners)
    {
        int less = keepsCorners ? 1 : 0;
        Size = size;
        OutSize = outSize;
        BySize = size;
        ByOutSize = outSize;
        Steps = Math.Max(1, size - less);
        OutSteps = Math.Max(1, outSize - less);
        BySteps = Steps;
        ByOutSteps = OutSteps;
    }

    /// <summary>The window at a position of the smaller side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PoolWindow Window(PoolAxis axis, int at)
    {
        PoolWindow window = default;
        if (axis.IsAdaptive != 0)
        {
            window.First = (int)axis.ByOutSteps.Quotient((long)at * axis.Steps, axis.OutSteps);
            window.Last = (int)axis.ByOutSteps.Quotient(((at + 1L) * axis.Steps) + axis.OutSteps - 1, axis.OutSteps);
            window.Origin = window.First;
            window.Length = window.Last - window.First;
        }
        else
        {
            window.Origin = (at * axis.Stride) - axis.Padding;
            int last = window.Origin + axis.Kernel;
            window.First = window.Origin > 0 ? window.Origin : 0;
            window.Last = last < axis.Size ? last : axis.Size;
            window.Length = axis.Kernel;
        }
        return window;
    }

    /// <summary>The windows that a pixel may lie in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Stretch Windows(PoolAxis axis, int at)
    {
        Stretch windows = default;
        if (axis.IsAdaptive != 0)
        {
            windows.First = (int)axis.BySteps.Quotient((long)at * axis.OutSteps, axis.Steps);
            windows.Last = (int)axis.BySteps.Quotient(((at + 1L) * axis.OutSteps) + axis.Steps - 1, axis.Steps);
        }
        else
        {
            int reach = at + axis.Padding - axis.Kernel + axis.Stride;
            int last = ((at + axis.Padding) / axis.Stride) + 1;
            windows.First = reach > 0 ? reach / axis.Stride : 0;
            windows.Last = last < axis.OutSize ? last : axis.OutSize;
        }
        return windows;
    }

    /// <summary>
    /// Where a drawn position comes from, in the mode of that number (<see cref="ResizeMode"/>): a ratio of whole numbers, so that it is exact.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ResizeSource Source(PoolAxis axis, int mode, int at)
    {
        long above = (long)at * axis.Steps;
        long below = axis.OutSteps;
        long whole = above;
        if (mode == (int)ResizeMode.Bilinear)
        {
            // From centre to centre.
            above = (((2L * at) + 1) * axis.Steps) - axis.OutSteps;
            above = above > 0 ? above : 0;
            below = 2L * axis.OutSteps;
            whole = above >> 1;
        }
        int first = (int)axis.ByOutSteps.Quotient(whole, axis.OutSteps);
        ResizeSource source = default;
        source.First = first < axis.Size - 1 ? first : axis.Size - 1;
        source.Second = source.First;
        if (mode != (int)ResizeMode.Nearest)
        {
            source.Second += source.First == axis.Size - 1 ? 0 : 1;
            source.Share = (float)(above - (source.First * below)) / (float)below;
        }
        return source;
    }

    /// <summary>The drawn positions that may come from a pixel, with one to spare at both ends.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Stretch Targets(PoolAxis axis, int mode, int at)
    {
        long from = (long)at * axis.OutSteps;
        long to = from + axis.OutSteps;
        int before = 0;
        int behind = 1;
        if (mode == (int)ResizeMode.Bilinear)
        {
            from = (((2L * at) - 1) * axis.OutSteps) >> 1;
            to = (((2L * at) + 3) * axis.OutSteps) >> 1;
            before = 1;
            behind = 2;
        }
        else if (mode == (int)ResizeMode.BilinearAligned)
        {
            // A single row or column is everywhere.
            from = axis.Size > 1 ? from - axis.OutSteps : 0;
            to = axis.Size > 1 ? to : axis.OutSteps;
            before = 1;
            behind = 2;
        }
        long first = axis.BySteps.Quotient(from > 0 ? from : 0, axis.Steps) - before;
        long last = axis.BySteps.Quotient(to, axis.Steps) + behind;
        Stretch targets = default;
        targets.First = first > 0 ? (int)first : 0;
        targets.Last = last < axis.OutSize ? (int)last : axis.OutSize;
        return targets;
    }
}

/// <summary>Positions first to last - 1.</summary>
internal struct Stretch
{
    public int First;
    public int Last;
}

/// <summary>A window along one axis: pixels first to last - 1, of a window that begins at origin (in the padding, perhaps) and has length places.</summary>
internal struct PoolWindow
{
    public int First;
    public int Last;
    public int Origin;
    public int Length;
}

/// <summary>Where a drawn pixel comes from along one axis: two positions and the share of the second.</summary>
internal struct ResizeSource
{
    public int First;
    public int Second;
    public float Share;

    /// <summary>What of it comes from a pixel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Weight(ResizeSource source, int at) => (source.First == at ? 1 - source.Share : 0f) + (source.Second == at ? source.Share : 0f);
}

/// <summary>An element of planes.</summary>
internal struct PoolPlace
{
    /// <summary>Counted over all launches, in 64 bits: with it all places are worked out.</summary>
    public long Plane;
    public int Row;
    public int Column;

    /// <summary>Element i of a launch's planes, on the larger side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PoolPlace Pixel(PoolArguments p, int i)
    {
        PoolPlace place = default;
        int row = p.Across.BySize.Quotient(i);
        int plane = p.Down.BySize.Quotient(row);
        place.Plane = p.FirstPlane + plane;
        place.Row = row - (plane * p.Down.Size);
        place.Column = i - (row * p.Across.Size);
        return place;
    }

    /// <summary>The same on the smaller side, or the drawn one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PoolPlace Window(PoolArguments p, int i)
    {
        PoolPlace place = default;
        int row = p.Across.ByOutSize.Quotient(i);
        int plane = p.Down.ByOutSize.Quotient(row);
        place.Plane = p.FirstPlane + plane;
        place.Row = row - (plane * p.Down.OutSize);
        place.Column = i - (row * p.Across.OutSize);
        return place;
    }
}
