using HyperKernels.Backends;

namespace HyperKernels;

public static partial class Ops
{
    /// <summary>Surrounds a tensor with a value.</summary>
    /// <param name="x">Floats.</param>
    /// <param name="perAxis">For each axis how many are put before and after; none negative.</param>
    /// <param name="value">What the border is filled with.</param>
    /// <returns>Every axis longer by what was put before and after.</returns>
    /// <exception cref="ArgumentException">Not one pair for each axis, a negative number, or x holds integers.</exception>
    /// <remarks>Differentiable any number of times.</remarks>
    public static Tensor Pad(Tensor x, ReadOnlySpan<(int Before, int After)> perAxis, float value = 0)
    {
        CheckFloat("Pad", x);
        Shape shape = x.Shape;
        if (perAxis.Length != shape.Rank)
        {
            Throw.Argument($"Pad: one pair for each axis of {shape} is needed; got {perAxis.Length}.");
        }
        Span<int> sizes = stackalloc int[Shape.MaxRank];
        Span<int> before = stackalloc int[Shape.MaxRank];
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            (int first, int last) = perAxis[axis];
            if (first < 0 || last < 0)
            {
                Throw.Argument($"Pad: what is put before and after must not be negative; axis {axis} has ({first}, {last}). To cut use Slice.");
            }
            sizes[axis] = Size.Of((long)shape[axis] + first + last, "the padded axis");
            before[axis] = first;
        }
        Tensor y = Tensor.Full(new Shape(sizes[..shape.Rank]), value, x.Device);
        if (x.Count > 0)
        {
            long offset = 0;
            for (int axis = 0; axis < shape.Rank; axis++)
            {
                offset = (offset * sizes[axis]) + before[axis];
            }
            Broadcast copy = shape.Rank == 0 ? Broadcasted(x, y, y, shape) : RangeCopy(x, y, shape, 0, 1, spreadSource: false);
            x.Device.Backend.Copy(copy, x.Ref, y.Ref.Skip(offset));
        }
        // A shape holds what was put before, because it is a list of small numbers that needs no array.
        return Record(y, [x], (new Shape(before[..shape.Rank]), shape), static (g, s) =>
        {
            Tensor inside = g.Output;
            for (int axis = 0; axis < s.shape.Rank; axis++)
            {
                if (inside.Shape[axis] != s.shape[axis])
                {
                    inside = Slice(inside, axis, s.Item1[axis], s.shape[axis]);
                }
            }
            g[0] = inside;
        });
    }

    /// <summary>Repeats a tensor as a whole along its axes: <c>[a, b]</c> repeated twice gives <c>[a, b, a, b]</c>.</summary>
    /// <param name="x">Floats or integers.</param>
    /// <param name="repeats">How often, for each axis.</param>
    /// <returns>Every axis as many times as long.</returns>
    /// <exception cref="ArgumentException">Not one number for each axis, or a negative one.</exception>
    /// <remarks>Differentiable any number of times.</remarks>
    public static Tensor Tile(Tensor x, params ReadOnlySpan<int> repeats)
    {
        Shape shape = x.Shape;
        if (repeats.Length != shape.Rank || repeats.ContainsAnyInRange(int.MinValue, -1))
        {
            Throw.Argument($"Tile: one number for each axis of {shape} is needed, none negative; got {repeats.Length} numbers.");
        }
        Tensor y = x;
        // From the last axis on, so that most of the copying is done when the tensor has its full length.
        for (int axis = shape.Rank - 1; axis >= 0; axis--)
        {
            if (repeats[axis] == 1)
            {
                continue;
            }
            Shape now = y.Shape;
            int outer = Product(now.AsSpan()[..axis]);
            int block = Product(now.AsSpan()[axis..]);
            Tensor blocks = BroadcastTo(Reshape(y, new Shape(outer, 1, block)), new Shape(outer, repeats[axis], block));
            y = Reshape(blocks, now.With(axis, Size.Of((long)now[axis] * repeats[axis], "the repeated axis")));
        }
        return y;
    }

    /// <summary>Repeats each row in its place: rows <c>a, b</c> twice give <c>a, a, b, b</c>.</summary>
    /// <param name="x">Floats or integers, <c>[N, ...]</c>.</param>
    /// <param name="times">How often; 0 leaves nothing.</param>
    /// <returns><c>[N times, ...]</c></returns>
    /// <exception cref="ArgumentException">x is a scalar, or times is negative.</exception>
    /// <remarks>Differentiable any number of times.</remarks>
    public static Tensor RepeatRows(Tensor x, int times)
    {
        Shape shape = x.Shape;
        if (shape.Rank == 0 || times < 0)
        {
            Throw.Argument($"RepeatRows: x must have an axis of rows and times must not be negative; got {shape} and {times}.");
        }
        int row = Size.Of(shape.RowCount);
        Tensor rows = BroadcastTo(Reshape(x, new Shape(shape[0], 1, row)), new Shape(shape[0], times, row));
        return Reshape(rows, shape.With(0, Size.Of((long)shape[0] * times, "the number of rows")));
    }
}
