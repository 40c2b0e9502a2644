using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>What segments have besides sums: the largest, the smallest, softmax. A unit is one column.</summary>
internal static class SegmentReduceKernels
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
    /// y[s, f] = the largest (or smallest) values[position(i), f] of the slots i of s, argument[s, f] = the membership it came from: the first of equals; an
    /// empty segment gives 0 and -1. Long segments take two more launches: their pieces into rows of their own, and those rows, now values with their members,
    /// joined.   One group per 256 threads of the layout.
    /// </summary>
    [Kernel]
    public static void Extreme(SegmentExtremeArguments p)
    {
        ArrayView<float> bests = SharedMemory.Allocate1D<float>(256).AsContiguous();
        ArrayView<int> members = SharedMemory.Allocate1D<int>(256).AsContiguous();
        SegmentPlace place = SegmentPlace.Of(p.Sizes, p.Offsets, p.Pieces);
        bool largest = p.Largest != 0;
        float best = 0;
        int where = -1;
        for (int slot = place.Begin + place.Lane; slot < place.End; slot += p.Sizes.Lanes)
        {
            int row = Row(p.Positions, slot);
            long at = ((long)row * p.Sizes.Units) + place.Unit;
            int member = row;
            if (p.Members.Length > 0)
            {
                member = p.Members[at];
            }
            float value = p.Values[at];
            if (First.Comes(largest, value, member, best, where))
            {
                best = value;
                where = member;
            }
        }
        bests[Threads.Local] = best;
        members[Threads.Local] = where;
        for (int span = p.Sizes.Lanes >> 1; span > 0; span >>= 1)
        {
            Group.Barrier();
            if (SegmentPlace.Joins(place, span))
            {
                int other = Threads.Local + (span * p.Sizes.Units);
                if (First.Comes(largest, bests[other], members[other], bests[Threads.Local], members[Threads.Local]))
                {
                    bests[Threads.Local] = bests[other];
                    members[Threads.Local] = members[other];
                }
            }
        }
        if (place.IsPresent && place.Lane == 0)
        {
            long at = ((long)place.Segment * p.Sizes.Units) + place.Unit;
            p.Y[at] = bests[Threads.Local];
            p.Argument[at] = members[Threads.Local];
        }
    }

    /// <summary>
    /// The gradient of the extreme, and that gradient's own: with spread y[argument[s, f], f] = x[s, f]; without, y[s, f] = x[argument[s, f], f], or 0 where
    /// argument is -1.   Any launch size.
    /// </summary>
    [Kernel]
    public static void Pick(SegmentPickArguments p)
    {
        for (long i = Threads.Global; i < p.Count; i += Threads.Count)
        {
            int member = p.Argument[i];
            bool isPresent = member >= 0;
            long at = isPresent ? ((long)member * p.Features) + (i - (Divide.Quotient(i, p.Features) * p.Features)) : 0;
            if (p.Spread == 0)
            {
                p.Y[i] = isPresent ? p.X[at] : 0;
            }
            else if (isPresent)
            {
                p.Y[at] = p.X[i];
            }
        }
    }

    /// <summary>
    /// Softmax over the slots of each segment, column by column: y = e^(x - max) / sum of the same. As gradient: y = x * (gradient - sum of x * gradient), x being
    /// the softmax. Long segments take three more launches: the statistics (largest, sum) of their pieces, those joined into the row of the first piece, and
    /// the result from them; firsts[piece] = that row.   One group per 256 threads of the layout.
    /// </summary>
    [Kernel]
    public static void Softmax<TForm>(SegmentSoftmaxArguments p)
        where TForm : struct, ISegmentSoftmax
    {
        ArrayView<float> room = SharedMemory.Allocate1D<float>(256).AsContiguous();
        SegmentPlace place = SegmentPlace.Of(p.Sizes, p.Offsets, p.Pieces);
        bool isJoined = p.Part == JoinedStatistics;
        int begin = place.Begin + place.Lane;
        // No barrier under a condition, although this one is the same for all threads: where there is nothing to gather, nothing is read.
        int readEnd = p.Part == Result ? place.Begin : place.End;
        float largest = 0;
        if (!TForm.IsGradient)
        {
            float most = float.NegativeInfinity;
            for (int slot = begin; slot < readEnd; slot += p.Sizes.Lanes)
            {
                float value;
                if (isJoined)
                {
                    value = p.Largests[((long)slot * p.Sizes.Units) + place.Unit];
                }
                else
                {
                    value = p.X[((long)Row(p.Positions, slot) * p.Sizes.Units) + place.Unit];
                }
                most = MathK.Max(most, value);
            }
            room[Threads.Local] = most;
            for (int span = p.Sizes.Lanes >> 1; span > 0; span >>= 1)
            {
                Group.Barrier();
                if (SegmentPlace.Joins(place, span))
                {
                    room[Threads.Local] = MathK.Max(room[Threads.Local], room[Threads.Local + (span * p.Sizes.Units)]);
                }
            }
            Group.Barrier();
            largest = FirstLane(room, place, p.Sizes);
            Group.Barrier();
        }
        float sum = 0;
        for (int slot = begin; slot < readEnd; slot += p.Sizes.Lanes)
        {
            if (isJoined)
            {
                long at = ((long)slot * p.Sizes.Units) + place.Unit;
                sum += TForm.IsGradient ? p.Sums[at] : p.Sums[at] * MathK.Exp(p.Largests[at] - largest);
                if (place.Unit == 0)
                {
                    p.Firsts[slot] = place.Begin;
                }
            }
            else
            {
                long at = ((long)Row(p.Positions, slot) * p.Sizes.Units) + place.Unit;
                sum = TForm.IsGradient ? Intrinsics.Fma(p.X[at], p.Gradient[at], sum) : sum + MathK.Exp(p.X[at] - largest);
            }
        }
        room[Threads.Local] = sum;
        for (int span = p.Sizes.Lanes >> 1; span > 0; span >>= 1)
        {
            Group.Barrier();
            if (SegmentPlace.Joins(place, span))
            {
                room[Threads.Local] += room[Threads.Local + (span * p.Sizes.Units)];
            }
        }
        Group.Barrier();
        sum = FirstLane(room, place, p.Sizes);
        if (p.Part == Result && place.IsPresent)
        {
            long at = ((long)p.Firsts[place.Segment] * p.Sizes.Units) + place.Unit;
            sum = p.Sums[at];
            if (!TForm.IsGradient)
            {
                largest = p.Largests[at];
            }
        }
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
            float inverse = 1 / sum;
            for (int slot = begin; slot < place.End; slot += p.Sizes.Lanes)
            {
                long at = ((long)Row(p.Positions, slot) * p.Sizes.Units) + place.Unit;
                p.Y[at] = TForm.IsGradient ? p.X[at] * (p.Gradient[at] - sum) : MathK.Exp(p.X[at] - largest) * inverse;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Row(ArrayView<int> positions, int slot)
    {
        int row = slot;
        if (positions.Length > 0)
        {
            row = positions[slot];
        }
        return row;
    }

    // What the first lane of a thread's segment has left.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float FirstLane(ArrayView<float> room, SegmentPlace place, SegmentSizes sizes) =>
        place.IsPresent ? room[Threads.Local - (place.Lane * sizes.Units)] : 0;
}

/// <summary>Softmax of segments or its gradient.</summary>
internal interface ISegmentSoftmax
{
    static abstract bool IsGradient { get; }
}

/// <summary>Softmax.</summary>
internal struct SegmentSoftmaxValue : ISegmentSoftmax
{
    public static bool IsGradient => false;
}

/// <summary>Its gradient.</summary>
internal struct SegmentSoftmaxGradient : ISegmentSoftmax
{
    public static bool IsGradient => true;
}

/// <summary>Arguments of <see cref="SegmentReduceKernels.Extreme"/>.</summary>
internal struct SegmentExtremeArguments
{
    public SegmentSizes Sizes;
    public int Largest;
    public ArrayView<int> Offsets;
    public ArrayView<int> Pieces;
    public ArrayView<int> Positions;
    public ArrayView<float> Values;
    public ArrayView<int> Members;
    public ArrayView<float> Y;
    public ArrayView<int> Argument;
}

/// <summary>Arguments of <see cref="SegmentReduceKernels.Pick"/>.</summary>
internal struct SegmentPickArguments
{
    public int Spread;
    public int Features;
    public long Count;
    public ArrayView<int> Argument;
    public ArrayView<float> X;
    public ArrayView<float> Y;
}

/// <summary>Arguments of <see cref="SegmentReduceKernels.Softmax{TForm}"/>.</summary>
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
