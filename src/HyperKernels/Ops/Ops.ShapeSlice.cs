using HyperKernels.Backends;

namespace HyperKernels;

public static partial class Ops
{
    /// <summary>Takes every <paramref name="step"/>-th element along an axis, from <paramref name="start"/> on.</summary>
    /// <param name="x">Floats or integers.</param>
    /// <param name="axis">Along which axis.</param>
    /// <param name="start">The first element taken.</param>
    /// <param name="length">How many are taken.</param>
    /// <param name="step">At least 1.</param>
    /// <returns>A view along the first axis, and along the second with step 1; else a copy.</returns>
    /// <exception cref="ArgumentException">There is no such axis, or the range leaves it.</exception>
    /// <remarks>Differentiable any number of times. For several pieces of one tensor use <see cref="Split(Tensor, int, ReadOnlySpan{int})"/>: its gradient is one pass.</remarks>
    public static Tensor Slice(Tensor x, int axis, int start, int length, int step = 1)
    {
        Shape shape = x.Shape;
        axis = CheckAxis("Slice", shape, axis);
        if (step < 1 || length < 0 || start < 0 || start > shape[axis] || (length > 0 && start + ((length - 1L) * step) >= shape[axis]))
        {
            Throw.Argument($"Slice: axis {axis} of {shape} has no {length} elements from {start} on with step {step}.");
        }
        Tensor y = TakeRange(x, axis, start, length, step);
        Record(y, [x], (shape, axis, start, step), static (g, s) => g[0] = Place(g.Output, s.shape, s.axis, s.start, s.step));
        MarkViews(x, [y]);
        return y;
    }

    /// <summary>Cuts a tensor along an axis into pieces of given lengths.</summary>
    /// <param name="x">Floats or integers.</param>
    /// <param name="axis">Along which axis.</param>
    /// <param name="lengths">They add up to the size of the axis.</param>
    /// <returns>The pieces in order; views along the first two axes.</returns>
    /// <exception cref="ArgumentException">The lengths do not add up to the axis.</exception>
    /// <remarks>Differentiable any number of times; the gradient of all pieces is one pass.</remarks>
    public static Tensor[] Split(Tensor x, int axis, params ReadOnlySpan<int> lengths)
    {
        Tensor[] pieces = new Tensor[lengths.Length];
        Split(x, axis, lengths, pieces);
        return pieces;
    }

    /// <summary>As <see cref="Split(Tensor, int, ReadOnlySpan{int})"/>, into a span of the caller's: allocates nothing.</summary>
    /// <exception cref="ArgumentException">The lengths do not add up to the axis, or there are not as many places as lengths.</exception>
    public static void Split(Tensor x, int axis, ReadOnlySpan<int> lengths, Span<Tensor> pieces)
    {
        Shape shape = x.Shape;
        axis = CheckAxis("Split", shape, axis);
        long total = 0;
        foreach (int length in lengths)
        {
            total += length;
        }
        if (total != shape[axis] || lengths.ContainsAnyInRange(int.MinValue, -1) || pieces.Length != lengths.Length)
        {
            Throw.Argument(
                $"Split: the lengths must add up to axis {axis} of {shape}, with a place for each piece; got {lengths.Length} lengths, sum {total}, and {pieces.Length} places.");
        }
        int start = 0;
        for (int i = 0; i < lengths.Length; i++)
        {
            pieces[i] = TakeRange(x, axis, start, lengths[i], 1);
            start += lengths[i];
        }
        Record(pieces, [x], (axis, lengths.Length), static (g, s) =>
        {
            Tensor[] gradients = new Tensor[s.Length];
            for (int i = 0; i < gradients.Length; i++)
            {
                gradients[i] = g.OutputAt(i);
            }
            g[0] = Concatenate(s.axis, gradients);
        });
        MarkViews(x, pieces);
    }

    /// <summary>Joins tensors along an axis.</summary>
    /// <param name="axis">Along which axis.</param>
    /// <param name="pieces">At least one; their shapes differ in that axis only.</param>
    /// <returns>Dense; the axis is the sum of theirs.</returns>
    /// <exception cref="ArgumentException">No pieces, or shapes, element types or devices that do not go together.</exception>
    /// <remarks>Differentiable in all pieces, any number of times.</remarks>
    public static Tensor Concatenate(int axis, params ReadOnlySpan<Tensor> pieces)
    {
        CheckPieces("Concatenate", pieces);
        Shape shape = pieces[0].Shape;
        axis = CheckAxis("Concatenate", shape, axis);
        int total = 0;
        foreach (Tensor piece in pieces)
        {
            if (piece.Rank != shape.Rank || piece.Shape.With(axis, shape[axis]) != shape)
            {
                Throw.Argument($"Concatenate: shapes may differ in axis {axis} only; got {shape} and {piece.Shape}.");
            }
            total = Size.Of((long)total + piece.Shape[axis], "the joined axis");
        }
        Tensor y = Join(pieces, shape.With(axis, total), axis);
        if (Tape.Recording is null)
        {
            return y;
        }
        int[] lengths = new int[pieces.Length];
        for (int i = 0; i < lengths.Length; i++)
        {
            lengths[i] = pieces[i].Shape[axis];
        }
        return Record(y, pieces, (axis, lengths), static (g, s) =>
        {
            int start = 0;
            for (int i = 0; i < s.lengths.Length; i++)
            {
                if (g.Needs(i))
                {
                    g[i] = Slice(g.Output, s.axis, start, s.lengths[i]);
                }
                start += s.lengths[i];
            }
        });
    }

    /// <summary>Joins tensors of one shape along a new axis.</summary>
    /// <param name="axis">The place of the new axis in the result.</param>
    /// <param name="pieces">At least one; all of one shape.</param>
    /// <returns>Dense; the new axis is as long as there are pieces.</returns>
    /// <exception cref="ArgumentException">No pieces, or shapes, element types or devices that do not go together.</exception>
    /// <remarks>Differentiable in all pieces, any number of times.</remarks>
    public static Tensor Stack(int axis, params ReadOnlySpan<Tensor> pieces)
    {
        CheckPieces("Stack", pieces);
        Shape shape = pieces[0].Shape;
        int place = axis < 0 ? axis + shape.Rank + 1 : axis;
        if (place < 0 || place > shape.Rank || shape.Rank == Shape.MaxRank)
        {
            Throw.Argument($"Stack: a new axis cannot stand at {axis} of {shape}.");
        }
        foreach (Tensor piece in pieces)
        {
            if (piece.Shape != shape)
            {
                Throw.Argument($"Stack: all shapes must be equal; got {shape} and {piece.Shape}. To join along an axis that exists use Concatenate.");
            }
        }
        Tensor y = Join(pieces, shape.Insert(place, pieces.Length), place);
        return Record(y, pieces, (place, shape, pieces.Length), static (g, s) =>
        {
            for (int i = 0; i < s.Length; i++)
            {
                if (g.Needs(i))
                {
                    g[i] = Reshape(Slice(g.Output, s.place, i, 1), s.shape);
                }
            }
        });
    }

    private static void CheckPieces(string name, ReadOnlySpan<Tensor> pieces)
    {
        if (pieces.IsEmpty)
        {
            Throw.Argument($"{name}: at least one tensor is needed.");
        }
        foreach (Tensor piece in pieces)
        {
            if (piece.ElementType != pieces[0].ElementType || !ReferenceEquals(piece.Device, pieces[0].Device))
            {
                Throw.Argument($"{name}: all tensors must hold the same type on one device; got {pieces[0].Description} and {piece.Description}.");
            }
        }
    }

    // Copies each piece to where its elements stand in the result: blocks of the axis and what is behind it, once per outer step.
    private static Tensor Join(ReadOnlySpan<Tensor> pieces, in Shape shape, int axis)
    {
        Tensor y = Tensor.New(pieces[0].Device, shape, pieces[0].ElementType);
        int outer = Product(shape.AsSpan()[..axis]);
        long row = outer == 0 ? 0 : shape.Count / outer;
        long offset = 0;
        int min = int.MaxValue;
        int max = int.MinValue;
        foreach (Tensor piece in pieces)
        {
            if (piece.Count == 0)
            {
                continue;
            }
            CopyBlocks(piece, y.Ref.Skip(offset), outer, row);
            offset += piece.Count / outer;
            min = Math.Min(min, piece.Node.MinIndex);
            max = Math.Max(max, piece.Node.MaxIndex);
        }
        (y.Node.MinIndex, y.Node.MaxIndex) = min > max ? (0, 0) : (min, max);
        return y;
    }

    // Writes the elements of x, cut into equal blocks, to places a fixed distance apart.
    private static void CopyBlocks(Tensor x, BufferRef destination, int blocks, long distance)
    {
        Shape shape = x.Shape;
        // Rows with gaps keep their first axis; it is finer or coarser than the blocks.
        Broadcast sizes = default;
        long block = shape.Count / blocks;
        if (x.IsDense)
        {
            sizes.Append(blocks, block, distance, 0);
            sizes.Append(Size.Of(block), 1, 1, 0);
        }
        else if (blocks % shape[0] == 0)
        {
            int perRow = blocks / shape[0];
            sizes.Append(shape[0], x.RowStride, distance * perRow, 0);
            sizes.Append(perRow, block, distance, 0);
            sizes.Append(Size.Of(block), 1, 1, 0);
        }
        else
        {
            // Blocks of several rows: only a first axis that is joined along has one block.
            sizes.Append(shape[0], x.RowStride, shape.RowCount, 0);
            sizes.Append(Size.Of(shape.RowCount), 1, 1, 0);
        }
        sizes.Finish();
        x.Device.Backend.Copy(sizes, x.Ref, destination);
    }

    // The range itself, not recorded.
    private static Tensor TakeRange(Tensor x, int axis, int start, int length, int step)
    {
        Shape shape = x.Shape;
        Shape result = shape.With(axis, length);
        if (axis == 0)
        {
            return x.View(result, start * x.RowStride, x.RowStride * step);
        }
        long inner = Product(shape.AsSpan()[(axis + 1)..]);
        if ((step == 1 || length <= 1) && Product(shape.AsSpan()[1..axis]) == 1)
        {
            return x.View(result, start * inner, x.RowStride);
        }
        Tensor y = Tensor.New(x.Device, result, x.ElementType);
        y.Node.MinIndex = x.Node.MinIndex;
        y.Node.MaxIndex = x.Node.MaxIndex;
        if (result.Count > 0)
        {
            x.Device.Backend.Copy(RangeCopy(x, y, result, axis, step, spreadSource: true), x.Ref.Skip(start * inner), y.Ref);
        }
        return y;
    }

    // Copies between a tensor and every step-th element along an axis of another.
    private static Broadcast RangeCopy(Tensor from, Tensor to, in Shape shape, int axis, int step, bool spreadSource)
    {
        Span<long> source = stackalloc long[Shape.MaxRank];
        Span<long> destination = stackalloc long[Shape.MaxRank];
        Steps(from, shape.Rank, source);
        Steps(to, shape.Rank, destination);
        (spreadSource ? source : destination)[axis] *= step;
        Broadcast copy = default;
        for (int i = 0; i < shape.Rank; i++)
        {
            copy.Append(shape[i], source[i], destination[i], 0);
        }
        copy.Finish();
        return copy;
    }

    /// <summary>Undoes a slice: zeros of a shape, with x at every step-th place along an axis.</summary>
    private static Tensor Place(Tensor x, in Shape shape, int axis, int start, int step)
    {
        Tensor y = Tensor.Zeros(shape, x.Device);
        CopyInto(x, y, axis, start, step);
        return Record(y, [x], (axis, start, x.Shape[axis], step), static (g, s) => g[0] = Slice(g.Output, s.axis, s.start, s.Item3, s.step));
    }

    /// <summary>Writes x to every <paramref name="step"/>-th place along an axis of a dense y; never recorded.</summary>
    internal static void CopyInto(Tensor x, Tensor y, int axis, int start, int step = 1)
    {
        if (x.Count > 0)
        {
            long inner = Product(y.Shape.AsSpan()[(axis + 1)..]);
            x.Device.Backend.Copy(RangeCopy(x, y, x.Shape, axis, step, spreadSource: false), x.Ref, y.Ref.Skip(start * inner));
        }
    }
}
