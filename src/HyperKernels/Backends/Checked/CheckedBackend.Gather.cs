namespace HyperKernels.Backends.Checked;

internal sealed partial class CheckedBackend
{
    public void GatherRows(BufferRef x, long rowStride, BufferRef indices, int count, int length, BufferRef y)
    {
        Check(x, 0);
        Check(indices, count);
        Check(y, (long)count * length);
        using Loan loan = Hold(indices, y);
        Target.GatherRows(x, rowStride, indices, count, length, y);
        Keep(x, indices, y);
    }

    public void ScatterAddRows(BufferRef x, BufferRef indices, int count, int length, int rows, BufferRef y)
    {
        Check(x, (long)count * length);
        Check(indices, count);
        Check(y, (long)rows * length);
        using Loan loan = Hold(indices, y);
        Target.ScatterAddRows(x, indices, count, length, rows, y);
        Keep(x, indices, y);
    }

    public void TakeAlong(bool adjoint, int outer, int axis, int count, int inner, BufferRef x, BufferRef indices, BufferRef y)
    {
        long lines = (long)outer * inner;
        Check(x, lines * axis);
        Check(indices, lines * count);
        Check(y, lines * count);
        using Loan loan = Hold(indices, adjoint ? x : y);
        Target.TakeAlong(adjoint, outer, axis, count, inner, x, indices, y);
        Keep(x, indices, y);
    }

    public void TopK(int rows, int length, int count, BufferRef x, BufferRef y)
    {
        Check(x, (long)rows * length);
        Check(y, (long)rows * count);
        using Loan loan = Hold(y);
        Target.TopK(rows, length, count, x, y);
        Keep(x, y);
    }
}
