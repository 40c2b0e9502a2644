using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace HyperKernels.Backends.Cpu;

// The register tiles.
internal unsafe partial struct GemmBlock
{
    [ThreadStatic]
    private static WorkBuffer? s_panels;

    /// <summary>Computes some register tiles; after the last depth with bias and activation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Compute<TVec>(int part)
        where TVec : struct, IVec<TVec>
    {
        int rowPart = part / _columnParts;
        int columnPart = part % _columnParts;
        int firstA = Border(_panelsA, rowPart, _rowParts);
        int lastA = Border(_panelsA, rowPart + 1, _rowParts);
        int firstB = Border(_panelsB, columnPart, _columnParts);
        int lastB = Border(_panelsB, columnPart + 1, _columnParts);
        if (Panels == GemmPanels.Held)
        {
            HoldColumns<TVec>(firstA, lastA, firstB, lastB);
        }
        else
        {
            HoldRows<TVec>(firstA, lastA, firstB, lastB);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void HoldColumns<TVec>(int firstA, int lastA, int firstB, int lastB)
        where TVec : struct, IVec<TVec>
    {
        nint panelLength = (nint)_tileColumns * Depths;
        float* panels = (s_panels ??= new WorkBuffer()).Rent((lastB - firstB) * panelLength);
        PackPanels<TVec>(firstB, lastB, panels);
        GemmMicro.Operands tile = NewTile();
        for (int panelA = firstA; panelA < lastA; panelA++)
        {
            int row = PanelRow(panelA);
            int nextRow = PanelRow(panelA + 1);
            for (int panelB = firstB; panelB < lastB; panelB++)
            {
                // Y's lines are not asked for: a line that another core wrote would come twice, to be read and to be written.
                tile.B = panels + ((panelB - firstB) * panelLength);
                Multiply<TVec>(ref tile, panelA, panelB, row, nextRow - row);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void HoldRows<TVec>(int firstA, int lastA, int firstB, int lastB)
        where TVec : struct, IVec<TVec>
    {
        bool packed = Panels == GemmPanels.Shared;
        float* panel = packed ? null : (s_panels ??= new WorkBuffer()).Rent((long)_tileColumns * Depths);
        GemmMicro.Operands tile = NewTile();
        for (int panelB = firstB; panelB < lastB; panelB++)
        {
            int column = panelB * _tileColumns;
            int columns = Math.Min(_tileColumns, Columns - column);
            tile.B = packed ? PanelsB + ((nint)panelB * _tileColumns * Depths) : panel;
            tile.BStep = _tileColumns;
            bool lies = !packed && Matrix.ColumnB == 1 && columns == _tileColumns;
            if (lies)
            {
                tile.B = Matrix.B + Column + column + (Depth * Matrix.DepthB);
                tile.BStep = Matrix.DepthB;
            }
            else if (!packed)
            {
                PackColumns<TVec>(panelB, panel);
            }
            int firstRow = PanelRow(firstA);
            int row = firstRow;
            for (int panelA = firstA; panelA < lastA; panelA++)
            {
                int nextRow = PanelRow(panelA + 1);
                PrefetchY(panelA + 1 < lastA ? Y(nextRow, panelB) : Y(firstRow, panelB) + columns, nextRow - row, columns);
                tile.Packed = lies && _leavesPanels && panelA == firstA ? panel : null;
                LookAhead(ref tile, panelB, panelA - firstA);
                Multiply<TVec>(ref tile, panelA, panelB, row, nextRow - row);
                if (tile.Packed != null)
                {
                    tile.B = panel;
                    tile.BStep = _tileColumns;
                }
                row = nextRow;
            }
        }
    }

    private readonly float* Y(int row, int panelB) => Matrix.Y + ((Row + row) * Matrix.RowY) + Column + ((nint)panelB * _tileColumns);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Multiply<TVec>(ref GemmMicro.Operands tile, int panelA, int panelB, int row, int rows)
        where TVec : struct, IVec<TVec>
    {
        int column = panelB * _tileColumns;
        int columns = Math.Min(_tileColumns, Columns - column);
        tile.A = PackA ? PanelsA + ((nint)panelA * _pitchA * Depths) : Matrix.A + ((Row + row) * Matrix.RowA) + (Depth * Matrix.DepthA);
        tile.Y = Y(row, panelB);
        if (columns == GemmMicro.WholeVectors<TVec>(columns))
        {
            GemmMicro.Multiply<TVec>(rows, columns, tile);
        }
        else
        {
            MultiplyRagged<TVec>(rows, columns, tile);
        }
        if (Depth + Depths == Matrix.K && Matrix.HasEpilogue)
        {
            Matrix.Finish<TVec>(Row + row, Column + column, rows, columns);
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void MultiplyRagged<TVec>(int rows, int columns, GemmMicro.Operands tile)
        where TVec : struct, IVec<TVec>
    {
        float* y = tile.Y;
        float* scratch = stackalloc float[12 * 2 * TVec.Count];
        tile.Y = scratch;
        tile.YStep = _tileColumns;
        if (tile.Resume)
        {
            Copy<TVec>(y, Matrix.RowY, scratch, _tileColumns, rows, columns);
        }
        GemmMicro.Multiply<TVec>(rows, columns, tile);
        Copy<TVec>(scratch, _tileColumns, y, Matrix.RowY, rows, columns);
    }

    private readonly GemmMicro.Operands NewTile() => new()
    {
        RowStep = PackA ? 1 : Matrix.RowA,
        DepthStep = PackA ? _pitchA : Matrix.DepthA,
        BStep = _tileColumns,
        YStep = Matrix.RowY,
        Depth = Depths,
        Resume = Depth > 0 || Matrix.Accumulate,
    };

    // The next panel of a B that is not packed comes while the first tiles of this one are computed: a line per depth and tile, of three that a row may touch.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void LookAhead(ref GemmMicro.Operands tile, int panelB, int index)
    {
        int line = index * GemmMicro.Fetches.Line;
        if (!_looksAhead || panelB + 1 == _panelsB || line > _tileColumns)
        {
            tile.Fetch.Lines = 0;
            return;
        }
        tile.Fetch.First = Matrix.B + Column + ((nint)(panelB + 1) * _tileColumns) + (Depth * Matrix.DepthB) + line;
        tile.Fetch.Step = Matrix.DepthB;
        tile.Fetch.NextStep = Matrix.DepthB;
        tile.Fetch.Lines = Depths;
    }

    // The next tile's Y comes to the second cache while this one is computed; the first may be too narrow for rows a power of 2 apart.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void PrefetchY(float* y, int rows, int columns)
    {
        if (!Sse.IsSupported)
        {
            return;
        }
        for (int row = 0; row < rows; row++)
        {
            Sse.Prefetch1(y);
            Sse.Prefetch1(y + columns - 1);
            y += Matrix.RowY;
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
