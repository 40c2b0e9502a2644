namespace HyperKernels.Backends.Checked;

internal sealed partial class CheckedBackend
{
    public void Convolve(ConvProduct product, in ConvSizes sizes, BufferRef x, BufferRef w, BufferRef? bias, BufferRef y)
    {
        Check(x, Reach(sizes.Batch, sizes.SampleX, (long)sizes.Inputs * sizes.Height * sizes.Width));
        Check(w, Reach(sizes.Sets, sizes.SetW, (long)sizes.Outputs * sizes.GroupInputs * sizes.KernelH * sizes.KernelW));
        Check(bias, Reach(sizes.Sets, sizes.SetBias, sizes.Outputs));
        Check(y, Reach(sizes.Batch, sizes.SampleY, (long)sizes.Outputs * sizes.OutHeight * sizes.OutWidth));
        using Loan loan = Hold(product switch { ConvProduct.Input => x, ConvProduct.Kernel => w, _ => y });
        Target.Convolve(product, sizes, x, w, bias, y);
        Keep(x, w, bias, y);
    }
}
