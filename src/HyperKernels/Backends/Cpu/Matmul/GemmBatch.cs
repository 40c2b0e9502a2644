namespace HyperKernels.Backends.Cpu;

/// <summary>The products of a call: the first one and the steps to the next.</summary>
internal unsafe struct GemmBatch
{
    public GemmMatrix First;
    public int Count;
    public long StrideA;
    public long StrideB;
    public long StrideY;
    public long StrideBias;

    public readonly GemmMatrix this[int index]
    {
        get
        {
            GemmMatrix matrix = First;
            matrix.A += index * StrideA;
            matrix.B += index * StrideB;
            matrix.Y += index * StrideY;
            if (matrix.Bias != null)
            {
                matrix.Bias += index * StrideBias;
            }
            return matrix;
        }
    }

    public static GemmBatch From(in MatmulArgs args)
    {
        GemmBatch batch = new()
        {
            Count = args.Batch,
            StrideA = args.StrideA,
            StrideB = args.StrideB,
            StrideY = args.StrideY,
            StrideBias = args.StrideBias,
            First = new GemmMatrix
            {
                A = args.A,
                B = args.B,
                Y = args.Y,
                Bias = args.Bias,
                M = args.M,
                N = args.N,
                K = args.K,
                RowA = args.TransposeA ? 1 : args.LdA,
                DepthA = args.TransposeA ? args.LdA : 1,
                DepthB = args.TransposeB ? 1 : args.LdB,
                ColumnB = args.TransposeB ? args.LdB : 1,
                RowY = args.LdY,
                RowBias = args.LdBias,
                Accumulate = args.Accumulate,
                Activation = args.Activation.Kind,
                Parameter = args.Activation.Parameter,
            },
        };
        bool rowsFollow = args.StrideA == (long)args.M * args.LdA && args.StrideY == (long)args.M * args.LdY && !args.TransposeA;
        bool biasFollows = args.Bias == null || args.StrideBias == (long)args.M * args.LdBias;
        if (args.Batch > 1 && rowsFollow && args.StrideB == 0 && biasFollows && (long)args.Batch * args.M <= int.MaxValue)
        {
            // One tall product packs the shared matrix once.
            batch.First.M *= args.Batch;
            batch.Count = 1;
        }
        return batch;
    }

    /// <summary>Turns products of a matrix and one column into products of one row and the turned matrix.</summary>
    public void Turn()
    {
        GemmMatrix matrix = First;
        First.A = matrix.B;
        First.RowA = 0;
        First.DepthA = matrix.DepthB;
        First.B = matrix.A;
        First.DepthB = matrix.DepthA;
        First.ColumnB = matrix.RowA;
        First.M = 1;
        First.N = matrix.M;
        // A bias that differs by row stands in one line now.
        First.BiasIsOne = First.RowBias == 0;
        First.RowBias = 0;
        (StrideA, StrideB) = (StrideB, StrideA);
    }
}
