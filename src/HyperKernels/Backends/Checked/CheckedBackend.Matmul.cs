namespace HyperKernels.Backends.Checked;

internal sealed partial class CheckedBackend
{
    public void Matmul(in MatmulSizes sizes, BufferRef a, BufferRef b, BufferRef? bias, BufferRef y)
    {
        if (sizes.Batch > 0 && sizes.M > 0 && sizes.N > 0)
        {
            Check(a, Matrices(sizes.Batch, sizes.StrideA, sizes.TransposeA ? sizes.K : sizes.M, sizes.LdA, sizes.TransposeA ? sizes.M : sizes.K));
            Check(b, Matrices(sizes.Batch, sizes.StrideB, sizes.TransposeB ? sizes.N : sizes.K, sizes.LdB, sizes.TransposeB ? sizes.K : sizes.N));
            Check(bias, Matrices(sizes.Batch, sizes.StrideBias, sizes.M, sizes.LdBias, sizes.N));
            Check(y, Matrices(sizes.Batch, sizes.StrideY, sizes.M, sizes.LdY, sizes.N));
        }
        using Loan loan = Hold(y);
        Target.Matmul(sizes, a, b, bias, y);
        Keep(a, b, bias, y);
    }

    public void MatmulGrouped(in MatmulSizes sizes, bool sumsRows, ReadOnlySpan<int> offsets, BufferRef a, BufferRef b, BufferRef? bias, BufferRef y)
    {
        (int groups, int rows) = (offsets.Length - 1, offsets[^1]);
        if (sizes.N > 0 && sumsRows && sizes.M > 0)
        {
            Check(a, Reach(rows, sizes.LdA, sizes.M));
            Check(b, Reach(rows, sizes.LdB, sizes.N));
            Check(y, Matrices(groups, sizes.StrideY, sizes.M, sizes.LdY, sizes.N));
        }
        else if (sizes.N > 0 && !sumsRows && rows > 0)
        {
            Check(a, Reach(rows, sizes.LdA, sizes.K));
            Check(b, Matrices(groups, sizes.StrideB, sizes.TransposeB ? sizes.N : sizes.K, sizes.LdB, sizes.TransposeB ? sizes.K : sizes.N));
            Check(bias, Reach(groups, sizes.StrideBias, sizes.N));
            Check(y, Reach(rows, sizes.LdY, sizes.N));
        }
        using Loan loan = Hold(y);
        Target.MatmulGrouped(sizes, sumsRows, offsets, a, b, bias, y);
        Keep(a, b, bias, y);
    }

    private static long Matrices(int batch, long stride, int rows, int ld, int columns) => Reach(batch, stride, Reach(rows, ld, columns));
}
