using HyperKernels.Backends;

namespace HyperKernels;

// Reductions that need more than one pass, or whose gradient looks at the values again.
public static partial class Ops
{
    /// <summary>The variance along axes: <c>sum (x - mean)^2 / n</c>, in two passes, so that a large mean costs no digits.</summary>
    /// <param name="x">Any shape.</param>
    /// <param name="axes">Which to reduce.</param>
    /// <param name="unbiased">Divides by n - 1 instead of n (Bessel's correction).</param>
    /// <param name="keepAxes">Whether the reduced axes stay with size 1.</param>
    /// <returns>The axes that are left; NaN where there is nothing to divide by.</returns>
    /// <exception cref="ArgumentException">x holds integers, or an axis does not exist or is named twice.</exception>
    /// <remarks>Differentiable any number of times.</remarks>
    public static Tensor Variance(Tensor x, ReadOnlySpan<int> axes, bool unbiased = false, bool keepAxes = false)
    {
        Tensor x3 = Canonical("Variance", x, axes, keepAxes, out Shape result);
        Tensor mean = Reduced(ReduceOp.Sum, x3, x3, 1f / x3.Shape[1]);
        float scale = 1f / (x3.Shape[1] - (unbiased ? 1 : 0));
        Tensor y = Reduced(ReduceOp.SumSquaredDeviations, x3, mean, scale);
        Record(y, [x3], (x3, mean, scale), static (g, s) =>
        {
            Shape column = s.x3.Shape.With(1, 1);
            Tensor center = g.Recorded ? Mean(s.x3, [1], keepAxes: true) : Reshape(s.mean, column);
            g[0] = Multiply(Subtract(s.x3, center), MultiplyScalar(Reshape(g.Output, column), 2 * s.scale));
        });
        return Reshape(y, result);
    }

    /// <summary>The largest along axes; NaN if there is one.</summary>
    /// <param name="x">Any shape; the reduced axes must not be empty.</param>
    /// <param name="axes">Which to reduce.</param>
    /// <param name="keepAxes">Whether the reduced axes stay with size 1.</param>
    /// <returns>The axes that are left.</returns>
    /// <exception cref="ArgumentException">A reduced axis is empty, does not exist or is named twice, or x holds integers.</exception>
    /// <remarks>Differentiable any number of times; among equals the gradient goes to the first.</remarks>
    public static Tensor Max(Tensor x, ReadOnlySpan<int> axes, bool keepAxes = false) => Extremum("Max", true, x, axes, keepAxes);

    /// <summary>The smallest along axes; NaN if there is one. All else as for <see cref="Max"/>.</summary>
    public static Tensor Min(Tensor x, ReadOnlySpan<int> axes, bool keepAxes = false) => Extremum("Min", false, x, axes, keepAxes);

    /// <summary>The position of the largest along an axis, the first among equals; NaN counts as largest.</summary>
    /// <returns>Integers, shaped as x without that axis.</returns>
    /// <exception cref="ArgumentException">The axis is empty or does not exist, or x holds integers.</exception>
    public static Tensor ArgMax(Tensor x, int axis) => ArgExtremum("ArgMax", true, x, axis);

    /// <summary>The position of the smallest along an axis, the first among equals; NaN counts as smallest. All else as for <see cref="ArgMax"/>.</summary>
    public static Tensor ArgMin(Tensor x, int axis) => ArgExtremum("ArgMin", false, x, axis);

    /// <summary>The sum of magnitudes along axes: <c>sum |x|</c>. Shapes and errors as for <see cref="Sum(Tensor, ReadOnlySpan{int}, bool)"/>.</summary>
    /// <remarks>Differentiable; the derivative at 0 is taken as 0.</remarks>
    public static Tensor L1Norm(Tensor x, ReadOnlySpan<int> axes, bool keepAxes = false)
    {
        CheckFloat("L1Norm", x);
        int mask = AxisMask("L1Norm", x, axes);
        Tensor y = ReduceRuns(ReduceOp.SumAbs, x, mask, 1, ReducedShape(x.Shape, mask, keepAxes));
        return Record(y, [x], (x, mask), static (g, s) =>
            g[0] = Multiply(Reshape(g.Output, ReducedShape(s.x.Shape, s.mask, true)), Sign(s.x)));
    }

    /// <summary>The Euclidean length along axes: <c>sqrt(sum x^2)</c>. Shapes and errors as for <see cref="Sum(Tensor, ReadOnlySpan{int}, bool)"/>.</summary>
    /// <remarks>Differentiable any number of times; the derivative of a zero vector is taken as 0.</remarks>
    public static Tensor L2Norm(Tensor x, ReadOnlySpan<int> axes, bool keepAxes = false)
    {
        CheckFloat("L2Norm", x);
        int mask = AxisMask("L2Norm", x, axes);
        Tensor y = Compute("L2Norm", UnaryOp.Sqrt, ReduceRuns(ReduceOp.SumSquares, x, mask, 1, ReducedShape(x.Shape, mask, keepAxes)));
        return Record(y, [x], (x, y, mask), static (g, s) =>
        {
            // One replaces a length of zero; the vector it would divide is zero.
            Tensor length = Where(s.y, s.y, Tensor.Ones([], s.y.Device));
            g[0] = Multiply(s.x, Reshape(Divide(g.Output, length), ReducedShape(s.x.Shape, s.mask, true)));
        });
    }

    /// <summary>
    /// The logarithm of a sum of exponentials along axes: <c>log sum e^x</c>, without overflow. Shapes and errors as for
    /// <see cref="Sum(Tensor, ReadOnlySpan{int}, bool)"/>.
    /// </summary>
    /// <returns>The axes that are left; minus infinity for nothing.</returns>
    /// <remarks>
    /// Differentiable any number of times. The gradient is the softmax; where all are minus infinity, so that none has a share, it is zeros (PyTorch
    /// gives NaN).
    /// </remarks>
    public static Tensor LogSumExp(Tensor x, ReadOnlySpan<int> axes, bool keepAxes = false)
    {
        Tensor x3 = Canonical("LogSumExp", x, axes, keepAxes, out Shape result);
        // Finite, so that infinities in x are not subtracted from themselves.
        Tensor center = Compute("LogSumExp", UnaryOp.Clamp, Reduced(ReduceOp.Max, x3, x3, 1), float.MinValue, float.MaxValue);
        Tensor sum = Reduced(ReduceOp.SumExp, x3, center, 1);
        Tensor y = Binary("LogSumExp", BinaryOp.Add, Compute("LogSumExp", UnaryOp.Log, sum), center);
        Record(y, [x3], (x3, y), static (g, s) =>
        {
            Shape column = s.x3.Shape.With(1, 1);
            // Not below the least number: minus infinity less itself is NaN.
            Tensor y = Reshape(Clamp(s.y, float.MinValue, float.PositiveInfinity), column);
            g[0] = Multiply(Reshape(g.Output, column), Exp(Subtract(s.x3, y)));
        });
        return Reshape(y, result);
    }

    private static Tensor Extremum(string name, bool largest, Tensor x, ReadOnlySpan<int> axes, bool keepAxes)
    {
        Tensor x3 = Canonical(name, x, axes, keepAxes, out Shape result);
        if (x3.Shape[1] == 0 && result.Count > 0)
        {
            Throw.Argument($"{name}: a reduced axis must not be empty; the tensor is {x.Shape}.");
        }
        Tensor y = Reduced(largest ? ReduceOp.Max : ReduceOp.Min, x3, x3, 1);
        // Where it stood is looked for only if somebody wants the gradient.
        Record(y, [x3], (x3, largest), static (g, s) =>
        {
            Shape shape = s.x3.Shape;
            Tensor at = Positions(s.largest, s.x3);
            g[0] = PutAlong(g.Output, at, shape, shape[0], shape[1], 1, shape[2]);
        });
        return Reshape(y, result);
    }

    private static Tensor ArgExtremum(string name, bool largest, Tensor x, int axis)
    {
        axis = CheckAxis(name, x.Shape, axis);
        if (x.Shape[axis] == 0)
        {
            Throw.Argument($"{name}: the axis must not be empty; the tensor is {x.Shape}.");
        }
        return Reshape(Positions(largest, Canonical(name, x, [axis], false, out Shape result)), result);
    }

    private static Tensor Positions(bool largest, Tensor x3)
    {
        Shape shape = x3.Shape;
        Tensor y = Tensor.New(x3.Device, new Shape(shape[0], shape[2]), ElementType.Int32);
        (y.Node.MinIndex, y.Node.MaxIndex) = (0, Math.Max(0, shape[1] - 1));
        x3.Device.Backend.ArgReduce(largest, shape[0], shape[1], shape[2], x3.Ref, y.Ref);
        return y;
    }

    private static Tensor Reduced(ReduceOp op, Tensor x3, Tensor center, float scale)
    {
        Shape shape = x3.Shape;
        Tensor y = New(x3, new Shape(shape[0], shape[2]));
        x3.Device.Backend.Reduce(op, shape[0], shape[1], shape[2], x3.Ref, center.Ref, scale, y.Ref);
        return y;
    }

    /// <summary>The tensor as dense [outer, axis, inner] with one reduced axis, recorded; permuted only if the reduced axes are not neighbours.</summary>
    private static Tensor Canonical(string name, Tensor x, ReadOnlySpan<int> axes, bool keepAxes, out Shape result)
    {
        CheckFloat(name, x);
        int mask = AxisMask(name, x, axes);
        result = ReducedShape(x.Shape, mask, keepAxes);
        Span<int> sizes = stackalloc int[Shape.MaxRank + 1];
        Span<bool> reduced = stackalloc bool[Shape.MaxRank + 1];
        int runs = Runs(x.Shape, mask, sizes, reduced);
        int at = reduced[..runs].IndexOf(true);
        if (reduced[(at + 1)..runs].Contains(true))
        {
            Span<int> order = stackalloc int[Shape.MaxRank];
            int next = 0;
            for (int pass = 0; pass < 2; pass++)
            {
                for (int axis = 0; axis < x.Rank; axis++)
                {
                    if ((mask & (1 << axis)) != 0 == (pass == 1))
                    {
                        order[next++] = axis;
                    }
                }
            }
            int kept = Size.Of(result.Count);
            int count = Size.Of(ReducedCount(x.Shape, mask));
            return Reshape(Permute(x, order[..x.Rank]), new Shape(kept, count, 1));
        }
        Tensor canonical = Reshape(x, new Shape(Product(sizes[..at]), sizes[at], Product(sizes[(at + 1)..runs])));
        return canonical.IsDense ? canonical : Contiguous(canonical);
    }

    /// <summary>A dense copy, recorded.</summary>
    private static Tensor Contiguous(Tensor x) => Record(Dense(x), [x], 0, static (g, _) => g[0] = g.Output);
}
