using HyperKernels.Backends;

namespace HyperKernels;

public static partial class Ops
{
    /// <summary>The same elements in the same order under other axes.</summary>
    /// <param name="x">Floats or integers.</param>
    /// <param name="shape">As many elements as <paramref name="x"/>.</param>
    /// <returns>A view where the memory allows it (always for dense tensors), else a copy.</returns>
    /// <exception cref="ArgumentException">The number of elements differs.</exception>
    /// <remarks>Differentiable any number of times.</remarks>
    public static Tensor Reshape(Tensor x, Shape shape)
    {
        Shape old = x.Shape;
        if (shape == old)
        {
            return x;
        }
        if (shape.Count != old.Count)
        {
            Throw.Argument($"Reshape: {shape} has {shape.Count} elements; the tensor {old} has {old.Count}.");
        }
        bool rowsStay = old.Rank > 0 && shape.Rank > 0 && old[0] == shape[0];
        Tensor source = rowsStay ? x : Dense(x);
        Tensor y = source.View(shape, 0, rowsStay ? x.RowStride : shape.RowCount);
        Record(y, [x], old, static (g, s) => g[0] = Reshape(g.Output, s));
        MarkViews(x, [y]);
        return y;
    }

    /// <summary>The same elements under other axes; one size may be -1 and is worked out from the others.</summary>
    /// <exception cref="ArgumentException">More than one size is -1, or the number of elements differs.</exception>
    [System.Runtime.CompilerServices.OverloadResolutionPriority(1)] // A literal [-1, 3] means this form, not a Shape.
    public static Tensor Reshape(Tensor x, params ReadOnlySpan<int> sizes)
    {
        Span<int> known = stackalloc int[Shape.MaxRank];
        if (sizes.Length > Shape.MaxRank)
        {
            Throw.Argument($"Reshape: at most {Shape.MaxRank} axes; got {sizes.Length}.");
        }
        int unknown = -1;
        long count = 1;
        for (int axis = 0; axis < sizes.Length; axis++)
        {
            known[axis] = sizes[axis];
            if (sizes[axis] != -1)
            {
                count *= sizes[axis];
            }
            else if (unknown >= 0)
            {
                Throw.Argument("Reshape: only one size may be -1.");
            }
            else
            {
                unknown = axis;
            }
        }
        if (unknown >= 0)
        {
            if (count == 0 || x.Count % count != 0)
            {
                Throw.Argument($"Reshape: the size given as -1 would not be whole: {x.Count} elements of {x.Shape} over {count}.");
            }
            known[unknown] = Size.Of(x.Count / count);
        }
        return Reshape(x, new Shape(known[..sizes.Length]));
    }

    /// <summary>Merges all axes from one on: <c>[B, C, H, W]</c> becomes <c>[B, C H W]</c>.</summary>
    /// <param name="x">Floats or integers.</param>
    /// <param name="startAxis">The first axis to merge; may be the rank, which adds an axis of size 1.</param>
    /// <exception cref="ArgumentException">There is no such axis.</exception>
    public static Tensor Flatten(Tensor x, int startAxis = 1)
    {
        Shape shape = x.Shape;
        int start = startAxis < 0 ? startAxis + shape.Rank : startAxis;
        if (start < 0 || start > shape.Rank)
        {
            Throw.Argument($"Flatten: there is no axis {startAxis}; the tensor is {shape}.");
        }
        Span<int> sizes = stackalloc int[Shape.MaxRank + 1];
        shape.AsSpan()[..start].CopyTo(sizes);
        sizes[start] = Product(shape.AsSpan()[start..]);
        return Reshape(x, new Shape(sizes[..(start + 1)]));
    }

    /// <summary>Reorders the axes: axis i of the result is axis <c>order[i]</c> of the input.</summary>
    /// <param name="x">Floats or integers.</param>
    /// <param name="order">Every axis once.</param>
    /// <returns>A dense copy, or a view if only axes of size 1 moved.</returns>
    /// <exception cref="ArgumentException">order does not name every axis once.</exception>
    /// <remarks>Differentiable any number of times.</remarks>
    public static Tensor Permute(Tensor x, params ReadOnlySpan<int> order)
    {
        Shape shape = x.Shape;
        if (order.Length != shape.Rank)
        {
            Throw.Argument($"Permute: the order must name each of the {shape.Rank} axes of {shape} once; it has {order.Length}.");
        }
        Span<int> from = stackalloc int[Shape.MaxRank];
        Span<int> back = stackalloc int[Shape.MaxRank];
        Span<int> sizes = stackalloc int[Shape.MaxRank];
        int seen = 0;
        int last = -1;
        bool moved = false;
        for (int axis = 0; axis < order.Length; axis++)
        {
            int source = CheckAxis("Permute", shape, order[axis]);
            from[axis] = source;
            back[source] = axis;
            sizes[axis] = shape[source];
            seen |= 1 << source;
            if (shape[source] != 1)
            {
                moved |= source < last;
                last = source;
            }
        }
        if (seen != AllAxes(x))
        {
            Throw.Argument($"Permute: the order must name each axis of {shape} once; it is [{string.Join(", ", order.ToArray())}].");
        }
        Shape result = new(sizes[..shape.Rank]);
        if (!moved)
        {
            return Reshape(x, result);
        }
        Tensor y = Tensor.New(x.Device, result, x.ElementType);
        y.Node.MinIndex = x.Node.MinIndex;
        y.Node.MaxIndex = x.Node.MaxIndex;
        Span<long> steps = stackalloc long[Shape.MaxRank];
        Steps(x, shape.Rank, steps);
        Broadcast copy = default;
        long to = result.Count;
        for (int axis = 0; axis < shape.Rank && to > 0; axis++)
        {
            to /= sizes[axis];
            copy.Append(sizes[axis], steps[from[axis]], to, 0);
        }
        copy.Finish();
        if (result.Count > 0)
        {
            x.Device.Backend.Copy(copy, x.Ref, y.Ref);
        }
        // A shape holds the inverse order, because it is a list of small numbers that needs no array.
        return Record(y, [x], new Shape(back[..shape.Rank]), static (g, s) => g[0] = Permute(g.Output, s.AsSpan()));
    }

    /// <summary>Swaps two axes, by default the last two.</summary>
    /// <exception cref="ArgumentException">There is no such axis.</exception>
    public static Tensor Transpose(Tensor x, int a = -2, int b = -1)
    {
        Span<int> order = stackalloc int[Shape.MaxRank];
        for (int axis = 0; axis < x.Rank; axis++)
        {
            order[axis] = axis;
        }
        int first = CheckAxis("Transpose", x.Shape, a);
        int second = CheckAxis("Transpose", x.Shape, b);
        (order[first], order[second]) = (second, first);
        return Permute(x, order[..x.Rank]);
    }

    /// <summary>Repeats a tensor along axes of size 1 and new leading axes until it has a shape.</summary>
    /// <param name="x">Floats or integers.</param>
    /// <param name="shape">A shape that <paramref name="x"/> broadcasts to.</param>
    /// <returns>A dense copy; the same tensor if it has that shape already.</returns>
    /// <exception cref="ArgumentException">x does not broadcast to that shape.</exception>
    /// <remarks>Differentiable any number of times.</remarks>
    public static Tensor BroadcastTo(Tensor x, Shape shape)
    {
        Shape old = x.Shape;
        if (old == shape)
        {
            return x;
        }
        if (old.Rank > shape.Rank || BroadcastShape("BroadcastTo", old, shape) != shape)
        {
            Throw.Argument($"BroadcastTo: {old} does not broadcast to {shape}.");
        }
        Tensor y = Tensor.New(x.Device, shape, x.ElementType);
        y.Node.MinIndex = x.Node.MinIndex;
        y.Node.MaxIndex = x.Node.MaxIndex;
        x.Device.Backend.Copy(Broadcasted(x, y, y, shape), x.Ref, y.Ref);
        return Record(y, [x], old, static (g, s) => g[0] = SumTo(g.Output, s));
    }
}
