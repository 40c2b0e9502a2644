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

    // Of the windows; nothing where they are adaptive.
    public int Kernel;
    public int Stride;
    public int Padding;
    public int IsAdaptive;

    /// <summary>The window at a position of the smaller side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PoolWindow Window(PoolAxis axis, int at)
    {
        PoolWindow window = default;
        if (axis.IsAdaptive != 0)
        {
            window.First = (int)Divide.Quotient((long)at * axis.Size, axis.OutSize);
            window.Last = (int)Divide.Quotient(((at + 1L) * axis.Size) + axis.OutSize - 1, axis.OutSize);
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
            windows.First = (int)Divide.Quotient((long)at * axis.OutSize, axis.Size);
            windows.Last = (int)Divide.Quotient(((at + 1L) * axis.OutSize) + axis.Size - 1, axis.Size);
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

    /// <summary>Where a drawn position comes from, in the mode of that number (<see cref="ResizeMode"/>): a ratio of whole numbers, so that it is exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ResizeSource Source(PoolAxis axis, int mode, int at)
    {
        ResizeSource source = default;
        long above = (long)at * axis.Size;
        long below = axis.OutSize;
        if (mode == (int)ResizeMode.Bilinear)
        {
            above = (((2L * at) + 1) * axis.Size) - axis.OutSize;
            below = 2L * axis.OutSize;
        }
        else if (mode == (int)ResizeMode.BilinearAligned)
        {
            above = at * (axis.Size - 1L);
            below = axis.OutSize - 1;
        }
        above = above > 0 && below > 0 ? above : 0;
        below = below > 0 ? below : 1;
        int first = (int)Divide.Quotient(above, below);
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
        long size = axis.Size;
        long outSize = axis.OutSize;
        long first = 0;
        long last = outSize;
        if (mode == (int)ResizeMode.Nearest)
        {
            first = at * outSize / size;
            last = ((at + 1) * outSize / size) + 1;
        }
        else if (mode == (int)ResizeMode.Bilinear)
        {
            first = (((2L * at) - 1) * outSize / (2 * size)) - 1;
            last = (((2L * at) + 3) * outSize / (2 * size)) + 2;
        }
        else if (size > 1)
        {
            first = ((at - 1L) * (outSize - 1) / (size - 1)) - 1;
            last = ((at + 1L) * (outSize - 1) / (size - 1)) + 2;
        }
        Stretch targets = default;
        targets.First = first > 0 ? (int)first : 0;
        targets.Last = last < outSize ? (int)last : axis.OutSize;
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
