namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    public void Unary(UnaryOp op, in Broadcast sizes, BufferRef x, BufferRef y, float p, float q) =>
        throw new NotSupportedException();

    public void UnaryGradient(UnaryOp op, in Broadcast sizes, BufferRef x, BufferRef y, BufferRef gradient, BufferRef dx, float p, float q) =>
        throw new NotSupportedException();

    public void Binary(BinaryOp op, in Broadcast sizes, BufferRef a, BufferRef b, BufferRef y)
    {
        Broadcast axes = sizes;
        ForEach("elementwise/binary", sizes.Count, [(int)op, KernelArgument.Of(&axes), a, b, sizes.Count, y]);
    }

    public void Where(in Broadcast sizes, BufferRef condition, BufferRef a, BufferRef b, BufferRef y) =>
        throw new NotSupportedException();
}
