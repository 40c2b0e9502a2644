using HyperKernels.Backends;

namespace HyperKernels;

public static partial class Ops
{
    /// <summary>Adds two tensors, element by element: <c>a + b</c>.</summary>
    /// <param name="a">Any shape.</param>
    /// <param name="b">A shape that broadcasts with that of <paramref name="a"/>: axes are aligned at the end, and an axis of size 1 is repeated.</param>
    /// <returns>The broadcast shape.</returns>
    /// <exception cref="ArgumentException">The shapes do not broadcast, the devices differ, or one holds integers.</exception>
    /// <remarks>Differentiable in both, any number of times.</remarks>
    public static Tensor Add(Tensor a, Tensor b) =>
        Record(Binary("Add", BinaryOp.Add, a, b), [a, b], (a.Shape, b.Shape), static (g, s) =>
        {
            g[0] = SumTo(g.Output, s.Item1);
            g[1] = SumTo(g.Output, s.Item2);
        });

    /// <summary>target += addend, in place; shapes are equal. For gradients and optimisers, which own what they write.</summary>
    internal static void AddInto(Tensor target, Tensor addend) =>
        target.Device.Backend.Binary(BinaryOp.Add, Broadcasted("AddInto", target, addend, target.Shape), target.Ref, addend.Ref, target.Ref);

    private static Tensor Binary(string name, BinaryOp op, Tensor a, Tensor b)
    {
        CheckFloats(name, a, b);
        Shape shape = BroadcastShape(name, a.Shape, b.Shape);
        Tensor y = New(a, shape);
        a.Device.Backend.Binary(op, Broadcasted(name, a, b, shape), a.Ref, b.Ref, y.Ref);
        return y;
    }

    /// <summary>The shape that two shapes broadcast to.</summary>
    internal static Shape BroadcastShape(string name, in Shape a, in Shape b)
    {
        if (a == b)
        {
            return a;
        }
        int rank = Math.Max(a.Rank, b.Rank);
        Span<int> sizes = stackalloc int[Shape.MaxRank];
        for (int axis = 1; axis <= rank; axis++)
        {
            int sizeA = axis <= a.Rank ? a[-axis] : 1;
            int sizeB = axis <= b.Rank ? b[-axis] : 1;
            if (sizeA != sizeB && sizeA != 1 && sizeB != 1)
            {
                Throw.Argument($"{name}: {a} and {b} do not broadcast: axis {-axis} is {sizeA} in one and {sizeB} in the other.");
            }
            sizes[rank - axis] = sizeA == 1 ? sizeB : sizeA;
        }
        return new Shape(sizes[..rank]);
    }

    private static Broadcast Broadcasted(string name, Tensor a, Tensor b, in Shape shape) => Broadcasted(a, b, b, shape);

    /// <summary>The strides of up to three operands over the axes of a result.</summary>
    internal static Broadcast Broadcasted(Tensor a, Tensor b, Tensor c, in Shape shape)
    {
        Broadcast sizes = default;
        Span<long> strides = stackalloc long[3 * Shape.MaxRank];
        Steps(a, shape.Rank, strides);
        Steps(b, shape.Rank, strides[Shape.MaxRank..]);
        Steps(c, shape.Rank, strides[(2 * Shape.MaxRank)..]);
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            sizes.Append(shape[axis], strides[axis], strides[Shape.MaxRank + axis], strides[(2 * Shape.MaxRank) + axis]);
        }
        sizes.Finish();
        return sizes;
    }

    /// <summary>Elements from one step of each axis to the next, 0 where the tensor repeats; aligned at the end of <paramref name="rank"/> axes.</summary>
    private static void Steps(Tensor x, int rank, Span<long> strides)
    {
        ref Shape shape = ref x.Node.Shape;
        strides[..rank].Clear();
        long step = 1;
        for (int axis = shape.Rank - 1; axis >= 0; axis--)
        {
            long here = axis == 0 ? x.RowStride : step;
            strides[rank - shape.Rank + axis] = shape[axis] == 1 ? 0 : here;
            step *= shape[axis];
        }
    }

    /// <summary>Undoes broadcasting: sums over the axes along which a tensor of <paramref name="shape"/> was repeated.</summary>
    private static Tensor SumTo(Tensor gradient, in Shape shape)
    {
        if (gradient.Shape == shape)
        {
            return gradient;
        }
        throw new NotSupportedException();
    }
}
