using HyperKernels.Backends;

namespace HyperKernels.Gpu;

/// <summary>
/// How threads are laid over segments: for each segment some lanes, a power of two, that take every lanes-th slot each, and per lane one thread for each unit
/// of a row. A group of 256 threads holds whole segments if there are several lanes; with one lane they may run on into the next group.
/// </summary>
internal readonly struct SegmentSizes
{
    /// <summary>What a launch works on: whole segments, but for those with more slots than <see cref="Longest"/>.</summary>
    public const int ShortSegments = 0;

    /// <summary>The pieces that those are cut into.</summary>
    public const int Pieces = 1;

    /// <summary>Those again, their pieces being the slots now.</summary>
    public const int Join = 2;

    /// <summary>The most slots of a piece. Few: a thread that walks a segment alone must not keep the device waiting.</summary>
    public const int PieceSlots = 128;

    private const int Group = 256;

    // Slots that a lane should have at least: fewer, and joining the lanes costs more than they save.
    private const int FewestSlots = 4;

    public readonly int Source;
    public readonly int Segments;
    public readonly int Units;
    public readonly int Lanes;
    public readonly int Longest;

    /// <summary>How many threads of a group have a place.</summary>
    public readonly int Threads;
    public readonly Divisor ByUnits;

    private SegmentSizes(int source, int segments, int units, long slots, int longest = int.MaxValue)
    {
        Source = source;
        Segments = segments;
        Units = units;
        Longest = longest;
        Lanes = 1;
        while (2L * Lanes * units <= Group && 2L * Lanes * FewestSlots <= slots)
        {
            Lanes *= 2;
        }
        Threads = Lanes > 1 ? Group / (Lanes * units) * (Lanes * units) : Group;
        ByUnits = units;
    }

    public long Groups => Blocks((long)Segments * Lanes * Units, Threads);

    /// <summary>The segments that are not cut into pieces, with lanes for their mean length.</summary>
    public static SegmentSizes OfShort(in SegmentForm form, int units) => new(
        ShortSegments, form.Segments, units, form.Offsets is null ? 1 : form.Slots / form.Segments, form.PieceCount > 0 ? PieceSlots : int.MaxValue);

    /// <summary>The pieces of the others.</summary>
    public static SegmentSizes OfPieces(in SegmentForm form, int units) => new(Pieces, form.PieceCount, units, PieceSlots);

    /// <summary>The others, with their pieces for slots.</summary>
    public static SegmentSizes OfJoin(in SegmentForm form, int units) => new(Join, form.LongCount, units, form.PieceCount / form.LongCount);

    private static long Blocks(long items, long size) => (items + size - 1) / size;
}
