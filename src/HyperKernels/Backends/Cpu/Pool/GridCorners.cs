using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>The two pixels around a place along one axis.</summary>
internal struct GridNeighbours
{
    /// <summary>Both lie in the image; one outside is replaced by the other, with weight zero. Below zero where both are outside.</summary>
    public int First;
    public int Second;
    public float FirstWeight;
    public float SecondWeight;

    /// <summary>The derivatives of the weights by the place.</summary>
    public float FirstSlope;
    public float SecondSlope;
}

/// <summary>One axis of images that are sampled at places of a grid.</summary>
internal readonly struct GridAxis(int size, bool isBorder, bool keepsCorners)
{
    private readonly float _size = size;
    private readonly float _slope = 0.5f * (keepsCorners ? size - 1 : size);

    /// <summary>The pixels around a place from -1 to 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GridNeighbours At(float place)
    {
        place = float.IsNaN(place) ? -1 : place;
        float at = keepsCorners ? (place + 1) * _slope : (((place + 1) * _size) - 1) * 0.5f;
        float slope = _slope;
        if (isBorder && !(at > 0 && at < _size - 1))
        {
            at = at > 0 ? _size - 1 : 0;
            slope = 0;
        }
        GridNeighbours found = default;
        // Also keeps the conversion to an integer in its range.
        if (!(at >= -1 && at < _size))
        {
            found.First = -1;
            return found;
        }
        float floor = MathF.Floor(at);
        float share = at - floor;
        int first = (int)floor;
        bool hasFirst = first >= 0;
        bool hasSecond = first < size - 1;
        found.First = hasFirst ? first : 0;
        found.Second = hasSecond ? first + 1 : first;
        found.FirstWeight = hasFirst ? 1 - share : 0;
        found.SecondWeight = hasSecond ? share : 0;
        found.FirstSlope = hasFirst ? -slope : 0;
        found.SecondSlope = hasSecond ? slope : 0;
        return found;
    }
}

/// <summary>The corners around some places: worked out once, read for every channel.</summary>
internal unsafe struct GridCorners
{
    /// <summary>So many places are worked on at a time.</summary>
    public const int Most = 128;

    /// <summary>Where the rows begin in a plane: the upper one below zero where the place has no part in the image.</summary>
    public fixed int Upper[Most];
    public fixed int Lower[Most];
    public fixed int Left[Most];
    public fixed int Right[Most];
    public fixed float UpperWeight[Most];
    public fixed float LowerWeight[Most];
    public fixed float LeftWeight[Most];
    public fixed float RightWeight[Most];

    // What a corner's pixel counts in the derivative by the place.
    public fixed float UpperSlope[Most];
    public fixed float LowerSlope[Most];
    public fixed float LeftSlope[Most];
    public fixed float RightSlope[Most];

    /// <summary>Works corners out.</summary>
    /// <param name="sizes">Of images and places.</param>
    /// <param name="part">In a derivative the slopes stand in for the weights.</param>
    /// <param name="grid">The first place.</param>
    /// <param name="count">How many.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Fill(in GridSizes sizes, GridPart part, float* grid, int count)
    {
        GridAxis across = new(sizes.Width, sizes.IsBorder, sizes.KeepsCorners);
        GridAxis down = new(sizes.Height, sizes.IsBorder, sizes.KeepsCorners);
        for (int s = 0; s < count; s++)
        {
            GridNeighbours columns = across.At(grid[2 * s]);
            GridNeighbours rows = down.At(grid[(2 * s) + 1]);
            Upper[s] = (columns.First | rows.First) < 0 ? -1 : rows.First * sizes.Width;
            Lower[s] = rows.Second * sizes.Width;
            Left[s] = columns.First;
            Right[s] = columns.Second;
            bool slopesAcross = (part & GridPart.Across) != 0;
            bool slopesDown = (part & GridPart.Down) != 0;
            LeftWeight[s] = slopesAcross ? columns.FirstSlope : columns.FirstWeight;
            RightWeight[s] = slopesAcross ? columns.SecondSlope : columns.SecondWeight;
            UpperWeight[s] = slopesDown ? rows.FirstSlope : rows.FirstWeight;
            LowerWeight[s] = slopesDown ? rows.SecondSlope : rows.SecondWeight;
            LeftSlope[s] = columns.FirstSlope;
            RightSlope[s] = columns.SecondSlope;
            UpperSlope[s] = rows.FirstSlope;
            LowerSlope[s] = rows.SecondSlope;
        }
    }
}
