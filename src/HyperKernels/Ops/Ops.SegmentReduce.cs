using HyperKernels.Backends;

namespace HyperKernels;

public static partial class Ops
{
    /// <summary>The largest value of each segment, feature by feature.</summary>
    /// <param name="values">One row per membership, <c>[M, ...]</c>, in the order of the pairs.</param>
    /// <param name="incidence">Assigns the memberships to hyperedges and nodes.</param>
    /// <param name="toward">Whether segments are hyperedges or nodes.</param>
    /// <returns><c>[E, ...]</c> or <c>[N, ...]</c>; an empty segment gives zeros.</returns>
    /// <exception cref="ArgumentException">values has not one row per membership, holds integers, or is on another device.</exception>
    /// <remarks>Differentiable any number of times: the first of equal values gets the gradient. NaN in a segment gives NaN.</remarks>
    public static Tensor SegmentMax(Tensor values, Incidence incidence, Toward toward) => SegmentExtreme("SegmentMax", Extreme.Max, values, incidence, toward);

    /// <summary>The smallest value of each segment, feature by feature.</summary>
    /// <param name="values">One row per membership, <c>[M, ...]</c>, in the order of the pairs.</param>
    /// <param name="incidence">Assigns the memberships to hyperedges and nodes.</param>
    /// <param name="toward">Whether segments are hyperedges or nodes.</param>
    /// <returns><c>[E, ...]</c> or <c>[N, ...]</c>; an empty segment gives zeros.</returns>
    /// <exception cref="ArgumentException">values has not one row per membership, holds integers, or is on another device.</exception>
    /// <remarks>As <see cref="SegmentMax"/>.</remarks>
    public static Tensor SegmentMin(Tensor values, Incidence incidence, Toward toward) => SegmentExtreme("SegmentMin", Extreme.Min, values, incidence, toward);

    /// <summary>Softmax inside each segment, column by column: <c>y[i, c] = exp(x[i, c]) / sum of exp(x[j, c])</c> over the memberships j of i's segment.</summary>
    /// <param name="scores">One row per membership, <c>[M, ...]</c>, in the order of the pairs; every column (head) on its own.</param>
    /// <param name="incidence">Assigns the memberships to hyperedges and nodes.</param>
    /// <param name="toward">Whether segments are hyperedges or nodes.</param>
    /// <returns>The shape of <paramref name="scores"/>; the rows of a segment add up to one.</returns>
    /// <exception cref="ArgumentException">scores has not one row per membership, holds integers, or is on another device.</exception>
    /// <remarks>Differentiable any number of times. The largest score is taken off first, so that no exponential overflows.</remarks>
    public static Tensor SegmentSoftmax(Tensor scores, Incidence incidence, Toward toward)
    {
        CheckRows("SegmentSoftmax", incidence, SegmentEnd.Memberships, scores);
        Tensor x = Dense(scores);
        Tensor y = New(x, x.Shape);
        x.Device.Backend.SegmentSoftmax(Form(incidence, SegmentEnd.Memberships, EndOf(toward)), Size.Of(x.Shape.RowCount), x.Ref, null, y.Ref);
        return Record(y, [scores], (incidence, toward, y), static (g, s) =>
        {
            SegmentEnd end = EndOf(s.toward);
            if (g.Recorded)
            {
                Tensor weighted = Multiply(s.y, g.Output);
                Tensor sums = SegmentSum("SegmentSoftmax", s.incidence, SegmentEnd.Memberships, end, weighted, null, null, null);
                Tensor spread = SegmentSum("SegmentSoftmax", s.incidence, end, SegmentEnd.Memberships, sums, null, null, null);
                g[0] = Subtract(weighted, Multiply(s.y, spread));
                return;
            }
            Tensor gradient = Dense(g.Output);
            Tensor dx = New(s.y, s.y.Shape);
            dx.Device.Backend.SegmentSoftmax(
                Form(s.incidence, SegmentEnd.Memberships, end), Size.Of(dx.Shape.RowCount), s.y.Ref, gradient.Ref, dx.Ref);
            g[0] = dx;
        });
    }

    private static Tensor SegmentExtreme(string name, Extreme kind, Tensor values, Incidence incidence, Toward toward)
    {
        CheckRows(name, incidence, SegmentEnd.Memberships, values);
        Tensor x = Dense(values);
        Shape shape = x.Shape.With(0, CountOf(incidence, EndOf(toward)));
        Tensor y = New(x, shape);
        Tensor argument = Tensor.New(x.Device, shape, ElementType.Int32);
        x.Device.Backend.SegmentExtreme(
            kind, Form(incidence, SegmentEnd.Memberships, EndOf(toward)), Size.Of(x.Shape.RowCount), x.Ref, y.Ref, argument.Ref);
        return Record(y, [values], (argument, values.Shape), static (g, s) => g[0] = SegmentSpread(g.Output, s.argument, s.Shape));
    }

    /// <summary>Zeros, but for what goes to the membership that each element of <paramref name="x"/> came from.</summary>
    private static Tensor SegmentSpread(Tensor x, Tensor argument, in Shape shape)
    {
        Tensor dense = Dense(x);
        Tensor y = New(x, shape);
        x.Device.Backend.Fill(y.Ref, y.Count, 0);
        x.Device.Backend.SegmentPick(true, x.Shape[0], Size.Of(x.Shape.RowCount), argument.Ref, dense.Ref, y.Ref);
        return Record(y, [x], argument, static (g, s) => g[0] = SegmentPick(g.Output, s));
    }

    /// <summary>For each element the value at the membership that it came from: the gradient of <see cref="SegmentSpread"/>.</summary>
    private static Tensor SegmentPick(Tensor x, Tensor argument)
    {
        Tensor dense = Dense(x);
        Tensor y = New(x, argument.Shape);
        x.Device.Backend.SegmentPick(false, argument.Shape[0], Size.Of(argument.Shape.RowCount), argument.Ref, dense.Ref, y.Ref);
        return Record(y, [x], (argument, x.Shape), static (g, s) => g[0] = SegmentSpread(g.Output, s.argument, s.Shape));
    }
}
