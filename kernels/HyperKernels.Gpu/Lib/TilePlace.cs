using System.Runtime.CompilerServices;

namespace HyperKernels.Gpu;

/// <summary>Where a group's work lies: groups go through columns of tiles, then rows of tiles, then slices of k, then matrices.</summary>
internal struct TilePlace
{
    public int Row;
    public int Column;
    public int Slice;
    public int Matrix;

    /// <summary>For results [rows, columns].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TilePlace Of<TTile>(int rows, int columns, int slices)
        where TTile : struct, ITile<TTile> => Of(rows, columns, slices, Tile.Size<TTile>());

    /// <summary>The same for tiles of any size.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TilePlace Of(int rows, int columns, int slices, int size)
    {
        int across = (columns + size - 1) / size;
        int down = (rows + size - 1) / size;
        int line = Threads.Group / across;
        int part = line / down;
        TilePlace place = default;
        place.Column = (Threads.Group - (line * across)) * size;
        place.Row = (line - (part * down)) * size;
        place.Matrix = part / slices;
        place.Slice = part - (place.Matrix * slices);
        return place;
    }
}
