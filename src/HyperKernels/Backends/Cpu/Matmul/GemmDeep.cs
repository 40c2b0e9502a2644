using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// Products of some dozens of rows and great depth, whose B is long lines that no cache holds: a gradient of generated weights against
/// the generator. B is read where it lies, once, the next lines while the last are multiplied; the depth is cut into parts for the
/// threads, and their sums are added up in order. Packing would write B before reading it for a few rows.
/// </summary>
internal unsafe struct GemmDeep : ITiles
{
    // Depths between two looks at the sums.
    private const int Chunk = 256;

    // Between rows of A; not a power of two, whose lines would share a few sets of the first cache.
    private const int RowStep = Chunk + 16;

    private const int ChunksPerPart = 8;
    private const int MostParts = 16;

    // More rows use a packed B often enough; more sums would not stay in the second cache.
    private const int FewestRows = 7;
    private const int MostRows = 64;
    private const int MostSums = 16 << 10;

    /// <summary>
    /// A B of fewer bytes stays in the second cache, as a rule. A fixed number, measured where that cache has half of it, and not this machine's: the cut orders the sums,
    /// and their bits are to be the same on every machine of one vector width.
    /// </summary>
    public const long HeldBytes = 4 << 20;

    // Fewer columns do not repay the copies of A's rows.
    private const int FewestColumns = 128;

    [ThreadStatic]
    private static WorkBuffer? s_rows;

    [ThreadStatic]
    private static WorkBuffer? s_sums;

    private GemmMatrix _matrix;
    private float* _sums;
    private int _parts;

    /// <summary>Whether this way is the fastest.</summary>
    public static bool Pays<TVec>(in GemmMatrix matrix)
        where TVec : struct, IVec<TVec> =>
        matrix.M is >= FewestRows and <= MostRows
        && matrix.ColumnB == 1 && matrix.DepthB == matrix.N && matrix.DepthA == 1
        && matrix.N >= FewestColumns && matrix.N % (2 * TVec.Count) == 0
        && (long)matrix.M * matrix.N <= MostSums
        && (long)matrix.K * matrix.N * sizeof(float) > HeldBytes
        && matrix.K >= Chunk;

    /// <summary>Computes the product; the cut depends on its sizes only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TVec>(in GemmMatrix matrix, ForkJoin threads, int vectorWidth)
        where TVec : struct, IVec<TVec>
    {
        GemmDeep deep = new() { _matrix = matrix, _parts = Math.Clamp(matrix.K / (Chunk * ChunksPerPart), 1, MostParts) };
        deep._sums = (s_sums ??= new WorkBuffer()).Rent((long)deep._parts * PartSums<TVec>(matrix));
        threads.For(vectorWidth, deep._parts, ref deep);
        for (int row = 0; row < matrix.M; row++)
        {
            deep.AddUp<TVec>(row);
        }
        if (matrix.HasEpilogue)
        {
            matrix.Finish<TVec>(0, 0, matrix.M, matrix.N);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<TVec>(int tile)
        where TVec : struct, IVec<TVec>
    {
        float* rows = (s_rows ??= new WorkBuffer()).Rent((long)RowsInTiles<TVec>(_matrix) * RowStep);
        float* sums = _sums + (tile * PartSums<TVec>(_matrix));
        int start = (int)((long)_matrix.K * tile / _parts);
        int end = (int)((long)_matrix.K * (tile + 1) / _parts);
        for (int depth = start; depth < end; depth += Chunk)
        {
            Multiply<TVec>(depth, Math.Min(Chunk, end - depth), depth > start, rows, sums);
        }
    }

    private static int RowsInTiles<TVec>(in GemmMatrix matrix)
        where TVec : struct, IVec<TVec>
    {
        int height = GemmMicro.FetchingRows<TVec>();
        return (matrix.M + height - 1) / height * height;
    }

    private static nint PartSums<TVec>(in GemmMatrix matrix)
        where TVec : struct, IVec<TVec> => (nint)RowsInTiles<TVec>(matrix) * matrix.N;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Multiply<TVec>(int depth, int depths, bool resume, float* rows, float* sums)
        where TVec : struct, IVec<TVec>
    {
        int width = 2 * TVec.Count;
        int height = GemmMicro.FetchingRows<TVec>();
        for (int row = 0; row < _matrix.M; row++)
        {
            // Rows behind the last hold what an earlier product left; nobody reads their sums.
            new Span<float>(_matrix.A + (row * _matrix.RowA) + depth, depths).CopyTo(new Span<float>(rows + ((nint)row * RowStep), depths));
        }
        float* b = _matrix.B + (depth * _matrix.DepthB);
        GemmMicro.Operands tile = new() { RowStep = RowStep, DepthStep = 1, BStep = _matrix.DepthB, YStep = _matrix.N, Depth = depths, Resume = resume };
        for (int column = 0; column < _matrix.N; column += width)
        {
            tile.B = b + column;
            for (int row = 0; row < _matrix.M; row += height)
            {
                tile.A = rows + ((nint)row * RowStep);
                tile.Y = sums + ((nint)row * _matrix.N) + column;
                // Each tile of rows fetches its share of these columns for the next chunk.
                int first = (int)((long)depths * row / _matrix.M);
                int last = (int)((long)depths * Math.Min(row + height, _matrix.M) / _matrix.M);
                tile.Fetch = new GemmMicro.Fetches
                {
                    First = tile.B + ((depths + first) * _matrix.DepthB),
                    Lines = 2 * (last - first),
                };
                tile.Fetch.InPairs(_matrix.DepthB);
                GemmMicro.Multiply<TVec>(height, width, tile);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void AddUp<TVec>(int row)
        where TVec : struct, IVec<TVec>
    {
        nint step = PartSums<TVec>(_matrix);
        float* sums = _sums + ((nint)row * _matrix.N);
        float* y = _matrix.Y + (row * _matrix.RowY);
        for (int n = 0; n < _matrix.N; n += TVec.Count)
        {
            TVec sum = TVec.Load(sums + n);
            for (int part = 1; part < _parts; part++)
            {
                sum += TVec.Load(sums + (part * step) + n);
            }
            (_matrix.Accumulate ? sum + TVec.Load(y + n) : sum).Store(y + n);
        }
    }
}
