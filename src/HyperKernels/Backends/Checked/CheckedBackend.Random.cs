namespace HyperKernels.Backends.Checked;

internal sealed partial class CheckedBackend
{
    public void Random(RandomKind kind, ulong seed, ulong position, long count, float a, float b, BufferRef y)
    {
        Check(y, count);
        using Loan loan = Hold(y);
        Target.Random(kind, seed, position, count, a, b, y);
        Keep(y);
    }

    public void Dropout(ulong seed, ulong position, uint threshold, float scale, long count, BufferRef x, BufferRef y)
    {
        Check(x, count);
        Check(y, count);
        using Loan loan = Hold(y);
        Target.Dropout(seed, position, threshold, scale, count, x, y);
        Keep(x, y);
    }
}
