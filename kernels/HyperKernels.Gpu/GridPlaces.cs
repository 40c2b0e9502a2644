using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>One axis of images that are sampled at places of a grid.</summary>
internal struct GridAxis
{
    public int Size;
    public Divisor BySize;
    public int KeepsCorners;
    public int IsBorder;

    /// <summary>For the launching side.</summary>
    public GridAxis(int size, bool isBorder, bool keepsCorners)
    {
        Size = size;
        BySize = size;
        KeepsCorners = keepsCorners ? 1 : 0;
        IsBorder = isBorder ? 1 : 0;
    }

    /// <summary>The pixels around a place from -1 to 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GridNeighbours Around(GridAxis axis, float asked)
    {
        float place = MathK.IsNaN(asked) ? -1f : asked;
        float size = axis.Size;
        float slope = 0.5f * (axis.KeepsCorners != 0 ? size - 1 : size);
        float at = axis.KeepsCorners != 0 ? (place + 1) * slope : (((place + 1) * size) - 1) * 0.5f;
        bool isBetween = (at > 0f) & (at < size - 1);
        if ((axis.IsBorder != 0) & !isBetween)
        {
            at = at > 0f ? size - 1 : 0f;
            slope = 0;
        }
        bool isInside = (at >= -1f) & (at < size);
        // Also keeps the conversion to an integer in its range.
        at = isInside ? at : -1f;
        float floor = Intrinsics.Floor(at);
        float share = at - floor;
        int square = (int)(floor + 1);
        bool hasFirst = isInside & (square > 0);
        bool hasSecond = isInside & (square < axis.Size);
        GridNeighbours found = default;
        found.IsInside = isInside ? 1 : 0;
        found.Square = square;
        found.First = square > 0 ? square - 1 : 0;
        found.Second = square < axis.Size ? square : axis.Size - 1;
        found.FirstWeight = hasFirst ? 1 - share : 0f;
        found.SecondWeight = hasSecond ? share : 0f;
        found.FirstSlope = hasFirst ? 0 - slope : 0f;
        found.SecondSlope = hasSecond ? slope : 0f;
        return found;
    }
}

/// <summary>The two pixels around a place along one axis. Both lie in the image; one outside is replaced by the other, with weight zero.</summary>
internal struct GridNeighbours
{
    /// <summary>0 where both are outside.</summary>
    public int IsInside;

    /// <summary>The number of the gap between them: 0 before the first pixel.</summary>
    public int Square;
    public int First;
    public int Second;
    public float FirstWeight;
    public float SecondWeight;

    /// <summary>The derivatives of the weights by the place.</summary>
    public float FirstSlope;
    public float SecondSlope;

    /// <summary>The same with slopes for weights where a derivative is wanted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GridNeighbours For(GridNeighbours neighbours, int isDerivative)
    {
        GridNeighbours result = neighbours;
        result.FirstWeight = isDerivative != 0 ? neighbours.FirstSlope : neighbours.FirstWeight;
        result.SecondWeight = isDerivative != 0 ? neighbours.SecondSlope : neighbours.SecondWeight;
        return result;
    }
}

/// <summary>The four pixels around a place.</summary>
internal struct GridCorners
{
    public GridNeighbours Columns;
    public GridNeighbours Rows;

    /// <summary>0 where the place has no part in the image.</summary>
    public int IsInside;

    /// <summary>Around a place, with its number over all images.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GridCorners At(GridArguments p, long place)
    {
        GridCorners corners = default;
        corners.Columns = GridAxis.Around(p.Across, p.Grid[2 * place]);
        corners.Rows = GridAxis.Around(p.Down, p.Grid[(2 * place) + 1]);
        corners.IsInside = corners.Columns.IsInside & corners.Rows.IsInside;
        return corners;
    }

    /// <summary>The pixels by their weights; the plane begins at that place of the image's buffer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Mix(ArrayView<float> image, long plane, int width, GridCorners c)
    {
        long upper = plane + ((long)c.Rows.First * width);
        long lower = plane + ((long)c.Rows.Second * width);
        float above = (image[upper + c.Columns.First] * c.Columns.FirstWeight) + (image[upper + c.Columns.Second] * c.Columns.SecondWeight);
        float under = (image[lower + c.Columns.First] * c.Columns.FirstWeight) + (image[lower + c.Columns.Second] * c.Columns.SecondWeight);
        float value = (above * c.Rows.FirstWeight) + (under * c.Rows.SecondWeight);
        return c.IsInside != 0 ? value : 0f;
    }
}
