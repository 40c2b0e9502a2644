using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// Products with some dozens of rows whose B is stored [N, K] and large: a batch of embeddings against a generator. Computed on its side,
/// <c>Y' = B' A'</c>: B's rows are read where they lie, the small A is turned and packed, and the result is turned while it is in the
/// first cache. Packing B would move every number of it for the few rows that use it. The same bits as <see cref="GemmBlock"/>'s.
/// </summary>
internal static unsafe class GemmTurned
{
    /// <summary>Columns of Y that are computed before they are turned: whole lines of the cache, and whole register tiles at every width.</summary>
    public const int Chunk = 48;

    /// <summary>More rows than this use a packed B often enough.</summary>
    public const int MostRows = 128;

    [ThreadStatic]
    private static WorkBuffer? s_panels;

    [ThreadStatic]
    private static WorkBuffer? s_turned;

    /// <summary>Whether this way is the faster one: it turns A and Y where packing turns B, and fills registers where dot products sum lanes.</summary>
    public static bool Pays(in GemmMatrix matrix) =>
        matrix.ColumnB != 1 && matrix.DepthB == 1 && matrix.M <= MostRows && TurnsLess(matrix) && !DotsPay(matrix);

    // With many columns A is turned once for all; a B beyond the caches costs more to pack than it has numbers.
    private static bool TurnsLess(in GemmMatrix matrix) => matrix.N >= 4 * Chunk
        ? matrix.M <= 2 * Math.Max(matrix.K, 8)
        : matrix.N >= 2 * Chunk && (long)matrix.M * (matrix.K + matrix.N) <= (long)matrix.K * matrix.N;

    // Cycles for a column of Y, measured at 512 bits: about 10 and K / 24 for every dot product, K / 2 here for up to 16 rows at once.
    private static bool DotsPay(in GemmMatrix matrix) =>
        matrix.M == 1 || GemmDot.Turns(matrix) || matrix.M * (10 + (matrix.K / 24)) <= matrix.K / 2;

    /// <summary>
    /// Turns and packs A, for the thread that asks and those that help it until it packs another: its rows side by side, two vectors of
    /// them per panel; the lanes behind the last row hold zeros.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float* Pack<TVec>(in GemmMatrix matrix)
        where TVec : struct, IVec<TVec>
    {
        int width = 2 * TVec.Count;
        float* packed = (s_panels ??= new WorkBuffer()).Rent((long)Pitch<TVec>(matrix) * matrix.K);
        for (int row = 0; row < matrix.M; row += width)
        {
            int rows = Math.Min(width, matrix.M - row);
            float* target = packed + ((nint)row * matrix.K);
            if (rows < width)
            {
                new Span<float>(target, width * matrix.K).Clear();
            }
            if (matrix.DepthA == 1)
            {
                GemmPack.Turn(matrix.A + (row * matrix.RowA), matrix.RowA, rows, matrix.K, target, width);
                continue;
            }
            for (int k = 0; k < matrix.K; k++)
            {
                for (int m = 0; m < rows; m++)
                {
                    target[(k * width) + m] = matrix.A[((row + m) * matrix.RowA) + (k * matrix.DepthA)];
                }
            }
        }
        return packed;
    }

    /// <summary>Computes columns [column, column + columns) of all rows, whole depth, from the packed A.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TVec>(in GemmMatrix matrix, float* packed, int column, int columns, int depths)
        where TVec : struct, IVec<TVec>
    {
        int pitch = Pitch<TVec>(matrix);
        float* turned = (s_turned ??= new WorkBuffer()).Rent((long)pitch * Chunk);
        for (int first = column; first < column + columns; first += Chunk)
        {
            int count = Math.Min(Chunk, column + columns - first);
            float* y = matrix.Y + first;
            if (matrix.Accumulate)
            {
                GemmPack.Turn(y, matrix.RowY, matrix.M, count, turned, pitch);
            }
            for (int depth = 0; depth < matrix.K; depth += depths)
            {
                Tiles<TVec>(matrix, first, count, depth, Math.Min(depths, matrix.K - depth), packed, turned, pitch);
            }
            // A bias alone is added while it is turned: afterwards rows may be a multiple of 4 KiB apart.
            bool addsBias = matrix.Bias != null && matrix.RowBias == 0 && !matrix.BiasIsOne && matrix.Activation == ActivationKind.None;
            GemmPack.Turn(turned, pitch, count, matrix.M, y, matrix.RowY, addsBias ? matrix.Bias + first : null);
            if (matrix.HasEpilogue && !addsBias)
            {
                matrix.Finish<TVec>(0, first, matrix.M, count);
            }
        }
    }

    private static int Pitch<TVec>(in GemmMatrix matrix)
        where TVec : struct, IVec<TVec> => (matrix.M + (2 * TVec.Count) - 1) / (2 * TVec.Count) * 2 * TVec.Count;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tiles<TVec>(in GemmMatrix matrix, int column, int columns, int depth, int depths, float* packed, float* turned, int pitch)
        where TVec : struct, IVec<TVec>
    {
        GemmMicro.Operands tile = new()
        {
            RowStep = matrix.ColumnB,
            DepthStep = 1,
            BStep = 2 * TVec.Count,
            YStep = pitch,
            Depth = depths,
            Resume = depth > 0 || matrix.Accumulate,
        };
        for (int row = 0; row < matrix.M; row += 2 * TVec.Count)
        {
            // With few registers the multiplications take longer than the memory.
            bool fetches = TVec.Count == 16 && matrix.M - row > TVec.Count;
            int most = fetches ? GemmMicro.FetchingRows<TVec>() : GemmMicro.MaxRows<TVec>();
            tile.B = packed + ((nint)row * matrix.K) + ((nint)depth * 2 * TVec.Count);
            for (int first = 0; first < columns; first += most)
            {
                int count = Math.Min(most, columns - first);
                tile.A = matrix.B + ((column + first) * matrix.ColumnB) + depth;
                tile.Y = turned + ((nint)first * pitch) + row;
                if (row == 0)
                {
                    // Short streams side by side are more than the processor foresees: the lines of what comes next are asked for.
                    int start = matrix.M * first / columns;
                    Prefetch(matrix.Y + (start * matrix.RowY) + column + Chunk, matrix.RowY, (matrix.M * (first + count) / columns) - start, Chunk);
                }
                if (!fetches || count < most)
                {
                    Prefetch(tile.A + (most * matrix.ColumnB), matrix.ColumnB, row == 0 ? most : 0, depths);
                    tile.Fetch = default;
                    GemmMicro.Multiply<TVec>(count, matrix.M - row, tile);
                    continue;
                }
                // Once, not again for the other rows, and only columns that follow each other.
                tile.Fetch = new GemmMicro.Fetches
                {
                    First = tile.A + (most * matrix.ColumnB),
                    Step = GemmMicro.Fetches.Line,
                    NextStep = GemmMicro.Fetches.Line,
                    Lines = row == 0 && matrix.ColumnB == depths ? most * depths / GemmMicro.Fetches.Line : 0,
                };
                GemmMicro.Multiply<TVec>(most, matrix.M - row, tile);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Prefetch(float* start, nint step, int lines, int length)
    {
        if (!Sse.IsSupported)
        {
            return;
        }
        for (int line = 0; line < lines; line++)
        {
            for (int i = 0; i < length; i += 16)
            {
                Sse.Prefetch1(start + i);
            }
            start += step;
        }
    }
}
