namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    public void SegmentSum(
        in SegmentForm form, int features, int heads, BufferRef x, int xRows, long xStride, BufferRef? weights, BufferRef? inScale, BufferRef? outScale,
        BufferRef? pieceSums, BufferRef y)
    {
        if (form.Segments == 0 || features == 0)
        {
            return;
        }
        bool fours = features / heads % 4 == 0 && xStride % 4 == 0 && InFours(x) && InFours(y) && (pieceSums is not { } sums || InFours(sums));
        int unit = fours ? 4 : 1;
        string kernel = fours ? "segment/segment_sum4" : "segment/segment_sum";
        int headUnits = features / heads / unit;
        SegmentSizes sizes = SegmentSizes.Short(form, features / unit);
        ForGroups(
            kernel, sizes.Groups,
            [KernelArgument.Of(&sizes), heads, headUnits, form.Offsets, default(BufferRef), form.Rows, form.Positions, x, xStride, weights, inScale, outScale, y]);
        if (form.PieceCount > 0)
        {
            sizes = SegmentSizes.Long(form, features / unit);
            ForGroups(
                kernel, sizes.Groups,
                [KernelArgument.Of(&sizes), heads, headUnits, form.Offsets, form.Pieces, form.Rows, form.Positions, x, xStride, weights, inScale, default(BufferRef), pieceSums]);
            ForEach(
                "segment/segment_sum_pieces", (long)form.LongCount * features,
                [form.LongCount, features, form.Pieces, form.FirstPieces, pieceSums, outScale, y]);
        }
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
        bool largest = kind == Extreme.Max;
        SegmentSizes sizes = SegmentSizes.Short(form, features);
        ForGroups(
            "segment_reduce/segment_extreme", sizes.Groups,
            [KernelArgument.Of(&sizes), largest, form.Offsets, default(BufferRef), form.Positions, values, y, argument]);
        if (form.PieceCount > 0)
        {
            long items = (long)form.PieceCount * features;
            lock (_scratchGate)
            {
                BufferRef bests = Scratch(2 * items);
                BufferRef members = bests.Skip(items);
                sizes = SegmentSizes.Long(form, features);
                ForGroups(
                    "segment_reduce/segment_extreme", sizes.Groups,
                    [KernelArgument.Of(&sizes), largest, form.Offsets, form.Pieces, form.Positions, values, bests, members]);
                ForEach(
                    "segment_reduce/segment_extreme_pieces", (long)form.LongCount * features,
                    [form.LongCount, features, largest, form.Pieces, form.FirstPieces, bests, members, y, argument]);
            }
        }
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
        SegmentSizes sizes = SegmentSizes.Short(form, columns);
        SegmentSoftmax(SoftmaxPart.Whole, form, sizes, null, null, x, gradient, default, default, y);
        if (form.PieceCount == 0)
        {
            return;
        }
        long items = (long)form.PieceCount * columns;
        sizes = SegmentSizes.Long(form, columns);
        lock (_scratchGate)
        {
            BufferRef sums = Scratch((2 * items) + form.PieceCount);
            BufferRef firsts = sums.Skip(items);
            BufferRef largests = gradient is null ? firsts.Skip(form.PieceCount) : default;
            SegmentSoftmax(SoftmaxPart.Statistics, form, sizes, form.Pieces, null, x, gradient, largests, sums, y);
            ForEach(
                "segment_reduce/segment_softmax_pieces", (long)form.LongCount * columns, [form.LongCount, columns, form.FirstPieces, largests, sums, firsts]);
            SegmentSoftmax(SoftmaxPart.Result, form, sizes, form.Pieces, firsts, x, gradient, largests, sums, y);
        }
    }

    private void SegmentSoftmax(
        SoftmaxPart part, in SegmentForm form, SegmentSizes sizes, BufferRef? pieces, BufferRef? firsts, BufferRef x, BufferRef? gradient, BufferRef largests,
        BufferRef sums, BufferRef y) =>
        ForGroups(
            "segment_reduce/segment_softmax", sizes.Groups,
            [KernelArgument.Of(&sizes), (int)part, form.Offsets, pieces, firsts, form.Positions, x, gradient, largests, sums, y]);

    /// <summary>Modes of the kernel <c>segment_softmax</c>.</summary>
    private enum SoftmaxPart
    {
        Whole,
        Statistics,
        Result,
    }

    /// <summary>How threads are laid over segments; SEGMENT_SIZES of <c>lib/segments.h</c>.</summary>
    private readonly struct SegmentSizes
    {
        private const int Group = 256;

        // Slots that a lane should have at least: fewer, and joining the lanes costs more than they save.
        private const int FewestSlots = 4;

        public readonly int Segments;
        public readonly int Units;
        public readonly int Lanes;
        public readonly int Longest;

        private SegmentSizes(int segments, int units, long slots, int longest)
        {
            Segments = segments;
            Units = units;
            Longest = longest;
            Lanes = 1;
            while (2L * Lanes * units <= Group && 2L * Lanes * FewestSlots <= slots)
            {
                Lanes *= 2;
            }
        }

        public long Groups => Lanes > 1 ? Pieces(Segments, Group / (Lanes * Units)) : Pieces((long)Segments * Units, Group);

        /// <summary>The segments that are not cut into pieces, with lanes for their mean length.</summary>
        public static SegmentSizes Short(in SegmentForm form, int units) =>
            new(form.Segments, units, form.Offsets is null ? 1 : form.Slots / form.Segments, form.PieceCount > 0 ? SegmentForm.LongSegment : int.MaxValue);

        /// <summary>The pieces of the others.</summary>
        public static SegmentSizes Long(in SegmentForm form, int units) => new(form.PieceCount, units, SegmentForm.PieceSlots, int.MaxValue);
    }
}
