using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Checked;

internal sealed partial class CheckedBackend
{
    public void Unary(UnaryOp op, in Broadcast sizes, BufferRef x, BufferRef y, float p, float q)
    {
        Check(x, sizes, sizes.StrideA);
        Check(y, sizes.Count);
        using Loan loan = Hold(y);
        Target.Unary(op, sizes, x, y, p, q);
        Keep(x, y);
    }

    public void UnaryGradient(UnaryOp op, in Broadcast sizes, BufferRef x, BufferRef y, BufferRef gradient, BufferRef dx, float p, float q)
    {
        Check(x, sizes, sizes.StrideA);
        Check(y, sizes, sizes.StrideB);
        Check(gradient, sizes, sizes.StrideC);
        Check(dx, sizes.Count);
        using Loan loan = Hold(dx);
        Target.UnaryGradient(op, sizes, x, y, gradient, dx, p, q);
        Keep(x, y, gradient, dx);
    }

    public void Binary(BinaryOp op, in Broadcast sizes, BufferRef a, BufferRef b, BufferRef y)
    {
        Check(a, sizes, sizes.StrideA);
        Check(b, sizes, sizes.StrideB);
        Check(y, sizes.Count);
        using Loan loan = Hold(y);
        Target.Binary(op, sizes, a, b, y);
        Keep(a, b, y);
    }

    public void Ternary(TernaryOp op, in Broadcast sizes, BufferRef a, BufferRef b, BufferRef c, BufferRef y)
    {
        Check(a, sizes, sizes.StrideA);
        Check(b, sizes, sizes.StrideB);
        Check(c, sizes, sizes.StrideC);
        Check(y, sizes.Count);
        using Loan loan = Hold(y);
        Target.Ternary(op, sizes, a, b, c, y);
        Keep(a, b, c, y);
    }

    // Strides may be negative: axes are reversed that way.
    private void Check(
        BufferRef place, in Broadcast sizes, in Broadcast.Strides strides, [CallerArgumentExpression(nameof(place))] string operand = "",
        [CallerMemberName] string op = "")
    {
        long first = 0;
        long last = 0;
        for (int axis = 0; axis < sizes.Rank; axis++)
        {
            if (sizes.Sizes[axis] == 0)
            {
                return;
            }
            long reach = (sizes.Sizes[axis] - 1) * strides[axis];
            first += Math.Min(reach, 0);
            last += Math.Max(reach, 0);
        }
        Check(place, first, last + 1, operand, op);
    }
}
