using HyperKernels.Backends;

namespace HyperKernels;

public static partial class Ops
{
    /// <summary>Reads rows by their numbers: <c>y[r] = x[rows[r]]</c>.</summary>
    /// <param name="x">Floats or integers, <c>[N, ...]</c>.</param>
    /// <param name="rows">Integers from 0 to below N, any shape R.</param>
    /// <returns><c>R + x.Shape[1..]</c>, dense.</returns>
    /// <exception cref="ArgumentException">x is a scalar, rows are not integers, or one of them is out of range.</exception>
    /// <remarks>Differentiable in x, any number of times; the gradient is <see cref="ScatterAddRows"/>.</remarks>
    public static Tensor GatherRows(Tensor x, Tensor rows)
    {
        Shape shape = x.Shape;
        if (shape.Rank == 0)
        {
            Throw.Argument("GatherRows: x must have an axis of rows; it is a scalar.");
        }
        CheckIndices("GatherRows", x, rows, shape[0]);
        Tensor index = Dense(rows);
        Shape result = rows.Shape;
        for (int axis = 1; axis < shape.Rank; axis++)
        {
            result = Appended("GatherRows", result, shape[axis]);
        }
        Tensor y = Tensor.New(x.Device, result, x.ElementType);
        y.Node.MinIndex = x.Node.MinIndex;
        y.Node.MaxIndex = x.Node.MaxIndex;
        x.Device.Backend.GatherRows(x.Ref, x.RowStride, index.Ref, Size.Of(rows.Count), Size.Of(shape.RowCount), y.Ref);
        return Record(y, [x, index], (shape, index), static (g, s) =>
        {
            Tensor scattered = ScatterAddRows(Reshape(g.Output, RowsOf(s.index, s.shape)), Reshape(s.index, Size.Of(s.index.Count)), s.shape[0]);
            g[0] = scattered;
        });
    }

    /// <summary>Adds rows up at their target's number: <c>y[rows[r]] += values[r]</c>.</summary>
    /// <param name="values">Floats, <c>R + [...]</c>.</param>
    /// <param name="rows">Integers from 0 to below <paramref name="count"/>, shape R: the first axes of <paramref name="values"/>.</param>
    /// <param name="count">Rows of the result.</param>
    /// <returns><c>[count, ...]</c>; rows that nothing is added to are zero.</returns>
    /// <exception cref="ArgumentException">The shapes do not go together, or an index is out of range.</exception>
    /// <remarks>
    /// Differentiable in values, any number of times; the gradient is <see cref="GatherRows"/>. Sums run in an order that the indices alone decide:
    /// reruns on the same device give the same bits.
    /// </remarks>
    public static Tensor ScatterAddRows(Tensor values, Tensor rows, int count)
    {
        CheckFloat("ScatterAddRows", values);
        Shape shape = values.Shape;
        Shape index = rows.Shape;
        if (shape.Rank < index.Rank || !shape.AsSpan()[..index.Rank].SequenceEqual(index.AsSpan()) || count < 0)
        {
            Throw.Argument($"ScatterAddRows: values must begin with the axes of rows, and count must not be negative; got values {shape}, rows {index}, count {count}.");
        }
        CheckIndices("ScatterAddRows", values, rows, count);
        Shape result = [count];
        for (int axis = index.Rank; axis < shape.Rank; axis++)
        {
            result = Appended("ScatterAddRows", result, shape[axis]);
        }
        Tensor from = Dense(values);
        Tensor at = Dense(rows);
        Tensor y = New(values, result);
        values.Device.Backend.ScatterAddRows(from.Ref, at.Ref, Size.Of(rows.Count), Size.Of(result.RowCount), count, y.Ref);
        return Record(y, [values, at], at, static (g, s) => g[0] = GatherRows(g.Output, s));
    }

    /// <summary>One-hot vectors: 1 at the index, 0 elsewhere.</summary>
    /// <param name="indices">Integers from 0 to below <paramref name="classes"/>, any shape.</param>
    /// <param name="classes">The size of the new last axis.</param>
    /// <returns>Floats, <c>indices.Shape + [classes]</c>.</returns>
    /// <exception cref="ArgumentException">An index is out of range, or indices are not integers.</exception>
    public static Tensor OneHot(Tensor indices, int classes)
    {
        if (classes < 0)
        {
            Throw.Argument($"OneHot: the number of classes must not be negative; got {classes}.");
        }
        CheckIndices("OneHot", indices, indices, classes);
        Tensor at = Dense(indices);
        Tensor y = New(indices, Appended("OneHot", indices.Shape, classes));
        Tensor ones = Tensor.Ones(indices.Shape, indices.Device);
        indices.Device.Backend.TakeAlong(true, Size.Of(indices.Count), classes, 1, 1, y.Ref, at.Ref, ones.Ref);
        return y;
    }

    /// <summary>The largest elements along the last axis, largest first; among equals the lower position first. NaN counts as largest.</summary>
    /// <param name="x">Floats, <c>[..., N]</c>.</param>
    /// <param name="k">From 1 to N.</param>
    /// <returns>The values <c>[..., k]</c> and their positions (integers).</returns>
    /// <exception cref="ArgumentException">x is a scalar or holds integers, or k is out of range.</exception>
    /// <remarks>The values are differentiable in x, any number of times.</remarks>
    public static (Tensor Values, Tensor Indices) TopK(Tensor x, int k)
    {
        CheckFloat("TopK", x);
        Shape shape = x.Shape;
        if (shape.Rank == 0 || k < 1 || k > shape[-1])
        {
            Throw.Argument($"TopK: k must be from 1 to the size of the last axis; got k = {k} for {shape}.");
        }
        int rows = Product(shape.AsSpan()[..^1]);
        Tensor source = Dense(x);
        Tensor indices = Tensor.New(x.Device, shape.With(-1, k), ElementType.Int32);
        (indices.Node.MinIndex, indices.Node.MaxIndex) = (0, shape[-1] - 1);
        x.Device.Backend.TopK(rows, shape[-1], k, source.Ref, indices.Ref);
        return (TakeAlong(x, indices, rows, shape[-1], k, 1), indices);
    }

    /// <summary>y [outer, count, inner] = x [outer, axis, inner] at the indices, which have the shape of the result.</summary>
    private static Tensor TakeAlong(Tensor x, Tensor indices, int outer, int axis, int count, int inner)
    {
        Tensor source = Dense(x);
        Tensor y = New(x, indices.Shape);
        x.Device.Backend.TakeAlong(false, outer, axis, count, inner, source.Ref, indices.Ref, y.Ref);
        return Record(y, [x, indices], (indices, x.Shape, outer, axis, count, inner), static (g, s) =>
            g[0] = PutAlong(g.Output, s.indices, s.Shape, s.outer, s.axis, s.count, s.inner));
    }

    /// <summary>Zeros of a shape [outer, axis, inner], plus x [outer, count, inner] at the indices.</summary>
    private static Tensor PutAlong(Tensor x, Tensor indices, in Shape shape, int outer, int axis, int count, int inner)
    {
        Tensor source = Dense(x);
        Tensor y = New(x, shape);
        x.Device.Backend.TakeAlong(true, outer, axis, count, inner, y.Ref, indices.Ref, source.Ref);
        return Record(y, [x, indices], (indices, x.Shape, outer, axis, count, inner), static (g, s) =>
            g[0] = Reshape(TakeAlong(g.Output, s.indices, s.outer, s.axis, s.count, s.inner), s.Shape));
    }

    /// <summary>Checks that indices are integers on the same device and all lie from 0 to below a bound, by their noted limits.</summary>
    internal static void CheckIndices(string name, Tensor x, Tensor indices, int bound, string what = "indices")
    {
        if (indices.ElementType != ElementType.Int32)
        {
            Throw.Argument($"{name}: {what} must be integers; got {indices.Description}. Make them with Tensor.From([1, 2]): numbers without f or decimal point.");
        }
        CheckDevices(name, x, indices);
        TensorNode node = indices.Node;
        if (indices.Count > 0 && (node.MinIndex < 0 || node.MaxIndex >= bound))
        {
            Throw.Argument($"{name}: {what} must be from 0 to below {bound}; they reach from {node.MinIndex} to {node.MaxIndex}.");
        }
    }

    private static Shape Appended(string name, in Shape shape, int size)
    {
        if (shape.Rank == Shape.MaxRank)
        {
            Throw.Argument($"{name}: the result would have more than {Shape.MaxRank} axes.");
        }
        return shape.Insert(shape.Rank, size);
    }

    // The shape of gathered rows with their index axes merged.
    private static Shape RowsOf(Tensor indices, in Shape shape) => shape.With(0, Size.Of(indices.Count));
}
