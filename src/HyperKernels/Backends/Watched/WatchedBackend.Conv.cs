namespace HyperKernels.Backends.Watched;

internal sealed partial class WatchedBackend
{
    public void Convolve(ConvProduct product, in ConvSizes sizes, BufferRef x, BufferRef w, BufferRef? bias, BufferRef y)
    {
        ConvSizes given = sizes;
        Watch(new OpCall(
            Named<ConvProduct>.Of(nameof(Convolve), product),
            (on, at) => on.Convolve(product, given, at[x], at[w], at[bias], at[y]),
            () =>
            {
                Operands all = new();
                Add(all, product == ConvProduct.Input, nameof(x), x, Of(given.Batch, given.SampleX, given.Inputs, given.Height, given.Width));
                Add(all, product == ConvProduct.Kernel, nameof(w), w, Extent.Of(
                    (given.Sets, given.SetW), (given.Outputs, (long)given.GroupInputs * given.KernelH * given.KernelW), (given.GroupInputs, given.KernelH * given.KernelW),
                    (given.KernelH, given.KernelW), (given.KernelW, 1)));
                Add(all, product == ConvProduct.Forward, nameof(y), y, Of(given.Batch, given.SampleY, given.Outputs, given.OutHeight, given.OutWidth));
                return all.Reads(nameof(bias), bias, Extent.Of((given.Sets, given.SetBias), (given.Outputs, 1)));
            })
        {
            Operations = () => 2.0 * given.Batch * given.Outputs * given.OutPixels * given.Depth,
            SumSlope = 1,
        });
    }

    private static Extent Of(int batch, long sample, int channels, int height, int width) =>
        Extent.Of((batch, sample), (channels, (long)height * width), (height, width), (width, 1));

    private static void Add(Operands all, bool isResult, string name, BufferRef place, Extent extent) =>
        _ = isResult ? all.Writes(name, place, extent) : all.Reads(name, place, extent);
}
