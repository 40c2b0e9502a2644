using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// A block of one product: rows [Row, Row + Rows), columns [Column, Column + Columns), depths [Depth, Depth + Depths), cut into
/// register tiles. First the panels that need it are packed (<see cref="Pack"/>), then the tiles are computed (<see cref="Compute"/>);
/// both are cut into independent parts.
/// </summary>
internal unsafe struct GemmBlock
{
    // Panels per part of the packing: small enough to share out, large enough to be worth a part.
    private const int PanelsPerPack = 4;

    // A part of the computation is worth about this many multiply-adds at least (some microseconds).
    private const long WorkPerPart = 128 << 10;
    private const int MaxTilesPerPart = 64;

    public GemmMatrix Matrix;
    public float* PanelsA;
    public float* PanelsB;
    public int Row;
    public int Rows;
    public int Column;
    public int Columns;
    public int Depth;
    public int Depths;
    public bool PackA;
    public bool PackB;

    /// <summary>The packed rows are those of the block before.</summary>
    public bool KeepB;

    private int _panelsA;
    private int _panelsB;
    private int _pitchA;
    private int _tileColumns;
    private int _partRows;
    private int _partColumns;

    public int PackParts { get; private set; }

    public int ComputeParts { get; private set; }

    public static int PitchA<TVec>()
        where TVec : struct, IVec<TVec> => (GemmMicro.MaxRows<TVec>() + 3) & ~3;

    /// <summary>Floats for the packed rows.</summary>
    public static long LengthA<TVec>(int rows, int depths)
        where TVec : struct, IVec<TVec> => (long)CountA<TVec>(rows) * PitchA<TVec>() * depths;

    /// <summary>Floats for the packed columns, or for the last panel alone.</summary>
    public static long LengthB<TVec>(int columns, int depths, bool all)
        where TVec : struct, IVec<TVec> => (all ? CountB<TVec>(columns) : 1L) * 2 * TVec.Count * depths;

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
        int packB = KeepB ? 0 : PackB ? Parts(_panelsB) : Columns % _tileColumns != 0 ? 1 : 0;
        PackParts = packB + (PackA ? Parts(_panelsA) : 0);
        long work = (long)GemmMicro.MaxRows<TVec>() * _tileColumns * Depths;
        long tiles = (long)_panelsA * _panelsB;
        long perPart = Math.Max((WorkPerPart + work - 1) / work, Math.Min(tiles / 32, MaxTilesPerPart));
        _partColumns = (int)Math.Clamp(perPart / 6, 1, _panelsB);
        _partRows = (int)Math.Clamp(perPart / _partColumns, 1, _panelsA);
        ComputeParts = RowParts * ((_panelsB + _partColumns - 1) / _partColumns);
    }

    private readonly int RowParts => (_panelsA + _partRows - 1) / _partRows;

    private static int Parts(int panels) => (panels + PanelsPerPack - 1) / PanelsPerPack;

    // Rows are shared out evenly: two panels of 7 and 6 rows are faster than one of 12 and one of 1.
    private readonly int PanelRow(int panel) => (int)((long)Rows * panel / _panelsA);

    /// <summary>Packs some panels.</summary>
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
        int first = PackB ? (part - partsA) * PanelsPerPack : _panelsB - 1;
        int last = PackB ? Math.Min(first + PanelsPerPack, _panelsB) : _panelsB;
        if (Matrix.ColumnB == 1 && PackB)
        {
            int whole = Math.Min(last, Columns / _tileColumns);
            float* source = Matrix.B + Column + (first * _tileColumns) + (Depth * Matrix.DepthB);
            float* target = PanelsB + ((nint)first * _tileColumns * Depths);
            GemmPack.AlongPanels<TVec>(source, Matrix.DepthB, whole - first, Depths, target);
            first = whole;
        }
        for (int panel = first; panel < last; panel++)
        {
            PackColumns<TVec>(panel);
        }
    }

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

    private readonly void PackColumns<TVec>(int panel)
        where TVec : struct, IVec<TVec>
    {
        int column = panel * _tileColumns;
        int columns = Math.Min(_tileColumns, Columns - column);
        float* source = Matrix.B + ((Column + column) * Matrix.ColumnB) + (Depth * Matrix.DepthB);
        float* target = PackB ? PanelsB + ((nint)panel * _tileColumns * Depths) : PanelsB;
        if (Matrix.ColumnB == 1)
        {
            GemmPack.Along<TVec>(source, Matrix.DepthB, columns, Depths, target, _tileColumns);
        }
        else
        {
            GemmPack.Across(source, Matrix.ColumnB, columns, Depths, target, _tileColumns);
        }
    }

    /// <summary>Computes some register tiles; after the last depth with bias and activation.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Compute<TVec>(int part)
        where TVec : struct, IVec<TVec>
    {
        float* scratch = stackalloc float[12 * 2 * TVec.Count];
        int firstA = part % RowParts * _partRows;
        int lastA = Math.Min(firstA + _partRows, _panelsA);
        int firstB = part / RowParts * _partColumns;
        int lastB = Math.Min(firstB + _partColumns, _panelsB);
        bool resume = Depth > 0 || Matrix.Accumulate;
        bool finish = Depth + Depths == Matrix.K && Matrix.HasEpilogue;
        GemmMicro.Operands tile = new() { Depth = Depths, Resume = resume };
        for (int panelB = firstB; panelB < lastB; panelB++)
        {
            int column = panelB * _tileColumns;
            int columns = Math.Min(_tileColumns, Columns - column);
            bool packed = PackB || columns < _tileColumns;
            float* b = PackB ? PanelsB + ((nint)panelB * _tileColumns * Depths)
                : packed ? PanelsB
                : Matrix.B + Column + column + (Depth * Matrix.DepthB);
            tile.BStep = packed ? _tileColumns : Matrix.DepthB;
            for (int panelA = firstA; panelA < lastA; panelA++)
            {
                int row = PanelRow(panelA);
                int rows = PanelRow(panelA + 1) - row;
                tile.B = b;
                tile.A = PackA ? PanelsA + ((nint)panelA * _pitchA * Depths)
                    : Matrix.A + ((Row + row) * Matrix.RowA) + (Depth * Matrix.DepthA);
                tile.RowStep = PackA ? 1 : Matrix.RowA;
                tile.DepthStep = PackA ? _pitchA : Matrix.DepthA;
                float* y = Matrix.Y + ((Row + row) * Matrix.RowY) + Column + column;
                bool ragged = columns != _tileColumns && columns != TVec.Count;
                tile.Y = ragged ? scratch : y;
                tile.YStep = ragged ? _tileColumns : Matrix.RowY;
                if (ragged && resume)
                {
                    Copy<TVec>(y, Matrix.RowY, scratch, _tileColumns, rows, columns);
                }
                Prefetch(y + (rows * Matrix.RowY), panelA + 1 < lastA ? rows : 0, Matrix.RowY, columns);
                GemmMicro.Multiply<TVec>(rows, columns <= TVec.Count, tile);
                if (ragged)
                {
                    Copy<TVec>(scratch, _tileColumns, y, Matrix.RowY, rows, columns);
                }
                if (finish)
                {
                    Matrix.Finish<TVec>(Row + row, Column + column, rows, columns);
                }
            }
        }
    }

    // The next tile's Y comes to the second cache while this one is computed; the first may be too narrow for rows a power of 2 apart.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(float* y, int rows, nint step, int columns)
    {
        if (!Sse.IsSupported)
        {
            return;
        }
        for (int row = 0; row < rows; row++)
        {
            Sse.Prefetch1(y);
            Sse.Prefetch1(y + columns - 1);
            y += step;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Copy<TVec>(float* source, nint sourceStep, float* target, nint targetStep, int rows, int columns)
        where TVec : struct, IVec<TVec>
    {
        for (int row = 0; row < rows; row++)
        {
            int n = 0;
            for (; n <= columns - TVec.Count; n += TVec.Count)
            {
                TVec.Load(source + n).Store(target + n);
            }
            if (n < columns)
            {
                TVec.LoadPartial(source + n, columns - n).StorePartial(target + n, columns - n);
            }
            source += sourceStep;
            target += targetStep;
        }
    }
}
