using System.Text.Json;

namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    // Kernels for four elements per thread, one per op, by the op's number.
    private static readonly string[] s_unary4 = Kernels<UnaryOp>("unary4");
    private static readonly string[] s_unaryGradient4 = Kernels<UnaryOp>("unary_grad4");
    private static readonly string[] s_binary4 = Kernels<BinaryOp>("binary4");

    public void Unary(UnaryOp op, in Broadcast sizes, BufferRef x, BufferRef y, float p, float q)
    {
        Broadcast axes = sizes;
        axes.StrideB = axes.StrideC = sizes.StrideA;
        Elementwise("elementwise/unary", s_unary4[(int)op], (int)op, &axes, x, x, x, p, q, y);
    }

    public void UnaryGradient(UnaryOp op, in Broadcast sizes, BufferRef x, BufferRef y, BufferRef gradient, BufferRef dx, float p, float q)
    {
        Broadcast axes = sizes;
        Elementwise("elementwise/unary_grad", s_unaryGradient4[(int)op], (int)op, &axes, x, y, gradient, p, q, dx);
    }

    public void Binary(BinaryOp op, in Broadcast sizes, BufferRef a, BufferRef b, BufferRef y)
    {
        Broadcast axes = sizes;
        axes.StrideC = sizes.StrideB;
        Elementwise("elementwise/binary", s_binary4[(int)op], (int)op, &axes, a, b, b, 0, 0, y);
    }

    public void Where(in Broadcast sizes, BufferRef condition, BufferRef a, BufferRef b, BufferRef y)
    {
        Broadcast axes = sizes;
        Elementwise("elementwise/where", "elementwise/where4_where", 0, &axes, condition, a, b, 0, 0, y);
    }

    private void Elementwise(
        string any, string fours, int op, Broadcast* axes, BufferRef a, BufferRef b, BufferRef c, float p, float q, BufferRef y)
    {
        long count = axes->Count;
        if (InFours(ref *axes, a, b, c, y, out int tail))
        {
            ForEach(fours, Math.Max(count / 4, tail), [KernelArgument.Of(axes), a, b, c, p, q, count / 4, y, tail]);
        }
        else
        {
            ForEach(any, count, [op, KernelArgument.Of(axes), a, b, c, p, q, count, y]);
        }
    }

    // Counts the last axis in fours if every operand steps through it evenly or is repeated; a single axis may leave a tail.
    private static bool InFours(ref Broadcast axes, BufferRef a, BufferRef b, BufferRef c, BufferRef y, out int tail)
    {
        int last = axes.Rank - 1;
        tail = last == 0 ? axes.Sizes[0] % 4 : 0;
        if (!InFours(y) || (axes.Sizes[last] - tail) % 4 != 0
            || !InFours(axes.StrideA, last, a) || !InFours(axes.StrideB, last, b) || !InFours(axes.StrideC, last, c))
        {
            return false;
        }
        axes.Sizes[last] /= 4;
        axes.StrideA[last] *= 4;
        axes.StrideB[last] *= 4;
        axes.StrideC[last] *= 4;
        return true;
    }

    private static bool InFours(in Broadcast.Strides strides, int last, BufferRef place)
    {
        bool fits = strides[last] == 0 || (strides[last] == 1 && InFours(place));
        for (int axis = 0; axis < last; axis++)
        {
            fits &= strides[last] == 0 || strides[axis] % 4 == 0;
        }
        return fits;
    }

    private static string[] Kernels<TOp>(string family)
        where TOp : struct, Enum =>
        [.. Enum.GetNames<TOp>().Select(name => $"elementwise/{family}_{JsonNamingPolicy.SnakeCaseLower.ConvertName(name)}")];
}
