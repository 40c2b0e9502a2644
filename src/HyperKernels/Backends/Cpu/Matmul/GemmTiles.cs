using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>Products that one thread computes from start to end, or cuts of thin ones: everything but large blocks.</summary>
internal unsafe struct GemmTiles : ITiles
{
    // The least work of a tile, in floats moved or vectors multiplied: some microseconds.
    private const long CostPerTile = 32 << 10;

    // Up to this depth the result is larger than the work, so that writing it is what takes the time.
    private const int ShallowDepth = 8;
    private const int ThinRows = 6;

    // Of many matrices of a page or less that one row passes over, a processor asks for none before it is needed. Asking early costs more than it gains
    // where they lie in a near cache.
    private const int PageFloats = 1024;
    private const long FarCaches = 8;

    // Up to this many multiply-adds a product of a batch is left to one thread.
    private const long OwnThreadWork = 4 << 20;

    private const int ColumnStep = 64;

    [ThreadStatic]
    private static WorkBuffer? s_rows;

    public GemmBatch Batch;
    private Way _way;
    private int _matricesPerTile;
    private bool _asksAhead;
    private int _rowParts;
    private int _columnParts;

    // The turned and packed A of all tiles; null if every matrix has its own.
    private float* _turned;

    private enum Way
    {
        Empty,
        Thin,
        Dot,
        Turned,
        Blocks,
    }

    /// <summary>Chooses the way and the cut from the sizes; false when the product is better shared block by block.</summary>
    public bool Plan<TVec>(out int tiles)
        where TVec : struct, IVec<TVec>
    {
        GemmMatrix matrix = Batch.First;
        bool linesOfB = matrix.ColumnB == 1;
        _way = matrix.K == 0 ? Way.Empty
            : linesOfB && (matrix.M <= ThinRows || matrix.K <= ShallowDepth) ? Way.Thin
            : GemmTurned.Pays(matrix) ? Way.Turned
            : !linesOfB && matrix.M <= GemmDot.MostRows ? Way.Dot
            : Way.Blocks;
        long work = (long)matrix.M * matrix.N * Math.Max(matrix.K, 1);
        long cost = Math.Max(work / TVec.Count, ((long)matrix.K + matrix.M) * matrix.N);
        _rowParts = 1;
        _columnParts = 1;
        _matricesPerTile = (int)Math.Clamp(CostPerTile / cost, 1, Batch.Count);
        if (_way == Way.Blocks && (Batch.Count == 1 || work > OwnThreadWork))
        {
            tiles = 0;
            return false;
        }
        _asksAhead = _way == Way.Thin && matrix.M == 1 && matrix.DepthB == matrix.N && (long)matrix.K * matrix.N <= PageFloats
            && Batch.StrideB != 0 && (long)Batch.Count * matrix.K * matrix.N * sizeof(float) > FarCaches * CacheSizes.Level2;
        long parts = cost / CostPerTile;
        if (_way == Way.Thin && matrix.M >= 64)
        {
            _rowParts = (int)Math.Clamp(parts, 1, matrix.M / 16);
        }
        else if (_way is Way.Thin or Way.Dot)
        {
            _columnParts = (int)Math.Clamp(parts, 1, Math.Max(matrix.N / (2 * ColumnStep), 1));
        }
        else if (_way == Way.Turned)
        {
            // Each part of a matrix with an A of its own packs it once more.
            bool shares = Batch.Count == 1 || Batch.StrideA == 0;
            _columnParts = (int)Math.Clamp(parts, 1, Math.Max(matrix.N / ((shares ? 1 : 8) * GemmTurned.Chunk), 1));
            _turned = shares ? GemmTurned.Pack<TVec>(matrix) : null;
        }
        tiles = (Batch.Count + _matricesPerTile - 1) / _matricesPerTile * _rowParts * _columnParts;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<TVec>(int tile)
        where TVec : struct, IVec<TVec>
    {
        int parts = _rowParts * _columnParts;
        int first = tile / parts * _matricesPerTile;
        int last = Math.Min(first + _matricesPerTile, Batch.Count);
        for (int index = first; index < last; index++)
        {
            GemmMatrix matrix = Batch[index];
            if (_asksAhead && index + 1 < last)
            {
                CpuBackend.Prefetch(Batch[index + 1].B, matrix.K * matrix.N, PageFloats);
            }
            switch (_way)
            {
                case Way.Empty:
                    matrix.FinishEmpty<TVec>();
                    break;
                case Way.Thin:
                    int row = Cut(matrix.M, _rowParts, tile % parts % _rowParts, 1);
                    int rowEnd = Cut(matrix.M, _rowParts, (tile % parts % _rowParts) + 1, 1);
                    int column = Cut(matrix.N, _columnParts, tile % parts / _rowParts, ColumnStep);
                    int columnEnd = Cut(matrix.N, _columnParts, (tile % parts / _rowParts) + 1, ColumnStep);
                    GemmThin.Multiply<TVec>(matrix, row, rowEnd - row, column, columnEnd - column);
                    break;
                case Way.Dot:
                    int start = Cut(matrix.N, _columnParts, tile % parts, ColumnStep);
                    int end = Cut(matrix.N, _columnParts, (tile % parts) + 1, ColumnStep);
                    MakeRowsContiguous(ref matrix);
                    GemmDot.Multiply<TVec>(matrix, start, end - start);
                    break;
                case Way.Turned:
                    int from = Cut(matrix.N, _columnParts, tile % parts, GemmTurned.Chunk);
                    int to = Cut(matrix.N, _columnParts, (tile % parts) + 1, GemmTurned.Chunk);
                    float* packed = _turned != null ? _turned : GemmTurned.Pack<TVec>(matrix);
                    GemmTurned.Multiply<TVec>(matrix, packed, from, to - from, GemmSolver.Depths<TVec>(matrix.K));
                    break;
                default:
                    GemmSolver.Solve<TVec>(matrix, null, 0);
                    break;
            }
        }
    }

    private static int Cut(int length, int parts, int index, int step) =>
        index == parts ? length : (int)((long)length * index / parts / step * step);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MakeRowsContiguous(ref GemmMatrix matrix)
    {
        if (matrix.DepthA == 1)
        {
            return;
        }
        float* rows = (s_rows ??= new WorkBuffer()).Rent((long)matrix.M * matrix.K);
        for (int m = 0; m < matrix.M; m++)
        {
            for (int k = 0; k < matrix.K; k++)
            {
                rows[((nint)m * matrix.K) + k] = matrix.A[(m * matrix.RowA) + (k * matrix.DepthA)];
            }
        }
        matrix.A = rows;
        matrix.RowA = matrix.K;
        matrix.DepthA = 1;
    }
}
