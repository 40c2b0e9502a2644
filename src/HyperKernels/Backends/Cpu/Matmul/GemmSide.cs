namespace HyperKernels.Backends.Cpu;

/// <summary>
/// Deep products whose two operands are both stored by depth, <c>Y = A' B</c>: gradients of weights. Either side may lie along the vectors, and the rows of the other
/// are packed: the longer one is worth the turning of a result that stays in the second cache. The same bits as without it: sums run over the depth alike.
/// </summary>
internal static unsafe class GemmSide
{
    // What packing a row of A costs, in columns that are computed: measured at 256 bits on rows of 64 to 192, where it was up to a third of the product.
    private const int PackedRow = 64;

    // A turned result is little beside so many products of each of its numbers.
    private const int LeastDepth = 256;
    private const int MostResults = 1 << 16;

    // Fewer rows or columns have ways of their own.
    private const int LeastSide = 8;

    [ThreadStatic]
    private static WorkBuffer? s_side;

    /// <summary>Whether the product is faster on its side.</summary>
    public static bool Pays(in MatmulArgs args, int vectorWidth)
    {
        if (!args.TransposeA || args.TransposeB || args.Accumulate || args.K < LeastDepth
            || Math.Min(args.M, args.N) < LeastSide || (long)args.M * args.N > MostResults)
        {
            return false;
        }
        int lanes = Math.Max(1, vectorWidth / 32);
        return Cost(args.N, args.M, lanes) < 0.97 * Cost(args.M, args.N, lanes);
    }

    /// <summary>Computes <c>Y' = B' A</c> and turns it.</summary>
    public static void Run(in MatmulArgs args, ForkJoin threads, int vectorWidth)
    {
        long results = (long)args.M * args.N;
        MatmulArgs side = args;
        side.Y = (s_side ??= new WorkBuffer()).Rent(args.Batch * results);
        side.A = args.B;
        side.B = args.A;
        (side.M, side.N) = (args.N, args.M);
        (side.LdA, side.LdB) = (args.LdB, args.LdA);
        (side.StrideA, side.StrideB) = (args.StrideB, args.StrideA);
        (side.LdY, side.StrideY) = (args.M, results);
        side.Bias = null;
        side.Activation = Activation.None;
        Gemm.Run(side, threads, vectorWidth);
        TurnTiles tiles = new() { Batch = GemmBatch.From(args), Side = side.Y };
        threads.For(vectorWidth, tiles.Batch.Count, ref tiles);
    }

    // Rows in whole vectors of columns, and the packing of each.
    private static double Cost(int rows, int columns, int lanes) => (double)rows * (((columns + lanes - 1) / lanes * lanes) + PackedRow);

    private struct TurnTiles : ITiles
    {
        public GemmBatch Batch;
        public float* Side;

        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            GemmMatrix matrix = Batch[tile];
            GemmPack.Turn(Side + ((long)tile * matrix.M * matrix.N), matrix.M, matrix.N, matrix.M, matrix.Y, matrix.RowY);
            if (matrix.HasEpilogue)
            {
                matrix.Finish<TVec>(0, 0, matrix.M, matrix.N);
            }
        }
    }
}
