using HyperKernels.Backends;

namespace HyperKernels;

// Broadcasting: how shapes combine, how operands are stepped through, and how a gradient finds its way back.
public static partial class Ops
{
    /// <summary>target += addend, in place; shapes are equal. For gradients and optimisers, which own what they write.</summary>
    internal static void AddInto(Tensor target, Tensor addend) =>
        target.Device.Backend.Binary(BinaryOp.Add, Broadcasted(target, addend, addend, target.Shape), target.Ref, addend.Ref, target.Ref);

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

    /// <summary>The strides of up to three operands over the axes of a result.</summary>
    internal static Broadcast Broadcasted(Tensor a, Tensor b, Tensor c, in Shape shape)
    {
        Broadcast sizes = default;
        if (IsPlain(a, shape) && IsPlain(b, shape) && IsPlain(c, shape))
        {
            sizes.Append((int)shape.Count, 1, 1, 1);
            sizes.Finish();
            return sizes;
        }
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

    // The common case, known without looking at every axis.
    private static bool IsPlain(Tensor x, in Shape shape)
    {
        TensorNode node = x.Node;
        return x.IsDense && node.Shape == shape && shape.Count <= int.MaxValue;
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
    internal static Tensor SumTo(Tensor x, in Shape shape)
    {
        if (x.Shape == shape)
        {
            return x;
        }
        if (x.Count == shape.Count)
        {
            // Axes of size 1 were added, nothing was repeated.
            return Reshape(x, shape);
        }
        int added = x.Rank - shape.Rank;
        int repeated = 0;
        for (int axis = 0; axis < x.Rank; axis++)
        {
            repeated |= axis < added || (shape[axis - added] == 1 && x.Shape[axis] != 1) ? 1 << axis : 0;
        }
        return Record(ReduceRuns(ReduceOp.Sum, x, repeated, 1, shape), [x], x.Shape, static (g, s) => g[0] = BroadcastTo(g.Output, s));
    }
}
