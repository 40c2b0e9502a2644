namespace HyperKernels.Backends.Checked;

internal sealed partial class CheckedBackend
{
    public void Copy(in Broadcast sizes, BufferRef source, BufferRef destination)
    {
        Check(source, sizes, sizes.StrideA);
        Check(destination, sizes, sizes.StrideB);
        using Loan loan = Hold(destination);
        Target.Copy(sizes, source, destination);
        Keep(source, destination);
    }
}
