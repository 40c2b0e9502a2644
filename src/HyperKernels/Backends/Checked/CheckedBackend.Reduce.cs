namespace HyperKernels.Backends.Checked;

internal sealed partial class CheckedBackend
{
    public void Reduce(ReduceOp op, int outer, int axis, int inner, BufferRef x, BufferRef? center, float scale, BufferRef y)
    {
        long results = (long)outer * inner;
        Check(x, results * axis);
        Check(center, results);
        Check(y, results);
        using Loan loan = Hold(y);
        Target.Reduce(op, outer, axis, inner, x, center, scale, y);
        Keep(x, center, y);
    }

    public void ArgReduce(bool largest, int outer, int axis, int inner, BufferRef x, BufferRef y)
    {
        long results = (long)outer * inner;
        Check(x, results * axis);
        Check(y, results);
        using Loan loan = Hold(y);
        Target.ArgReduce(largest, outer, axis, inner, x, y);
        Keep(x, y);
    }
}
