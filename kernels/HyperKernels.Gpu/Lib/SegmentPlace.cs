using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>A thread's place among segments, as <see cref="SegmentSizes"/> lays them: its slots begin at Begin + Lane. Every thread has one.</summary>
internal struct SegmentPlace
{
    /// <summary>The row of the result.</summary>
    public int Segment;
    public int Unit;
    public int Lane;

    /// <summary>The segment's slots; none where the thread has nothing to do.</summary>
    public int Begin;
    public int End;
    public bool IsPresent;

    /// <summary>
    /// Offsets as in <see cref="Backends.SegmentForm"/>, those of the pieces of each long segment for <see cref="SegmentSizes.Join"/>. Without any, each slot
    /// is a segment of its own.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SegmentPlace Of(SegmentSizes sizes, ArrayView<int> offsets, ArrayView<int> pieces)
    {
        int width = sizes.Lanes * sizes.Units;
        long item = ((long)Threads.Group * sizes.Threads) + Threads.Local;
        SegmentPlace place = default;
        place.Segment = (int)Divide.Quotient(item, width);
        int within = (int)(item - ((long)place.Segment * width));
        place.Lane = sizes.ByUnits.Quotient(within);
        place.Unit = within - (place.Lane * sizes.Units);
        if (Threads.Local < sizes.Threads && place.Segment < sizes.Segments)
        {
            int begin = place.Segment;
            int end = place.Segment + 1;
            if (sizes.Source == SegmentSizes.Pieces)
            {
                begin = pieces[(3L * place.Segment) + 1];
                end = pieces[(3L * place.Segment) + 2];
            }
            else if (offsets.Length > 0)
            {
                begin = offsets[place.Segment];
                end = offsets[place.Segment + 1];
            }
            if (sizes.Source == SegmentSizes.Join)
            {
                place.Segment = pieces[3L * begin];
            }
            place.IsPresent = end - begin <= sizes.Longest;
            place.Begin = begin;
            place.End = place.IsPresent ? end : begin;
        }
        return place;
    }

    /// <summary>Whether this thread takes over from another at a step of the lanes' tree; if so, that one's number is Threads.Local + span * units.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Joins(SegmentPlace place, int span) => place.Lane < span && place.IsPresent;
}
