namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    // Few: a thread that walks a segment alone must not keep the device waiting.
    private const int SegmentPieceSlots = 128;

    public void SegmentSum(
        in SegmentForm form, int features, int heads, BufferRef x, int xRows, long xStride, BufferRef? weights, BufferRef? inScale, BufferRef? outScale,
        BufferRef? pieceSums, BufferRef y)
    {
        if (form.Segments == 0 || features == 0)
        {
            return;
        }
        bool fours = features / heads % 4 == 0 && xStride % 4 == 0 && InFours(x) && InFours(y) && InFours(pieceSums);
        int units = features / (fours ? 4 : 1);
        BufferRef? pieces = form.Pieces;
        Launch(SegmentSizes.Short(form, units), form.Offsets, form.Rows, form.Positions, x, xStride, weights, inScale, outScale, y);
        if (form.PieceCount > 0)
        {
            BufferRef sums = pieceSums!.Value;
            Launch(SegmentSizes.Pieces(form, units), null, form.Rows, form.Positions, x, xStride, weights, inScale, null, sums);
            Launch(SegmentSizes.Join(form, units), form.FirstPieces, null, null, sums, features, null, null, outScale, y);
        }

        void Launch(
            SegmentSizes sizes, BufferRef? offsets, BufferRef? rows, BufferRef? positions, BufferRef from, long stride, BufferRef? factors, BufferRef? before,
            BufferRef? after, BufferRef to) =>
            ForGroups(
                fours ? "segment/segment_sum4" : "segment/segment_sum", sizes.Groups,
                [KernelArgument.Of(&sizes), heads, units / heads, offsets, pieces, rows, positions, from, stride, factors, before, after, to]);
    }

    public void SegmentDot(
        int count, int features, int heads, BufferRef? rowsA, BufferRef? rowsB, BufferRef x, long xStride, BufferRef z, long zStride,
        BufferRef? scaleA, BufferRef? scaleB, BufferRef y)
    {
        int width = features / heads;
        bool fours = width % 4 == 0 && xStride % 4 == 0 && zStride % 4 == 0 && InFours(x) && InFours(z);
        width = fours ? width / 4 : width;
        int laneBits = ReduceSizes.LaneBits(width, 5);
        ForGroups(
            fours ? "segment/segment_dot4" : "segment/segment_dot", Pieces((long)count * heads, 256 >> laneBits),
            [count, heads, width, laneBits, rowsA, rowsB, x, xStride, z, zStride, scaleA, scaleB, y]);
    }

    public void SegmentExtreme(Extreme kind, in SegmentForm form, int features, BufferRef values, BufferRef y, BufferRef argument)
    {
        if (form.Segments == 0 || features == 0)
        {
            return;
        }
        BufferRef? pieces = form.Pieces;
        Launch(SegmentSizes.Short(form, features), form.Offsets, form.Positions, values, null, y, argument);
        if (form.PieceCount > 0)
        {
            long items = (long)form.PieceCount * features;
            lock (_scratchGate)
            {
                BufferRef bests = Scratch(2 * items);
                BufferRef members = bests.Skip(items);
                Launch(SegmentSizes.Pieces(form, features), null, form.Positions, values, null, bests, members);
                Launch(SegmentSizes.Join(form, features), form.FirstPieces, null, bests, members, y, argument);
            }
        }

        void Launch(SegmentSizes sizes, BufferRef? offsets, BufferRef? positions, BufferRef from, BufferRef? members, BufferRef to, BufferRef? places) =>
            ForGroups(
                "segment_reduce/segment_extreme", sizes.Groups,
                [KernelArgument.Of(&sizes), kind == Extreme.Max, offsets, pieces, positions, from, members, to, places]);
    }

    public void SegmentPick(bool spread, int segments, int features, BufferRef argument, BufferRef x, BufferRef y)
    {
        long count = (long)segments * features;
        ForEach("segment_reduce/segment_pick", count, [spread, count, features, argument, x, y]);
    }

    public void SegmentSoftmax(in SegmentForm form, int columns, BufferRef x, BufferRef? gradient, BufferRef y)
    {
        if (form.Slots == 0 || columns == 0)
        {
            return;
        }
        BufferRef? pieces = form.Pieces;
        BufferRef? positions = form.Positions;
        BufferRef? largests = null;
        BufferRef? sums = null;
        BufferRef? firsts = null;
        Launch(SoftmaxPart.Whole, SegmentSizes.Short(form, columns), form.Offsets);
        if (form.PieceCount > 0)
        {
            long items = (long)form.PieceCount * columns;
            lock (_scratchGate)
            {
                BufferRef room = Scratch((2 * items) + form.PieceCount);
                (largests, sums, firsts) = (room, room.Skip(items), room.Skip(2 * items));
                Launch(SoftmaxPart.Statistics, SegmentSizes.Pieces(form, columns), null);
                Launch(SoftmaxPart.JoinedStatistics, SegmentSizes.Join(form, columns), form.FirstPieces);
                Launch(SoftmaxPart.Result, SegmentSizes.Pieces(form, columns), null);
            }
        }

        void Launch(SoftmaxPart part, SegmentSizes sizes, BufferRef? offsets) =>
            ForGroups(
                "segment_reduce/segment_softmax", sizes.Groups,
                [KernelArgument.Of(&sizes), (int)part, offsets, pieces, positions, x, gradient, largests, sums, firsts, y]);
    }

    /// <summary>What a launch of <c>segment_softmax</c> does.</summary>
    private enum SoftmaxPart
    {
        Whole,
        Statistics,
        JoinedStatistics,
        Result,
    }

    /// <summary>How threads are laid over segments; SEGMENT_SIZES of <c>lib/segments.h</c>.</summary>
    private readonly struct SegmentSizes
    {
        private const int Group = 256;

        // Slots that a lane should have at least: fewer, and joining the lanes costs more than they save.
        private const int FewestSlots = 4;

        private readonly int _segments;
        private readonly int _units;
        private readonly int _lanes;
        private readonly int _longest;
        private readonly int _source;

        private SegmentSizes(int source, int segments, int units, long slots, int longest = int.MaxValue)
        {
            _source = source;
            _segments = segments;
            _units = units;
            _longest = longest;
            _lanes = 1;
            while (2L * _lanes * units <= Group && 2L * _lanes * FewestSlots <= slots)
            {
                _lanes *= 2;
            }
        }

        public long Groups => _lanes > 1 ? GpuBackend.Pieces(_segments, Group / (_lanes * _units)) : GpuBackend.Pieces((long)_segments * _units, Group);

        /// <summary>The segments that are not cut into pieces, with lanes for their mean length.</summary>
        public static SegmentSizes Short(in SegmentForm form, int units) =>
            new(0, form.Segments, units, form.Offsets is null ? 1 : form.Slots / form.Segments, form.PieceCount > 0 ? SegmentPieceSlots : int.MaxValue);

        /// <summary>The pieces of the others.</summary>
        public static SegmentSizes Pieces(in SegmentForm form, int units) => new(1, form.PieceCount, units, SegmentPieceSlots);

        /// <summary>The others, with their pieces for slots.</summary>
        public static SegmentSizes Join(in SegmentForm form, int units) => new(2, form.LongCount, units, form.PieceCount / form.LongCount);
    }
}
