using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    // Slots of a tile, and of a segment that is summed in one go.
    private const int SegmentPieceSlots = 2048;

    // Elements gathered per tile: some 30 microseconds of work.
    private const int SegmentTileElements = 64 * 1024;

    // The size of x from which requesting rows ahead of their use pays: below it the second-level cache holds all rows.
    private const long PrefetchFromBytes = 1 << 19;

    public void SegmentSum(
        in SegmentForm form, int features, int heads, BufferRef x, int xRows, long xStride, BufferRef? weights, BufferRef? inScale, BufferRef? outScale,
        BufferRef? pieceSums, BufferRef y)
    {
        if (form.Segments == 0 || features == 0)
        {
            return;
        }
        if (form is { Offsets: null, Rows: { } rows } && weights is null && inScale is null && outScale is null)
        {
            // Sums of one row each.
            GatherRows(x, xStride, rows, form.Segments, features, y);
            return;
        }
        SegmentSumTiles tiles = new()
        {
            Ranges = new SegmentRanges(form, features, SegmentTileElements),
            Rows = IntsOrNull(form.Rows),
            Positions = IntsOrNull(form.Positions),
            Pieces = IntsOrNull(form.Pieces),
            PieceCount = form.PieceCount,
            Slots = form.Slots,
            Features = features,
            Heads = heads,
            X = Floats(x),
            XStride = xStride,
            Weights = FloatsOrNull(weights),
            InScale = FloatsOrNull(inScale),
            OutScale = FloatsOrNull(outScale),
            PieceSums = FloatsOrNull(pieceSums),
            Y = Floats(y),
        };
        if (form.Rows is not null && 4L * xRows * features > PrefetchFromBytes)
        {
            tiles.RequestEarly();
        }
        // The pieces first: they are the longest tiles.
        _threads.For(SegmentSumWidth(features, heads), form.PieceCount + tiles.Ranges.Tiles, ref tiles);
        if (form.PieceCount > 0)
        {
            SegmentPieceTiles pieces = new()
            {
                Pieces = tiles.Pieces,
                FirstPieces = IntsOrNull(form.FirstPieces),
                Features = features,
                PieceSums = tiles.PieceSums,
                OutScale = tiles.OutScale,
                Y = tiles.Y,
            };
            _threads.For(VectorWidth, form.LongCount, ref pieces);
        }
    }

    /// <summary>Narrower registers where heads fill those and not the widest ones: better than a pass over the rows for each head.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int SegmentSumWidth(int features, int heads)
    {
        for (int width = VectorWidth; heads > 1 && width >= 128; width /= 2)
        {
            if (SegmentSumTiles.HeadsFill(width / 32, features / heads, features))
            {
                return width;
            }
        }
        return VectorWidth;
    }

    /// <summary>
    /// Cuts segments into tiles of like work, a slot counting as much as the row of a segment. The borders are found by binary search in the
    /// offsets, so they follow the memberships and not the number of segments.
    /// </summary>
    private readonly struct SegmentRanges
    {
        public readonly int* Offsets;
        public readonly int Segments;
        public readonly int Tiles;
        private readonly long _chunk;

        public SegmentRanges(in SegmentForm form, int features, int tileElements)
        {
            Offsets = IntsOrNull(form.Offsets);
            Segments = form.Segments;
            _chunk = Math.Clamp(tileElements / features, 32, SegmentPieceSlots);
            Tiles = checked((int)(((long)form.Slots + form.Segments + _chunk - 1) / _chunk));
        }

        public (int First, int Last) Range(int tile) => (Border(tile), Border(tile + 1));

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private int Border(int tile)
        {
            long work = tile * _chunk;
            int low = 0;
            int high = Segments;
            while (low < high)
            {
                int middle = (int)(((uint)low + (uint)high) / 2);
                long before = (Offsets == null ? middle : Offsets[middle]) + (long)middle;
                if (before < work)
                {
                    low = middle + 1;
                }
                else
                {
                    high = middle;
                }
            }
            return low;
        }
    }

    /// <summary>Sums the pieces of a long segment in order.</summary>
    private struct SegmentPieceTiles : ITiles
    {
        public int* Pieces;
        public int* FirstPieces;
        public int Features;
        public float* PieceSums;
        public float* OutScale;
        public float* Y;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            int first = FirstPieces[tile];
            int last = FirstPieces[tile + 1];
            int segment = Pieces[3 * first];
            TVec scale = TVec.Create(OutScale == null ? 1 : OutScale[segment]);
            float* y = Y + ((long)segment * Features);
            for (int column = 0; column < Features; column += TVec.Count)
            {
                int lanes = Math.Min(TVec.Count, Features - column);
                TVec sum = TVec.Zero;
                for (int piece = first; piece < last; piece++)
                {
                    sum += TVec.LoadPartial(PieceSums + ((long)piece * Features) + column, lanes);
                }
                (sum * scale).StorePartial(y + column, lanes);
            }
        }
    }
}
