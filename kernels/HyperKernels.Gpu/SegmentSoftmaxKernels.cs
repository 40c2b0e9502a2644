using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>Softmax over the slots of segments, and its gradient. A unit is one column.</summary>
internal static class SegmentSoftmaxKernels
{
    /// <summary>What a launch of <see cref="Softmax{TForm}"/> does: all, for segments that are not cut into pieces.</summary>
    public const int Whole = 0;

    /// <summary>The largest and the sum of each piece.</summary>
    public const int Statistics = 1;

    /// <summary>Those of a segment from its pieces', into the row of the first piece.</summary>
    public const int JoinedStatistics = 2;

    /// <summary>The result of each piece from them.</summary>
    public const int Result = 3;

    /// <summary>
    /// Softmax over the slots of each segment, column by column: y = e^(x - max) / sum of the same. As gradient: y = x * (gradient - sum of x * gradient), x
    /// being the softmax. Long segments take three more launches: the statistics (largest, sum) of their pieces, those joined into the row of the first piece,
    /// and the result from them; firsts[piece] = that row.   One group per 256 threads of the layout.
    /// </summary>
    [Kernel]
    public static void Softmax<TForm>(SegmentSoftmaxArguments p)
        where TForm : struct, ISegmentSoftmax
    {
        ArrayView<float> room = SharedMemory.Allocate1D<float>(256).AsContiguous();
        SegmentPlace place = SegmentPlace.Of(p.Sizes, p.Offsets, p.Pieces);
        bool isJoined = p.Part == JoinedStatistics;
        // No barrier under a condition, not even one that is the same for all threads: where the statistics are known, those of no slots are worked out.
        int end = p.Part == Result ? place.Begin : place.End;
        float largest = 0;
        if (!TForm.IsGradient)
        {
            room[Threads.Local] = isJoined ? JoinedLargest(p, place) : Largest(p, place, end);
            for (int span = p.Sizes.Lanes >> 1; span > 0; span >>= 1)
            {
                Group.Barrier();
                if (SegmentPlace.Joins(place, span))
                {
                    room[Threads.Local] = MathK.Max(room[Threads.Local], room[Threads.Local + (span * p.Sizes.Units)]);
                }
            }
            Group.Barrier();
            largest = OfFirstLane(room, place, p.Sizes);
            Group.Barrier();
        }
        room[Threads.Local] = isJoined ? JoinedSum<TForm>(p, place, largest) : Sum<TForm>(p, place, end, largest);
        for (int span = p.Sizes.Lanes >> 1; span > 0; span >>= 1)
        {
            Group.Barrier();
            if (SegmentPlace.Joins(place, span))
            {
                room[Threads.Local] += room[Threads.Local + (span * p.Sizes.Units)];
            }
        }
        Group.Barrier();
        float sum = OfFirstLane(room, place, p.Sizes);
        if (p.Part == Statistics || isJoined)
        {
            if (place.IsPresent && place.Lane == 0)
            {
                long at = ((long)(isJoined ? place.Begin : place.Segment) * p.Sizes.Units) + place.Unit;
                p.Sums[at] = sum;
                if (!TForm.IsGradient)
                {
                    p.Largests[at] = largest;
                }
            }
        }
        else
        {
            if (p.Part == Result && place.IsPresent)
            {
                long at = ((long)p.Firsts[place.Segment] * p.Sizes.Units) + place.Unit;
                sum = p.Sums[at];
                if (!TForm.IsGradient)
                {
                    largest = p.Largests[at];
                }
            }
            Write<TForm>(p, place, largest, TForm.IsGradient ? sum : 1 / sum);
        }
    }

    // The largest of a thread's slots.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest(SegmentSoftmaxArguments p, SegmentPlace place, int end)
    {
        int lanes = p.Sizes.Lanes;
        float largest = float.NegativeInfinity;
        int slot = place.Begin + place.Lane;
        for (; slot < end - (3 * lanes); slot += 4 * lanes)
        {
            F4 x = Get(p.X, I4.Listed(p.Positions, I4.Range(slot, lanes)), p.Sizes.Units, place.Unit);
            largest = MathK.Max(MathK.Max(MathK.Max(MathK.Max(largest, x.X), x.Y), x.Z), x.W);
        }
        for (; slot < end; slot += lanes)
        {
            largest = MathK.Max(largest, p.X[((long)I4.Listed(p.Positions, slot) * p.Sizes.Units) + place.Unit]);
        }
        return largest;
    }

    // The sum over them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum<TForm>(SegmentSoftmaxArguments p, SegmentPlace place, int end, float largest)
        where TForm : struct, ISegmentSoftmax
    {
        int lanes = p.Sizes.Lanes;
        float sum = 0;
        int slot = place.Begin + place.Lane;
        for (; slot < end - (3 * lanes); slot += 4 * lanes)
        {
            I4 rows = I4.Listed(p.Positions, I4.Range(slot, lanes));
            F4 x = Get(p.X, rows, p.Sizes.Units, place.Unit);
            F4 gradients = TForm.IsGradient ? Get(p.Gradient, rows, p.Sizes.Units, place.Unit) : default;
            sum = TForm.Add(sum, x.X, gradients.X, largest);
            sum = TForm.Add(sum, x.Y, gradients.Y, largest);
            sum = TForm.Add(sum, x.Z, gradients.Z, largest);
            sum = TForm.Add(sum, x.W, gradients.W, largest);
        }
        for (; slot < end; slot += lanes)
        {
            long at = ((long)I4.Listed(p.Positions, slot) * p.Sizes.Units) + place.Unit;
            sum = TForm.Add(sum, p.X[at], TForm.IsGradient ? p.Gradient[at] : 0, largest);
        }
        return sum;
    }

    // Their results.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write<TForm>(SegmentSoftmaxArguments p, SegmentPlace place, float largest, float by)
        where TForm : struct, ISegmentSoftmax
    {
        for (int slot = place.Begin + place.Lane; slot < place.End; slot += p.Sizes.Lanes)
        {
            long at = ((long)I4.Listed(p.Positions, slot) * p.Sizes.Units) + place.Unit;
            p.Y[at] = TForm.Result(p.X[at], TForm.IsGradient ? p.Gradient[at] : 0, largest, by);
        }
    }

    // The largest of the pieces.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float JoinedLargest(SegmentSoftmaxArguments p, SegmentPlace place)
    {
        float largest = float.NegativeInfinity;
        for (int piece = place.Begin + place.Lane; piece < place.End; piece += p.Sizes.Lanes)
        {
            largest = MathK.Max(largest, p.Largests[((long)piece * p.Sizes.Units) + place.Unit]);
        }
        return largest;
    }

    // Their sum; notes the first piece for each.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float JoinedSum<TForm>(SegmentSoftmaxArguments p, SegmentPlace place, float largest)
        where TForm : struct, ISegmentSoftmax
    {
        float sum = 0;
        for (int piece = place.Begin + place.Lane; piece < place.End; piece += p.Sizes.Lanes)
        {
            long at = ((long)piece * p.Sizes.Units) + place.Unit;
            sum += TForm.IsGradient ? p.Sums[at] : p.Sums[at] * MathK.Exp(p.Largests[at] - largest);
            if (place.Unit == 0)
            {
                p.Firsts[piece] = place.Begin;
            }
        }
        return sum;
    }

    // One column of four rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F4 Get(ArrayView<float> from, I4 rows, int units, int unit) => new(
        from[((long)rows.X * units) + unit], from[((long)rows.Y * units) + unit], from[((long)rows.Z * units) + unit], from[((long)rows.W * units) + unit]);

    // What the first lane of a thread's segment has left.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float OfFirstLane(ArrayView<float> room, SegmentPlace place, SegmentSizes sizes) =>
        place.IsPresent ? room[Threads.Local - (place.Lane * sizes.Units)] : 0;
}

/// <summary>Softmax of segments or its gradient.</summary>
internal interface ISegmentSoftmax
{
    static abstract bool IsGradient { get; }

    /// <summary>The sum with a slot more: x, and the gradient if this is one.</summary>
    static abstract float Add(float sum, float x, float gradient, float largest);

    /// <summary>A slot's result from the segment's largest and the inverse of its sum or, for a gradient, from the sum.</summary>
    static abstract float Result(float x, float gradient, float largest, float by);
}

/// <summary>Softmax.</summary>
internal struct SegmentSoftmaxValue : ISegmentSoftmax
{
    public static bool IsGradient => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Add(float sum, float x, float gradient, float largest) => sum + MathK.Exp(x - largest);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Result(float x, float gradient, float largest, float by) => MathK.Exp(x - largest) * by;
}

/// <summary>Its gradient.</summary>
internal struct SegmentSoftmaxGradient : ISegmentSoftmax
{
    public static bool IsGradient => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Add(float sum, float x, float gradient, float largest) => Intrinsics.Fma(x, gradient, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Result(float x, float gradient, float largest, float by) => x * (gradient - by);
}

/// <summary>Arguments of <see cref="SegmentSoftmaxKernels.Softmax{TForm}"/>.</summary>
internal struct SegmentSoftmaxArguments
{
    public SegmentSizes Sizes;
    public int Part;
    public ArrayView<int> Offsets;
    public ArrayView<int> Pieces;
    public ArrayView<int> Positions;
    public ArrayView<float> X;
    public ArrayView<float> Gradient;
    public ArrayView<float> Largests;
    public ArrayView<float> Sums;
    public ArrayView<int> Firsts;
    public ArrayView<float> Y;
}
