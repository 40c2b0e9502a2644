namespace HyperKernels.Backends.Cpu;

/// <summary>
/// One product by blocks: depths that keep a panel of B in the first cache, rows and columns that bound the memory of the packed
/// panels.
/// </summary>
internal static unsafe class GemmSolver
{
    // Packed panels take at most this much memory each, in floats.
    private const int MaxPacked = 1 << 20;

    // Rows that read a line of B again before packing it pays, where its lines crowd one set.
    private const int AliasedRows = 24;

    [ThreadStatic]
    private static WorkBuffer? s_panelsA;

    [ThreadStatic]
    private static WorkBuffer? s_panelsB;

    /// <summary>Computes <paramref name="matrix"/>, with the help of <paramref name="threads"/> where there are some.</summary>
    public static void Solve<TVec>(in GemmMatrix matrix, ForkJoin? threads, int vectorWidth)
        where TVec : struct, IVec<TVec>
    {
        int depths = Depths<TVec>(matrix.K);
        GemmBlock block = new()
        {
            Matrix = matrix,
            PackA = PacksA<TVec>(matrix),
            PackB = PacksB(matrix),
        };
        int rows = block.PackA ? Math.Min(matrix.M, MaxPacked / depths / 12 * 12) : matrix.M;
        int columns = block.PackB ? Math.Min(matrix.N, MaxPacked / depths / 32 * 32) : matrix.N;
        block.PanelsA = block.PackA ? (s_panelsA ??= new WorkBuffer()).Rent(GemmBlock.LengthA<TVec>(rows, depths)) : null;
        block.PanelsB = (s_panelsB ??= new WorkBuffer()).Rent(GemmBlock.LengthB<TVec>(columns, depths, block.PackB));
        for (block.Column = 0; block.Column < matrix.N; block.Column += columns)
        {
            block.Columns = Math.Min(columns, matrix.N - block.Column);
            for (block.Depth = 0; block.Depth < matrix.K; block.Depth += depths)
            {
                block.Depths = Math.Min(depths, matrix.K - block.Depth);
                for (block.Row = 0; block.Row < matrix.M; block.Row += rows)
                {
                    block.Rows = Math.Min(rows, matrix.M - block.Row);
                    block.KeepB = block.Row > 0;
                    block.Plan<TVec>();
                    if (threads is not null)
                    {
                        PackTiles packing = new() { Block = block };
                        threads.For(vectorWidth, block.PackParts, ref packing);
                        ComputeTiles computing = new() { Block = block };
                        threads.For(vectorWidth, block.ComputeParts, ref computing);
                        continue;
                    }
                    for (int part = 0; part < block.PackParts; part++)
                    {
                        block.Pack<TVec>(part);
                    }
                    for (int part = 0; part < block.ComputeParts; part++)
                    {
                        block.Compute<TVec>(part);
                    }
                }
            }
        }
    }

    // Two thirds of the first cache for a panel of B: the rest is for A, which streams by, and for Y.
    public static int Depths<TVec>(int depth)
        where TVec : struct, IVec<TVec>
    {
        int most = Math.Clamp(CacheSizes.Level1 / 3 * 2 / (2 * TVec.Count * sizeof(float)), 128, 512);
        int blocks = (depth + most - 1) / most;
        return (depth + blocks - 1) / blocks;
    }

    // Packing pays when lines are far apart and many tiles read them again.
    private static bool PacksA<TVec>(in GemmMatrix matrix)
        where TVec : struct, IVec<TVec> =>
        matrix.N > 4 * TVec.Count && (long)matrix.M * matrix.K * sizeof(float) > CacheSizes.Level2 / 4;

    private static bool PacksB(in GemmMatrix matrix) =>
        matrix.ColumnB != 1
        || (long)matrix.N * matrix.K * sizeof(float) > CacheSizes.Level2 / 4
        // Lines a multiple of 4 KiB apart fall into one set of the first cache.
        || (matrix.DepthB % 1024 == 0 && matrix.M > AliasedRows && matrix.K > AliasedRows);

    private struct PackTiles : ITiles
    {
        public GemmBlock Block;

        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec> => Block.Pack<TVec>(tile);
    }

    private struct ComputeTiles : ITiles
    {
        public GemmBlock Block;

        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec> => Block.Compute<TVec>(tile);
    }
}
