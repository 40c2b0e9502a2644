namespace HyperKernels.Backends.Watched;

internal sealed partial class WatchedBackend
{
    public void Matmul(in MatmulSizes sizes, BufferRef a, BufferRef b, BufferRef? bias, BufferRef y)
    {
        MatmulSizes given = sizes;
        MatmulSizes sums = sizes with { Activation = Activation.None };
        Watch(new OpCall(
            nameof(Matmul),
            (on, at) => on.Matmul(given, at[a], at[b], at[bias], at[y]),
            () => new Operands()
                .Reads(nameof(a), a, Matrices(given.Batch, given.StrideA, given.TransposeA, given.M, given.K, given.LdA))
                .Reads(nameof(b), b, Matrices(given.Batch, given.StrideB, given.TransposeB, given.K, given.N, given.LdB))
                .Reads(nameof(bias), bias, Extent.Of((given.Batch, given.StrideBias), (given.M, given.LdBias), (given.N, 1)))
                .Writes(nameof(y), y, Matrices(given.Batch, given.StrideY, false, given.M, given.N, given.LdY)))
        {
            Operations = () => 2.0 * given.Batch * given.M * given.N * given.K,
            SumSlope = SlopeOf(given.Activation),
            RunSums = (on, at) => on.Matmul(sums, at[a], at[b], at[bias], at[y]),
            Looseness = LoosenessOf(given.Precision),
        });
    }

    public void MatmulGrouped(in MatmulSizes sizes, bool sumsRows, ReadOnlySpan<int> offsets, BufferRef a, BufferRef b, BufferRef? bias, BufferRef y)
    {
        MatmulSizes given = sizes;
        MatmulSizes sums = sizes with { Activation = Activation.None };
        int[] groups = offsets.ToArray();
        (int count, int rows) = (groups.Length - 1, groups[^1]);
        Watch(new OpCall(
            nameof(MatmulGrouped),
            (on, at) => on.MatmulGrouped(given, sumsRows, groups, at[a], at[b], at[bias], at[y]),
            () => sumsRows
                ? new Operands()
                    .Reads(nameof(a), a, Extent.Of((rows, given.LdA), (given.M, 1)))
                    .Reads(nameof(b), b, Extent.Of((rows, given.LdB), (given.N, 1)))
                    .Writes(nameof(y), y, Matrices(count, given.StrideY, false, given.M, given.N, given.LdY))
                : new Operands()
                    .Reads(nameof(a), a, Extent.Of((rows, given.LdA), (given.K, 1)))
                    .Reads(nameof(b), b, Matrices(count, given.StrideB, given.TransposeB, given.K, given.N, given.LdB))
                    .Reads(nameof(bias), bias, Extent.Of((count, given.StrideBias), (given.N, 1)))
                    .Writes(nameof(y), y, Extent.Of((rows, given.LdY), (given.N, 1))))
        {
            Operations = () => 2.0 * rows * given.N * (sumsRows ? given.M : given.K),
            SumSlope = SlopeOf(given.Activation),
            RunSums = (on, at) => on.MatmulGrouped(sums, sumsRows, groups, at[a], at[b], at[bias], at[y]),
            Looseness = LoosenessOf(given.Precision),
        });
    }

    // As the matrices are stored.
    private static Extent Matrices(int batch, long stride, bool transposed, int rows, int columns, int ld) =>
        Extent.Of((batch, stride), (transposed ? columns : rows, ld), (transposed ? rows : columns, 1));

    // The steepest that each function is; those not named are nowhere steeper than 1.13 (GELU).
    private static double SlopeOf(Activation activation) => activation.Kind switch
    {
        ActivationKind.Sine or ActivationKind.LeakyRelu or ActivationKind.Elu => Math.Max(1, Math.Abs((double)activation.Parameter)),
        _ => 1.2,
    };

    private static double LoosenessOf(MatmulPrecision precision) => precision switch
    {
        MatmulPrecision.TF32 => 1.0 / (1 << 10),
        MatmulPrecision.BFloat16 => 1.0 / (1 << 7),
        _ => 0,
    };
}
