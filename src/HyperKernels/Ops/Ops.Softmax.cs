using HyperKernels.Backends;

namespace HyperKernels;

public static partial class Ops
{
    /// <summary>Turns values into shares that add up to one: <c>y_i = e^x_i / sum_j e^x_j</c> along an axis.</summary>
    /// <param name="x">Any shape.</param>
    /// <param name="axis">Along which; negative counts from the end.</param>
    /// <returns>Shaped as x.</returns>
    /// <exception cref="ArgumentException">There is no such axis, or x holds integers.</exception>
    /// <remarks>Differentiable, any number of times. Large values do not overflow; a row of negative infinities gives NaN.</remarks>
    public static Tensor Softmax(Tensor x, int axis = -1)
    {
        Tensor y = Softmax("Softmax", SoftmaxOp.Softmax, x, ref axis);
        return Record(y, [x], (y, axis), static (g, s) =>
        {
            if (!g.Recorded)
            {
                g[0] = SoftmaxGradient(SoftmaxOp.SoftmaxGradient, s.y, g.Output, s.axis);
                return;
            }
            Tensor weighted = Multiply(s.y, g.Output);
            g[0] = Subtract(weighted, Multiply(s.y, Sum(weighted, [s.axis], keepAxes: true)));
        });
    }

    /// <summary>The logarithm of the softmax without its loss of digits: <c>y_i = x_i - log(sum_j e^x_j)</c> along an axis.</summary>
    /// <param name="x">Any shape.</param>
    /// <param name="axis">Along which; negative counts from the end.</param>
    /// <returns>Shaped as x.</returns>
    /// <exception cref="ArgumentException">There is no such axis, or x holds integers.</exception>
    /// <remarks>Differentiable, any number of times.</remarks>
    public static Tensor LogSoftmax(Tensor x, int axis = -1)
    {
        Tensor y = Softmax("LogSoftmax", SoftmaxOp.LogSoftmax, x, ref axis);
        return Record(y, [x], (y, axis), static (g, s) =>
            g[0] = g.Recorded
                ? Subtract(g.Output, Multiply(Exp(s.y), Sum(g.Output, [s.axis], keepAxes: true)))
                : SoftmaxGradient(SoftmaxOp.LogSoftmaxGradient, s.y, g.Output, s.axis));
    }

    private static Tensor Softmax(string name, SoftmaxOp op, Tensor x, ref int axis)
    {
        CheckFloat(name, x);
        Shape shape = x.Shape;
        axis = CheckAxis(name, shape, axis);
        Tensor dense = Dense(x);
        Tensor y = New(x, shape);
        if (shape.Count > 0)
        {
            (int outer, int inner) = Around(shape, axis);
            x.Device.Backend.Softmax(op, outer, shape[axis], inner, dense.Ref, null, y.Ref);
        }
        return y;
    }

    private static Tensor SoftmaxGradient(SoftmaxOp op, Tensor output, Tensor gradient, int axis)
    {
        Shape shape = output.Shape;
        Tensor result = New(output, shape);
        if (shape.Count > 0)
        {
            (int outer, int inner) = Around(shape, axis);
            output.Device.Backend.Softmax(op, outer, shape[axis], inner, output.Ref, Dense(gradient).Ref, result.Ref);
        }
        return result;
    }

    /// <summary>The products of the sizes before and behind an axis.</summary>
    private static (int Outer, int Inner) Around(in Shape shape, int axis)
    {
        int outer = 1;
        int inner = 1;
        for (int other = 0; other < shape.Rank; other++)
        {
            outer = other < axis ? Size.Of((long)outer * shape[other]) : outer;
            inner = other > axis ? Size.Of((long)inner * shape[other]) : inner;
        }
        return (outer, inner);
    }
}
