using HyperKernels.Backends;

namespace HyperKernels.Gpu;

internal sealed partial class GpuBackend
{
    // The most threads for one number of a dot product.
    private const int DotLaneBits = 5;

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
        Launch(SegmentSizes.OfShort(form, units), form.Offsets, form.Rows, form.Positions, x, xStride, weights, inScale, outScale, y);
        if (form.PieceCount > 0)
        {
            BufferRef sums = pieceSums!.Value;
            Launch(SegmentSizes.OfPieces(form, units), null, form.Rows, form.Positions, x, xStride, weights, inScale, null, sums);
            Launch(SegmentSizes.OfJoin(form, units), form.FirstPieces, null, null, sums, features, null, null, outScale, y);
        }

        void Launch(
            in SegmentSizes sizes, BufferRef? offsets, BufferRef? rows, BufferRef? positions, BufferRef from, long stride, BufferRef? factors,
            BufferRef? before, BufferRef? after, BufferRef to) =>
            ForGroups(
                fours ? SegmentKernels.Sum<F4> : SegmentKernels.Sum<F1>,
                sizes.Groups,
                new SegmentSumArguments
                {
                    Sizes = sizes,
                    Heads = heads,
                    ByHeadUnits = units / heads,
                    Stride = stride,
                    Offsets = Ints(offsets),
                    Pieces = Ints(pieces),
                    Rows = Ints(rows),
                    Positions = Ints(positions),
                    X = Floats(from),
                    Weights = Floats(factors),
                    InScale = Floats(before),
                    OutScale = Floats(after),
                    Y = Floats(to),
                });
    }

    public void SegmentDot(
        int count, int features, int heads, BufferRef? rowsA, BufferRef? rowsB, BufferRef x, long xStride, BufferRef z, long zStride,
        BufferRef? scaleA, BufferRef? scaleB, BufferRef y)
    {
        int width = features / heads;
        bool fours = width % 4 == 0 && xStride % 4 == 0 && zStride % 4 == 0 && InFours(x) && InFours(z);
        width = fours ? width / 4 : width;
        int laneBits = ReduceSizes.LaneBits(width, DotLaneBits);
        ForGroups(
            fours ? SegmentKernels.Dot<F4> : SegmentKernels.Dot<F1>,
            Pieces((long)count * heads, 256 >> laneBits),
            new SegmentDotArguments
            {
                Count = count,
                Heads = heads,
                Width = width,
                LaneBits = laneBits,
                RowsA = Ints(rowsA),
                RowsB = Ints(rowsB),
                X = Floats(x),
                StrideX = xStride,
                Z = Floats(z),
                StrideZ = zStride,
                ScaleA = Floats(scaleA),
                ScaleB = Floats(scaleB),
                Y = Floats(y),
            });
    }

    public void SegmentExtreme(Extreme kind, in SegmentForm form, int features, BufferRef values, BufferRef y, BufferRef argument)
    {
        if (form.Segments == 0 || features == 0)
        {
            return;
        }
        BufferRef? pieces = form.Pieces;
        Launch(SegmentSizes.OfShort(form, features), form.Offsets, form.Positions, values, null, y, argument);
        if (form.PieceCount > 0)
        {
            long items = (long)form.PieceCount * features;
            lock (_scratchGate)
            {
                BufferRef bests = Scratch(2 * items);
                BufferRef members = bests.Skip(items);
                Launch(SegmentSizes.OfPieces(form, features), null, form.Positions, values, null, bests, members);
                Launch(SegmentSizes.OfJoin(form, features), form.FirstPieces, null, bests, members, y, argument);
            }
        }

        void Launch(in SegmentSizes sizes, BufferRef? offsets, BufferRef? positions, BufferRef from, BufferRef? members, BufferRef to, BufferRef places) =>
            ForGroups(
                SegmentReduceKernels.Extreme,
                sizes.Groups,
                new SegmentExtremeArguments
                {
                    Sizes = sizes,
                    Largest = kind == Extreme.Max ? 1 : 0,
                    Offsets = Ints(offsets),
                    Pieces = Ints(pieces),
                    Positions = Ints(positions),
                    Values = Floats(from),
                    Members = Ints(members),
                    Y = Floats(to),
                    Argument = Ints(places),
                });
    }

    public void SegmentPick(bool spread, int segments, int features, BufferRef argument, BufferRef x, BufferRef y)
    {
        long count = (long)segments * features;
        ForEach(
            SegmentReduceKernels.Pick,
            count,
            new SegmentPickArguments
            {
                Spread = spread ? 1 : 0,
                Features = features,
                Count = count,
                Argument = Ints(argument),
                X = Floats(x),
                Y = Floats(y),
            });
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
        Launch(SegmentSoftmaxKernels.Whole, SegmentSizes.OfShort(form, columns), form.Offsets);
        if (form.PieceCount > 0)
        {
            long items = (long)form.PieceCount * columns;
            lock (_scratchGate)
            {
                BufferRef room = Scratch((2 * items) + form.PieceCount);
                (largests, sums, firsts) = (room, room.Skip(items), room.Skip(2 * items));
                Launch(SegmentSoftmaxKernels.Statistics, SegmentSizes.OfPieces(form, columns), null);
                Launch(SegmentSoftmaxKernels.JoinedStatistics, SegmentSizes.OfJoin(form, columns), form.FirstPieces);
                Launch(SegmentSoftmaxKernels.Result, SegmentSizes.OfPieces(form, columns), null);
            }
        }

        void Launch(int part, in SegmentSizes sizes, BufferRef? offsets) =>
            ForGroups(
                gradient is null ? SegmentSoftmaxKernels.Softmax<SegmentSoftmaxValue> : SegmentSoftmaxKernels.Softmax<SegmentSoftmaxGradient>,
                sizes.Groups,
                new SegmentSoftmaxArguments
                {
                    Sizes = sizes,
                    Part = part,
                    Offsets = Ints(offsets),
                    Pieces = Ints(pieces),
                    Positions = Ints(positions),
                    X = Floats(x),
                    Gradient = Floats(gradient),
                    Largests = Floats(largests),
                    Sums = Floats(sums),
                    Firsts = Ints(firsts),
                    Y = Floats(y),
                });
    }
}
