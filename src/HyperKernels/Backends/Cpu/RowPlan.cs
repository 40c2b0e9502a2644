namespace HyperKernels.Backends.Cpu;

/// <summary>Cuts an elementwise op into tiles: several short rows each, or one piece of a long row.</summary>
internal readonly struct RowPlan
{
    private readonly long _rows;
    private readonly int _rowsPerTile;
    private readonly int _piece;
    private readonly int _pieces;

    public RowPlan(in Broadcast sizes, int tileElements)
        : this(sizes.Count, sizes.Sizes[sizes.Rank - 1], tileElements)
    {
    }

    public RowPlan(long count, int inner, int tileElements)
    {
        Inner = inner;
        _rows = inner == 0 ? 0 : count / inner;
        _piece = Math.Max(1, Math.Min(inner, tileElements));
        _pieces = (inner + _piece - 1) / _piece;
        _rowsPerTile = Math.Max(1, tileElements / Math.Max(1, inner));
        Tiles = checked((int)((_rows + _rowsPerTile - 1) / _rowsPerTile * _pieces));
    }

    /// <summary>Elements of a row.</summary>
    public int Inner { get; }

    public int Tiles { get; }

    /// <summary>The rows of a tile, and the elements of each of them.</summary>
    public (long FirstRow, long LastRow, int Start, int End) Range(int tile)
    {
        long first = (long)(tile / _pieces) * _rowsPerTile;
        int start = tile % _pieces * _piece;
        return (first, Math.Min(_rows, first + _rowsPerTile), start, Math.Min(Inner, start + _piece));
    }
}
