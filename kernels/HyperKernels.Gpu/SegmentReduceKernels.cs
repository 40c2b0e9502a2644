using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>The largest and the smallest of segments, and what their gradients need. A unit is one column.</summary>
internal static class SegmentReduceKernels
{
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
        int lanes = p.Sizes.Lanes;
        int slot = place.Begin + place.Lane;
        Found best = default;
        best.Member = -1;
        // Four on their way at once.
        for (; slot < place.End - (3 * lanes); slot += 4 * lanes)
        {
            I4 rows = I4.Listed(p.Positions, I4.Range(slot, lanes));
            Found a = Get(p, rows.X, place.Unit);
            Found b = Get(p, rows.Y, place.Unit);
            Found c = Get(p, rows.Z, place.Unit);
            Found d = Get(p, rows.W, place.Unit);
            best = Better(p, Better(p, Better(p, Better(p, best, a), b), c), d);
        }
        for (; slot < place.End; slot += lanes)
        {
            best = Better(p, best, Get(p, I4.Listed(p.Positions, slot), place.Unit));
        }
        bests[Threads.Local] = best.Value;
        members[Threads.Local] = best.Member;
        for (int span = lanes >> 1; span > 0; span >>= 1)
        {
            Group.Barrier();
            if (SegmentPlace.Joins(place, span))
            {
                int other = Threads.Local + (span * p.Sizes.Units);
                if (First.Comes(p.Largest != 0, bests[other], members[other], bests[Threads.Local], members[Threads.Local]))
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

    // A row's value, and the membership it stands for.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Found Get(SegmentExtremeArguments p, int row, int unit)
    {
        long at = ((long)row * p.Sizes.Units) + unit;
        Found found = default;
        found.Value = p.Values[at];
        found.Member = row;
        if (p.Members.Length > 0)
        {
            found.Member = p.Members[at];
        }
        return found;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Found Better(SegmentExtremeArguments p, Found best, Found next) =>
        First.Comes(p.Largest != 0, next.Value, next.Member, best.Value, best.Member) ? next : best;

    private struct Found
    {
        public float Value;
        public int Member;
    }
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
