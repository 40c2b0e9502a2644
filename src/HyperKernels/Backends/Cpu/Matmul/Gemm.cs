using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// The matrix product of the processor. Sizes choose between <see cref="GemmThin"/>, <see cref="GemmDot"/>, <see cref="GemmTurned"/>,
/// <see cref="GemmDeep"/> and <see cref="GemmBlock"/>; no sum is ever shared between threads, so that the bits depend on sizes and layout only.
/// </summary>
internal static unsafe class Gemm
{
    [ThreadStatic]
    private static WorkBuffer? s_column;

    /// <summary>Runs the batch. Any size may be zero.</summary>
    /// <param name="args">What to multiply.</param>
    /// <param name="threads">Who helps; matrices or blocks of one matrix are shared out.</param>
    /// <param name="vectorWidth">512, 256, 128, or anything else for scalars.</param>
    public static void Run(in MatmulArgs args, ForkJoin threads, int vectorWidth)
    {
        if (args.Batch <= 0 || args.M <= 0 || args.N <= 0)
        {
            return;
        }
        if (args.Batch > 1 && args.StrideY == 0)
        {
            RunSum(args, threads, vectorWidth);
            return;
        }
        if (GemmSide.Pays(args, vectorWidth))
        {
            GemmSide.Run(args, threads, vectorWidth);
            return;
        }
        GemmBatch batch = GemmBatch.From(args);
        if (args.N == 1 && args.M > 1)
        {
            RunColumn(ref batch, args.LdY, threads, vectorWidth);
            return;
        }
        RunAt(batch, threads, vectorWidth);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunSum(in MatmulArgs args, ForkJoin threads, int vectorWidth)
    {
        for (int b = 0; b < args.Batch; b++)
        {
            MatmulArgs one = args;
            one.Batch = 1;
            one.A += b * args.StrideA;
            one.B += b * args.StrideB;
            one.Accumulate = args.Accumulate || b > 0;
            if (b < args.Batch - 1)
            {
                one.Bias = null;
                one.Activation = Activation.None;
            }
            Run(one, threads, vectorWidth);
        }
    }

    // A matrix times a column is a row times the matrix turned: both need the kernels for one row.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunColumn(ref GemmBatch batch, int stepY, ForkJoin threads, int vectorWidth)
    {
        batch.Turn();
        if (stepY == 1)
        {
            RunAt(batch, threads, vectorWidth);
            return;
        }
        int length = batch.First.N;
        float* scattered = batch.First.Y;
        long stride = batch.StrideY;
        float* column = (s_column ??= new WorkBuffer()).Rent((long)length * batch.Count);
        for (int b = 0; b < batch.Count && batch.First.Accumulate; b++)
        {
            for (int i = 0; i < length; i++)
            {
                column[((long)b * length) + i] = scattered[(b * stride) + ((long)i * stepY)];
            }
        }
        batch.First.Y = column;
        batch.StrideY = length;
        RunAt(batch, threads, vectorWidth);
        for (int b = 0; b < batch.Count; b++)
        {
            for (int i = 0; i < length; i++)
            {
                scattered[(b * stride) + ((long)i * stepY)] = column[((long)b * length) + i];
            }
        }
    }

    private static void RunAt(in GemmBatch batch, ForkJoin threads, int vectorWidth)
    {
        switch (vectorWidth)
        {
            case 512:
                Run<Vec512>(batch, threads, vectorWidth);
                break;
            case 256:
                Run<Vec256>(batch, threads, vectorWidth);
                break;
            case 128:
                Run<Vec128>(batch, threads, vectorWidth);
                break;
            default:
                Run<Vec1>(batch, threads, vectorWidth);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TVec>(in GemmBatch batch, ForkJoin threads, int vectorWidth)
        where TVec : struct, IVec<TVec>
    {
        if (batch.Count == 1 && GemmDeep.Pays<TVec>(batch.First))
        {
            GemmDeep.Run<TVec>(batch.First, threads, vectorWidth);
            return;
        }
        GemmTiles tiles = new() { Batch = batch };
        if (tiles.Plan<TVec>(out int count))
        {
            threads.For(vectorWidth, count, ref tiles);
            return;
        }
        for (int b = 0; b < batch.Count; b++)
        {
            GemmSolver.Solve<TVec>(batch[b], threads, vectorWidth);
        }
    }
}
