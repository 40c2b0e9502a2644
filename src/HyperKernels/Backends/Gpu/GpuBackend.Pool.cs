namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    public void Pool(PoolOp op, in PoolSizes sizes, BufferRef x, BufferRef y, BufferRef places)
    {
        PoolSizes s = sizes;
        long pixels = (long)sizes.Planes * sizes.Pixels;
        long windows = (long)sizes.Planes * sizes.OutPixels;
        switch (op)
        {
            case PoolOp.Max:
                ForEach("pool/pool_max", windows, [KernelArgument.Of(&s), windows, x, y, places]);
                break;
            case PoolOp.MaxGather:
                ForEach("pool/pool_max_gather", windows, [KernelArgument.Of(&s), windows, x, places, y]);
                break;
            case PoolOp.Average:
                ForEach("pool/pool_average", windows, [KernelArgument.Of(&s), windows, x, y]);
                break;
            default:
                ForEach("pool/pool_adjoint", pixels, [KernelArgument.Of(&s), op == PoolOp.MaxScatter, pixels, y, places, x]);
                break;
        }
    }

    public void Resize(ResizeMode mode, bool adjoint, in PoolSizes sizes, BufferRef x, BufferRef y)
    {
        PoolSizes s = sizes;
        if (adjoint)
        {
            long pixels = (long)sizes.Planes * sizes.Pixels;
            ForEach("pool/resize_adjoint", pixels, [KernelArgument.Of(&s), (int)mode, pixels, y, x]);
        }
        else
        {
            long drawn = (long)sizes.Planes * sizes.OutPixels;
            ForEach("pool/resize", drawn, [KernelArgument.Of(&s), (int)mode, drawn, x, y]);
        }
    }
}
