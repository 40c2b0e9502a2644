using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// One product by blocks: depths that keep a panel of B in a small part of the second cache, rows and columns that bound the memory of
/// the packed panels.
/// </summary>
internal static unsafe class GemmSolver
{
    // Packed panels take at most this much memory each, in floats.
    private const int MaxPacked = 1 << 20;

    [ThreadStatic]
    private static WorkBuffer? s_panelsA;

    [ThreadStatic]
    private static WorkBuffer? s_panelsB;

    /// <summary>Computes <paramref name="matrix"/>, with the help of <paramref name="threads"/> where there are some.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Solve<TVec>(in GemmMatrix matrix, ForkJoin? threads, int vectorWidth)
        where TVec : struct, IVec<TVec>
    {
        bool packsA = PacksA<TVec>(matrix);
        int depths = Depths<TVec>(matrix.K, halves: packsA && GemmBlock.IsFew<TVec>(matrix.M));
        GemmBlock block = new()
        {
            Matrix = matrix,
            PackA = packsA,
            Panels = GemmBlock.Choose<TVec>(matrix, depths),
            Threads = threads?.Threads ?? 1,
        };
        int rows = block.PackA ? Cut(matrix.M, MaxPacked / depths, GemmMicro.MaxRows<TVec>()) : matrix.M;
        bool shares = block.Panels == GemmPanels.Shared;
        int columns = shares ? Cut(matrix.N, MaxPacked / depths, 2 * TVec.Count) : matrix.N;
        block.PanelsA = block.PackA ? (s_panelsA ??= new WorkBuffer()).Rent(GemmBlock.LengthA<TVec>(rows, depths)) : null;
        block.PanelsB = shares ? (s_panelsB ??= new WorkBuffer()).Rent(GemmBlock.LengthB<TVec>(columns, depths)) : null;
        for (block.Column = 0; block.Column < matrix.N; block.Column += columns)
        {
            block.Columns = Math.Min(columns, matrix.N - block.Column);
            for (block.Depth = 0; block.Depth < matrix.K; block.Depth += depths)
            {
                block.Depths = Math.Min(depths, matrix.K - block.Depth);
                for (block.Row = 0; block.Row < matrix.M; block.Row += rows)
                {
                    block.Rows = Math.Min(rows, matrix.M - block.Row);
                    block.ReusesB = block.Row > 0;
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

    // Even pieces of whole tiles, of about the most at most.
    private static int Cut(int length, int most, int tile)
    {
        int pieces = (length + most - 1) / most;
        return (((length + pieces - 1) / pieces) + tile - 1) / tile * tile;
    }

    /// <summary>
    /// Depths of a block. A panel of B takes an eighth of the second cache, or two thirds of the first: both feed the multiplier fast
    /// enough, and every cut of the depth reads and writes Y once more. Half of that was faster for few packed rows beside a B that is not.
    /// </summary>
    public static int Depths<TVec>(int depth, bool halves = false)
        where TVec : struct, IVec<TVec>
    {
        int bytes = Math.Max(CacheSizes.Level1 / 3 * 2, CacheSizes.Level2 / (halves ? 16 : 8));
        int most = Math.Clamp(bytes / (2 * TVec.Count * sizeof(float)), 128, 1024);
        int blocks = (depth + most - 1) / most;
        return (depth + blocks - 1) / blocks;
    }

    // Of a turned A a tile would read twelve numbers here and twelve there: packing pays where many tiles read them again.
    private static bool PacksA<TVec>(in GemmMatrix matrix)
        where TVec : struct, IVec<TVec> =>
        matrix.N > 4 * TVec.Count
        && (matrix.DepthA == 1 ? CrowdsSet<TVec>(matrix.RowA) : (long)matrix.M * matrix.K * sizeof(float) > CacheSizes.Level2 / 4);

    // Rows are read where they lie unless a tile's lines, a multiple of 4 KiB apart, are more than a set of the first cache holds.
    private static bool CrowdsSet<TVec>(nint rowStep)
        where TVec : struct, IVec<TVec> => GemmBlock.IsCrowded(rowStep) && GemmMicro.MaxRows<TVec>() > CacheSizes.Level1 / 4096;

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
