using System.Numerics;
using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// A block of one product: rows [Row, Row + Rows), columns [Column, Column + Columns), depths [Depth, Depth + Depths), cut into
/// register tiles. First the panels that need it are packed (<see cref="Pack"/>), then the tiles are computed (<see cref="Compute"/>);
/// both are cut into independent parts.
/// </summary>
internal unsafe partial struct GemmBlock
{
    // Panels per part of the packing: small enough to share out, large enough to be worth a part.
    private const int PanelsPerPack = 4;

    // A part of the computation is worth about this many multiply-adds at least (a microsecond or more).
    private const long WorkPerPart = 128 << 10;
    private const int MaxTilesPerPart = 64;

    // Row tiles per part at least, where there are so many: each part packs the panels of B it reads.
    private const int LeastRowTiles = 12;

    // Parts over the rows up to which that is cheaper than packing B for all of them, which costs a pass of its own.
    private const int OwnPackings = 10;

    // Row tiles that read lines of B where they lie before packing them pays.
    private const int UnpackedRowTiles = 2;

    // Depths, for each set of the first cache that lines of B fall into, from which on they throw each other out.
    private const int CrowdedDepths = 24;

    public GemmMatrix Matrix;
    public float* PanelsA;
    public float* PanelsB;
    public int Row;
    public int Rows;
    public int Column;
    public int Columns;
    public int Depth;
    public int Depths;

    /// <summary>Whether all of A's panels are packed before the tiles are computed; else its rows are read where they lie.</summary>
    public bool PackA;

    /// <summary>Whether all of B's panels are; else a part packs those that pay, one after the other.</summary>
    public bool PackB;

    /// <summary>The packed columns are those of the block before.</summary>
    public bool KeepB;

    private int _panelsA;
    private int _panelsB;
    private int _pitchA;
    private int _tileColumns;
    private int _partRows;
    private int _partColumns;
    private int _columnParts;
    private bool _leavesPanels;
    private bool _looksAhead;

    public int PackParts { get; private set; }

    public int ComputeParts { get; private set; }

    public static int PitchA<TVec>()
        where TVec : struct, IVec<TVec> => (GemmMicro.MaxRows<TVec>() + 3) & ~3;

    /// <summary>Floats for the packed rows.</summary>
    public static long LengthA<TVec>(int rows, int depths)
        where TVec : struct, IVec<TVec> => (long)CountA<TVec>(rows) * PitchA<TVec>() * depths;

    /// <summary>Floats for the packed columns.</summary>
    public static long LengthB<TVec>(int columns, int depths)
        where TVec : struct, IVec<TVec> => (long)CountB<TVec>(columns) * 2 * TVec.Count * depths;

    /// <summary>
    /// Whether packing all of B at once pays. Where its rows are contiguous a part copies a panel while it computes the first tile, almost for
    /// nothing; turning columns is work, and crowded lines are gone from the cache before they are copied.
    /// </summary>
    public static bool SharesPanels<TVec>(in GemmMatrix matrix, int depths)
        where TVec : struct, IVec<TVec> =>
        CountA<TVec>(matrix.M) > (matrix.ColumnB == 1 && !IsCrowded(matrix.DepthB) ? OwnPackings : 1) * MostRowTiles<TVec>(matrix, depths);

    /// <summary>Whether lines so far apart fall into one set of the first cache, and few of the second: a multiple of 4 KiB.</summary>
    public static bool IsCrowded(nint step) => step % 1024 == 0;

    // Of the first cache's 64 sets, those that lines so far apart fall into.
    private static int Sets(nint step) => step % 16 != 0 ? 64 : 64 >> Math.Min(6, BitOperations.TrailingZeroCount((nuint)step / 16));

    // Rows that stay in half of the second cache from one panel of B to the next, and from one part to the next.
    private static int MostRowTiles<TVec>(in GemmMatrix matrix, int depths)
        where TVec : struct, IVec<TVec>
    {
        int bytes = CacheSizes.Level2 / (matrix.DepthA == 1 && IsCrowded(matrix.RowA) ? 4 : 2);
        return Math.Max(bytes / (GemmMicro.MaxRows<TVec>() * depths * sizeof(float)), 1);
    }

    private static int CountA<TVec>(int rows)
        where TVec : struct, IVec<TVec> => (rows + GemmMicro.MaxRows<TVec>() - 1) / GemmMicro.MaxRows<TVec>();

    private static int CountB<TVec>(int columns)
        where TVec : struct, IVec<TVec> => (int)(((long)columns + (2 * TVec.Count) - 1) / (2 * TVec.Count));

    /// <summary>Cuts the block; the cut depends on its sizes only.</summary>
    public void Plan<TVec>()
        where TVec : struct, IVec<TVec>
    {
        _panelsA = CountA<TVec>(Rows);
        _panelsB = CountB<TVec>(Columns);
        _pitchA = PitchA<TVec>();
        _tileColumns = 2 * TVec.Count;
        PackParts = (PackA ? Parts(_panelsA) : 0) + (PackB && !KeepB ? Parts(_panelsB) : 0);
        long work = (long)GemmMicro.MaxRows<TVec>() * _tileColumns * Depths;
        long tiles = (long)_panelsA * _panelsB;
        long perPart = Math.Max((WorkPerPart + work - 1) / work, Math.Min(tiles / 32, MaxTilesPerPart));
        bool turnsPanels = Matrix.ColumnB != 1 && !PackB;
        long most = turnsPanels ? _panelsA : Math.Min(Math.Max(perPart, LeastRowTiles), MostRowTiles<TVec>(Matrix, Depths));
        int rowParts = (int)((_panelsA + most - 1) / most);
        _partRows = (_panelsA + rowParts - 1) / rowParts;
        _partColumns = (int)Math.Clamp(perPart / _partRows, 1, _panelsB);
        _columnParts = (_panelsB + _partColumns - 1) / _partColumns;
        ComputeParts = (_panelsA + _partRows - 1) / _partRows * _columnParts;
        bool crowded = Depths > CrowdedDepths * Sets(Matrix.DepthB);
        bool large = (long)Columns * Depths * sizeof(float) > CacheSizes.Level2 / 4;
        _leavesPanels = Matrix.ColumnB == 1 && _partRows > UnpackedRowTiles && (crowded || large);
        _looksAhead = !turnsPanels && (crowded || large);
    }

    private static int Parts(int panels) => (panels + PanelsPerPack - 1) / PanelsPerPack;

    // Rows are shared out evenly: two panels of 7 and 6 rows are faster than one of 12 and one of 1.
    private readonly int PanelRow(int panel) => (int)((long)Rows * panel / _panelsA);

    /// <summary>Packs some panels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Pack<TVec>(int part)
        where TVec : struct, IVec<TVec>
    {
        int partsA = PackA ? Parts(_panelsA) : 0;
        if (part < partsA)
        {
            int end = Math.Min((part + 1) * PanelsPerPack, _panelsA);
            for (int panel = part * PanelsPerPack; panel < end; panel++)
            {
                PackRows<TVec>(panel);
            }
            return;
        }
        int first = (part - partsA) * PanelsPerPack;
        int last = Math.Min(first + PanelsPerPack, _panelsB);
        if (Matrix.ColumnB == 1)
        {
            int whole = Math.Min(last, Columns / _tileColumns);
            float* source = Matrix.B + Column + (first * _tileColumns) + (Depth * Matrix.DepthB);
            float* target = PanelsB + ((nint)first * _tileColumns * Depths);
            GemmPack.AlongPanels<TVec>(source, Matrix.DepthB, whole - first, Depths, target);
            first = whole;
        }
        for (int panel = first; panel < last; panel++)
        {
            PackColumns<TVec>(panel, PanelsB + ((nint)panel * _tileColumns * Depths));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void PackRows<TVec>(int panel)
        where TVec : struct, IVec<TVec>
    {
        int row = PanelRow(panel);
        int rows = PanelRow(panel + 1) - row;
        float* source = Matrix.A + ((Row + row) * Matrix.RowA) + (Depth * Matrix.DepthA);
        float* target = PanelsA + ((nint)panel * _pitchA * Depths);
        if (Matrix.DepthA == 1)
        {
            GemmPack.Across(source, Matrix.RowA, rows, Depths, target, _pitchA);
        }
        else
        {
            GemmPack.Along<TVec>(source, Matrix.DepthA, rows, Depths, target, _pitchA);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void PackColumns<TVec>(int panel, float* target)
        where TVec : struct, IVec<TVec>
    {
        int column = panel * _tileColumns;
        int columns = Math.Min(_tileColumns, Columns - column);
        float* source = Matrix.B + ((Column + column) * Matrix.ColumnB) + (Depth * Matrix.DepthB);
        if (Matrix.ColumnB == 1)
        {
            GemmPack.Along<TVec>(source, Matrix.DepthB, columns, Depths, target, _tileColumns);
        }
        else
        {
            GemmPack.Across(source, Matrix.ColumnB, columns, Depths, target, _tileColumns);
        }
    }
}
