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

    // Row tiles per part at least, where there are so many, if a part reads B where it lies.
    private const int LeastRowTiles = 12;

    // Row tiles for which packing a large B before they are computed pays.
    private const int PackedFor = 30;

    // How often A may be read from beyond the second cache for the sake of a B that stays in it.
    private const int MostReadings = 8;

    // Bytes of B that a thread holds at most, however large its second cache: more was no faster.
    private const int MostHeld = 128 << 10;

    // Panels at least in a part that holds its own, and how many such parts several threads share.
    private const int LeastHeldPanels = 2;
    private const int PartsPerThread = 4;

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

    /// <summary>How the columns of B are read.</summary>
    public GemmPanels Panels;

    /// <summary>The packed columns are those of the block before.</summary>
    public bool ReusesB;

    /// <summary>How many threads share the parts.</summary>
    public int Threads;

    private int _panelsA;
    private int _panelsB;
    private int _pitchA;
    private int _tileColumns;
    private int _rowParts;
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

    /// <summary>Whether rows are too few for packing B before them.</summary>
    public static bool IsFew<TVec>(int rows)
        where TVec : struct, IVec<TVec> => CountA<TVec>(rows) <= PackedFor;

    /// <summary>
    /// How the columns of B are read. A B that the cache would not keep as it lies, or that many rows would turn again, is packed for more than a few rows: where
    /// a part of the second cache holds it in few pieces, A streams by them, else B streams by pieces of A.
    /// </summary>
    public static GemmPanels Choose<TVec>(in GemmMatrix matrix, int depths)
        where TVec : struct, IVec<TVec> =>
        IsFew<TVec>(matrix.M) || (!Spreads(matrix, matrix.N, depths) && StaysAsItLies<TVec>(matrix, depths)) ? GemmPanels.Single
        : CountB<TVec>(matrix.N) <= MostReadings * HeldPanels<TVec>(depths) ? GemmPanels.Held
        : GemmPanels.Shared;

    /// <summary>Whether lines so far apart fall into one set of the first cache, and few of the second: a multiple of 4 KiB.</summary>
    public static bool IsCrowded(nint step) => step % 1024 == 0;

    // Turned columns are turned panel by panel for rows that stay in the cache meanwhile.
    private static bool StaysAsItLies<TVec>(in GemmMatrix matrix, int depths)
        where TVec : struct, IVec<TVec> => matrix.ColumnB == 1 || CountA<TVec>(matrix.M) <= MostRowTiles<TVec>(matrix, depths, streams: false);

    // Panels of B that a quarter of the second cache holds.
    private static int HeldPanels<TVec>(int depths)
        where TVec : struct, IVec<TVec> => Math.Max(Math.Min(CacheSizes.Level2 / 4, MostHeld) / (2 * TVec.Count * sizeof(float)) / depths, 1);

    // Whether B's lines throw each other out of the first cache, or are too many for a quarter of the second.
    private static bool Spreads(in GemmMatrix matrix, int columns, int depths) =>
        depths > CrowdedDepths * Sets(matrix.DepthB) || (long)columns * depths * sizeof(float) > CacheSizes.Level2 / 4;

    // Of the first cache's 64 sets, those that lines so far apart fall into.
    private static int Sets(nint step) => step % 16 != 0 ? 64 : 64 >> Math.Min(6, BitOperations.TrailingZeroCount((nuint)step / 16));

    // Rows that stay in the second cache from one panel of B to the next: in half of it, or in an eighth beside panels that stream through it.
    private static int MostRowTiles<TVec>(in GemmMatrix matrix, int depths, bool streams)
        where TVec : struct, IVec<TVec>
    {
        int share = streams ? 8 : matrix.DepthA == 1 && IsCrowded(matrix.RowA) ? 4 : 2;
        return Math.Max(CacheSizes.Level2 / share / (GemmMicro.MaxRows<TVec>() * depths * sizeof(float)), 1);
    }

    private static int CountA<TVec>(int rows)
        where TVec : struct, IVec<TVec> => Ceiling(rows, GemmMicro.MaxRows<TVec>());

    private static int CountB<TVec>(int columns)
        where TVec : struct, IVec<TVec> => Ceiling(columns, 2 * TVec.Count);

    /// <summary>Cuts the block. However it is cut, the bits are the same.</summary>
    public void Plan<TVec>()
        where TVec : struct, IVec<TVec>
    {
        _panelsA = CountA<TVec>(Rows);
        _panelsB = CountB<TVec>(Columns);
        _pitchA = PitchA<TVec>();
        _tileColumns = 2 * TVec.Count;
        PackParts = (PackA ? Parts(_panelsA) : 0) + (Panels == GemmPanels.Shared && !ReusesB ? Parts(_panelsB) : 0);
        (_rowParts, _columnParts) = Panels == GemmPanels.Held ? HeldParts<TVec>() : FreeParts<TVec>();
        ComputeParts = _rowParts * _columnParts;
        _looksAhead = Panels == GemmPanels.Single && Matrix.ColumnB == 1 && Spreads(Matrix, Columns, Depths);
        _leavesPanels = _looksAhead && _panelsA / _rowParts > UnpackedRowTiles;
    }

    private readonly (int Rows, int Columns) FreeParts<TVec>()
        where TVec : struct, IVec<TVec>
    {
        long work = (long)GemmMicro.MaxRows<TVec>() * _tileColumns * Depths;
        long tiles = (long)_panelsA * _panelsB;
        long perPart = Math.Max(Ceiling(WorkPerPart, work), Math.Min(tiles / 32, MaxTilesPerPart));
        long most = Panels == GemmPanels.Shared ? MostRowTiles<TVec>(Matrix, Depths, streams: true)
            : Matrix.ColumnB != 1 ? _panelsA
            : Math.Min(Math.Max(perPart, LeastRowTiles), MostRowTiles<TVec>(Matrix, Depths, streams: false));
        int rowParts = Ceiling(_panelsA, most);
        return (rowParts, Ceiling(_panelsB, Math.Max(perPart / Ceiling(_panelsA, rowParts), 1)));
    }

    // As many columns as the cache holds, or fewer, so that several threads have enough to share. A thread packs for itself: no line goes from one to the other.
    private readonly (int Rows, int Columns) HeldParts<TVec>()
        where TVec : struct, IVec<TVec>
    {
        int wanted = Threads > 1 ? PartsPerThread * Threads : 1;
        int columnParts = Math.Max(Ceiling(_panelsB, HeldPanels<TVec>(Depths)), Math.Min(wanted, _panelsB / LeastHeldPanels));
        return (Math.Clamp(Ceiling(wanted, columnParts), 1, Math.Max(_panelsA / PackedFor, 1)), columnParts);
    }

    private static int Ceiling(long length, long piece) => (int)((length + piece - 1) / piece);

    private static int Parts(int panels) => Ceiling(panels, PanelsPerPack);

    // Rows are shared out evenly: two panels of 7 and 6 rows are faster than one of 12 and one of 1.
    private readonly int PanelRow(int panel) => Border(Rows, panel, _panelsA);

    private static int Border(int length, int part, int parts) => (int)((long)length * part / parts);

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
        PackPanels<TVec>(first, Math.Min(first + PanelsPerPack, _panelsB), PanelsB + ((nint)first * _tileColumns * Depths));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void PackPanels<TVec>(int first, int last, float* target)
        where TVec : struct, IVec<TVec>
    {
        int whole = first;
        if (Matrix.ColumnB == 1)
        {
            whole = Math.Min(last, Columns / _tileColumns);
            GemmPack.AlongPanels<TVec>(Matrix.B + Column + (first * _tileColumns) + (Depth * Matrix.DepthB), Matrix.DepthB, whole - first, Depths, target);
        }
        for (int panel = whole; panel < last; panel++)
        {
            PackColumns<TVec>(panel, target + ((nint)(panel - first) * _tileColumns * Depths));
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
