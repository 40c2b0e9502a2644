using HyperKernels.Backends;

namespace HyperKernels;

// Reductions over any set of axes. Axes may count from the end; none of them twice. With keepAxes the reduced axes stay with size 1.
// Reruns give the same bits; partial sums are short, so that rounding errors do not grow with the size.
public static partial class Ops
{
    /// <summary>Adds up all elements.</summary>
    /// <returns>A scalar; 0 for no elements.</returns>
    /// <exception cref="ArgumentException">x holds integers.</exception>
    public static Tensor Sum(Tensor x) => SumOver("Sum", x, AllAxes(x), false, mean: false);

    /// <summary>Adds up along axes.</summary>
    /// <param name="x">Any shape.</param>
    /// <param name="axes">Which to reduce.</param>
    /// <param name="keepAxes">Whether the reduced axes stay with size 1.</param>
    /// <returns>The axes that are left; the sum of nothing is 0.</returns>
    /// <exception cref="ArgumentException">x holds integers, or an axis does not exist or is named twice.</exception>
    /// <remarks>Differentiable any number of times.</remarks>
    public static Tensor Sum(Tensor x, ReadOnlySpan<int> axes, bool keepAxes = false) =>
        SumOver("Sum", x, AxisMask("Sum", x, axes), keepAxes, mean: false);

    /// <summary>Averages all elements.</summary>
    /// <returns>A scalar; NaN for no elements.</returns>
    /// <exception cref="ArgumentException">x holds integers.</exception>
    public static Tensor Mean(Tensor x) => SumOver("Mean", x, AllAxes(x), false, mean: true);

    /// <summary>Averages along axes. Parameters, errors and derivatives as for <see cref="Sum(Tensor, ReadOnlySpan{int}, bool)"/>.</summary>
    /// <returns>The axes that are left; the mean of nothing is NaN.</returns>
    public static Tensor Mean(Tensor x, ReadOnlySpan<int> axes, bool keepAxes = false) =>
        SumOver("Mean", x, AxisMask("Mean", x, axes), keepAxes, mean: true);

    private static Tensor SumOver(string name, Tensor x, int mask, bool keepAxes, bool mean)
    {
        CheckFloat(name, x);
        float scale = mean ? 1f / ReducedCount(x.Shape, mask) : 1;
        Tensor y = ReduceRuns(ReduceOp.Sum, x, mask, scale, ReducedShape(x.Shape, mask, keepAxes));
        return Record(y, [x], (x.Shape, mask, scale), static (g, s) =>
        {
            Tensor gradient = Reshape(g.Output, ReducedShape(s.Shape, s.mask, true));
            g[0] = BroadcastTo(s.scale == 1 ? gradient : MultiplyScalar(gradient, s.scale), s.Shape);
        });
    }

    /// <summary>
    /// Reduces the axes in a mask, run after run of neighbouring axes, innermost first, so that nothing has to be permuted. The result
    /// is shaped as asked.
    /// </summary>
    private static Tensor ReduceRuns(ReduceOp op, Tensor x, int mask, float scale, in Shape result)
    {
        Span<int> sizes = stackalloc int[Shape.MaxRank + 1];
        Span<bool> reduced = stackalloc bool[Shape.MaxRank + 1];
        int runs = Runs(x.Shape, mask, sizes, reduced);
        Tensor source = Dense(x);
        ReduceOp next = op is ReduceOp.Max or ReduceOp.Min ? op : ReduceOp.Sum;
        for (int run = runs - 1; run >= 0; run--)
        {
            if (!reduced[run])
            {
                continue;
            }
            int outer = Product(sizes[..run]);
            int inner = Product(sizes[(run + 1)..runs]);
            bool last = !reduced[..run].Contains(true);
            Tensor y = New(x, last ? result : new Shape(outer, inner));
            x.Device.Backend.Reduce(op, outer, sizes[run], inner, source.Ref, null, last ? scale : 1, y.Ref);
            source = y;
            sizes[run] = 1;
            op = next;
        }
        return source;
    }

    /// <summary>Merges neighbouring axes of the same kind. At least one run is reduced, if only one of size 1.</summary>
    private static int Runs(in Shape shape, int mask, Span<int> sizes, Span<bool> reduced)
    {
        int runs = 0;
        bool any = false;
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            int size = shape[axis];
            bool reduce = (mask & (1 << axis)) != 0;
            if (size == 1)
            {
                continue;
            }
            any |= reduce;
            if (runs > 0 && reduced[runs - 1] == reduce)
            {
                sizes[runs - 1] = Size.Of((long)sizes[runs - 1] * size);
                continue;
            }
            sizes[runs] = size;
            reduced[runs++] = reduce;
        }
        if (!any)
        {
            sizes[runs] = 1;
            reduced[runs++] = true;
        }
        return runs;
    }

    private static int Product(ReadOnlySpan<int> sizes)
    {
        int product = 1;
        foreach (int size in sizes)
        {
            product = Size.Of((long)product * size);
        }
        return product;
    }

    private static int AllAxes(Tensor x) => (1 << x.Rank) - 1;

    private static int AxisMask(string name, Tensor x, ReadOnlySpan<int> axes)
    {
        Shape shape = x.Shape;
        int mask = 0;
        foreach (int axis in axes)
        {
            int bit = 1 << CheckAxis(name, shape, axis);
            if ((mask & bit) != 0)
            {
                Throw.Argument($"{name}: axis {axis} is named twice.");
            }
            mask |= bit;
        }
        return mask;
    }

    /// <summary>Turns an axis counted from the end into one counted from the start.</summary>
    internal static int CheckAxis(string name, in Shape shape, int axis)
    {
        int result = axis < 0 ? axis + shape.Rank : axis;
        if ((uint)result >= (uint)shape.Rank)
        {
            Throw.Argument($"{name}: there is no axis {axis}; the tensor is {shape}.");
        }
        return result;
    }

    private static long ReducedCount(in Shape shape, int mask)
    {
        long count = 1;
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            count *= (mask & (1 << axis)) != 0 ? shape[axis] : 1;
        }
        return count;
    }

    private static Shape ReducedShape(in Shape shape, int mask, bool keepAxes)
    {
        Span<int> sizes = stackalloc int[Shape.MaxRank];
        int rank = 0;
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            bool reduced = (mask & (1 << axis)) != 0;
            if (!reduced || keepAxes)
            {
                sizes[rank++] = reduced ? 1 : shape[axis];
            }
        }
        return new Shape(sizes[..rank]);
    }
}
