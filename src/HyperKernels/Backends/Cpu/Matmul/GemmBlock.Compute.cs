using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace HyperKernels.Backends.Cpu;

// The register tiles.
internal unsafe partial struct GemmBlock
{
    [ThreadStatic]
    private static WorkBuffer? s_panel;

    /// <summary>Computes some register tiles; after the last depth with bias and activation.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Compute<TVec>(int part)
        where TVec : struct, IVec<TVec>
    {
        float* scratch = stackalloc float[12 * 2 * TVec.Count];
        float* panel = PackB ? null : (s_panel ??= new WorkBuffer()).Rent((long)_tileColumns * Depths);
        int firstA = part / _columnParts * _partRows;
        int lastA = Math.Min(firstA + _partRows, _panelsA);
        int firstB = part % _columnParts * _partColumns;
        int lastB = Math.Min(firstB + _partColumns, _panelsB);
        bool resume = Depth > 0 || Matrix.Accumulate;
        bool finish = Depth + Depths == Matrix.K && Matrix.HasEpilogue;
        GemmMicro.Operands tile = new() { Depth = Depths, Resume = resume };
        for (int panelB = firstB; panelB < lastB; panelB++)
        {
            int column = panelB * _tileColumns;
            int columns = Math.Min(_tileColumns, Columns - column);
            float* top = Matrix.Y + ((Row + PanelRow(firstA)) * Matrix.RowY) + Column + column;
            bool leaves = false;
            if (PackB)
            {
                tile.B = PanelsB + ((nint)panelB * _tileColumns * Depths);
                tile.BStep = _tileColumns;
            }
            else if (Matrix.ColumnB != 1 || columns < _tileColumns)
            {
                PackColumns<TVec>(panelB, panel);
                tile.B = panel;
                tile.BStep = _tileColumns;
            }
            else
            {
                tile.B = Matrix.B + Column + column + (Depth * Matrix.DepthB);
                tile.BStep = Matrix.DepthB;
                leaves = _leavesPanels;
            }
            for (int panelA = firstA; panelA < lastA; panelA++)
            {
                int row = PanelRow(panelA);
                int rows = PanelRow(panelA + 1) - row;
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
                PrefetchY(panelA + 1 < lastA ? y + (rows * Matrix.RowY) : top + columns, rows, columns);
                tile.Packed = leaves && panelA == firstA ? panel : null;
                LookAhead(ref tile, panelB, panelA - firstA);
                GemmMicro.Multiply<TVec>(rows, columns <= TVec.Count, tile);
                if (tile.Packed != null)
                {
                    tile.B = panel;
                    tile.BStep = _tileColumns;
                }
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

    // The next panel of B comes while the first tiles of this one are computed: a line per depth and tile, of three that a row may touch.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void LookAhead(ref GemmMicro.Operands tile, int panelB, int index)
    {
        int line = index * GemmMicro.Fetches.Line;
        if (!_looksAhead || panelB + 1 == _panelsB || line > _tileColumns)
        {
            tile.Fetch.Lines = 0;
            return;
        }
        tile.Fetch.First = PackB
            ? PanelsB + ((nint)(panelB + 1) * _tileColumns * Depths) + ((nint)line * Depths)
            : Matrix.B + Column + ((nint)(panelB + 1) * _tileColumns) + (Depth * Matrix.DepthB) + line;
        tile.Fetch.Step = PackB ? GemmMicro.Fetches.Line : Matrix.DepthB;
        tile.Fetch.NextStep = tile.Fetch.Step;
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
