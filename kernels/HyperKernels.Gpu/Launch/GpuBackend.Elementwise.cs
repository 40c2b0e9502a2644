using HyperKernels.Backends;

namespace HyperKernels.Gpu;

internal sealed partial class GpuBackend
{
    public void Unary(UnaryOp op, in Broadcast sizes, BufferRef x, BufferRef y, float p, float q) => throw new NotImplementedException();

    public void UnaryGradient(UnaryOp op, in Broadcast sizes, BufferRef x, BufferRef y, BufferRef gradient, BufferRef dx, float p, float q) => throw new NotImplementedException();

    public void Binary(BinaryOp op, in Broadcast sizes, BufferRef a, BufferRef b, BufferRef y) => throw new NotImplementedException();

    public void Where(in Broadcast sizes, BufferRef condition, BufferRef a, BufferRef b, BufferRef y) => throw new NotImplementedException();
}
