using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    /// <summary>
    /// Weighted sums of gathered rows. Factors that are products are computed first, for a whole tile, so that the inner loops, which hold up
    /// to sixteen registers of sums over a segment, only read numbers, a factor and a row. Where heads fill whole registers, all heads are summed
    /// in one pass over the rows instead.
    /// </summary>
    private partial struct SegmentSumTiles : ITiles
    {
        // What is on its way at once: enough to hide the memory's delay, little enough to stay in the first-level cache.
        private const int AheadBytes = 8192;
        private const int FewestAhead = 4;
        private const int MostAhead = 32;

        public SegmentRanges Ranges;
        public int* Rows;
        public int* Positions;
        public int* Pieces;
        public int PieceCount;
        public int Slots;
        public int Features;
        public int Heads;
        public float* X;
        public long XStride;
        public float* Weights;
        public float* InScale;
        public float* OutScale;
        public float* PieceSums;
        public float* Y;

        /// <summary>Rows of slots before this one are requested early; 0 for none.</summary>
        public int PrefetchEnd;

        // How many slots early.
        private int _ahead;

        /// <summary>Says which rows are requested early. All else is set already.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void RequestBefore(int end)
        {
            PrefetchEnd = end;
            _ahead = Math.Clamp(AheadBytes / (sizeof(float) * Features), FewestAhead, MostAhead);
        }

        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            // A tile begins no segment later than SegmentPieceSlots of work, and no segment outside the pieces is longer.
            float* room = stackalloc float[2 * SegmentPieceSlots];
            int width = Features / Heads;
            bool together = Heads > 1 && HeadsFill(TVec.Count, width, Features);
            if (tile < PieceCount)
            {
                int begin = Pieces[(3 * tile) + 1];
                int end = Pieces[(3 * tile) + 2];
                if (together)
                {
                    AllHeads<TVec>(begin, end, width, 1, PieceSums + ((long)tile * Features));
                    return;
                }
                for (int head = 0; head < Heads; head++)
                {
                    float* factors = Factors(room, begin, end, head, out int* index);
                    Segment<TVec>(begin, end, factors, index, head * width, width, 1, PieceSums + ((long)tile * Features));
                }
                return;
            }
            (int first, int last) = Ranges.Range(tile - PieceCount);
            if (together)
            {
                for (int segment = first; segment < last; segment++)
                {
                    if (End(segment) - Begin(segment) <= SegmentPieceSlots)
                    {
                        AllHeads<TVec>(Begin(segment), End(segment), width, OutScale == null ? 1 : OutScale[segment], Y + ((long)segment * Features));
                    }
                }
                return;
            }
            for (int head = 0; head < Heads; head++)
            {
                // Runs of segments between long ones: the slots of a run fit into the room.
                for (int start = first; start < last;)
                {
                    int stop = start;
                    while (stop < last && End(stop) - Begin(stop) <= SegmentPieceSlots)
                    {
                        stop++;
                    }
                    if (stop > start)
                    {
                        float* factors = Factors(room, Begin(start), End(stop - 1), head, out int* index);
                        for (int segment = start; segment < stop; segment++)
                        {
                            float scale = OutScale == null ? 1 : OutScale[segment];
                            Segment<TVec>(Begin(segment), End(segment), factors, index, head * width, width, scale, Y + ((long)segment * Features));
                        }
                    }
                    start = stop + 1;
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly int Begin(int segment) => Ranges.Offsets == null ? segment : Ranges.Offsets[segment];

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly int End(int segment) => Ranges.Offsets == null ? segment + 1 : Ranges.Offsets[segment + 1];

        /// <summary>
        /// The factors of slots begin to end: at the slot's own number, or where <paramref name="index"/> has one, at that. A single list of
        /// factors is read in place, so that its cache lines come together with the rows; others are made here.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly float* Factors(float* room, int begin, int end, int head, out int* index)
        {
            float* factors = room - begin;
            int* rows = Rows;
            index = null;
            if (Weights == null && InScale == null)
            {
                new Span<float>(room, end - begin).Fill(1);
            }
            else if (Weights == null)
            {
                index = rows;
                return InScale;
            }
            else if (InScale == null && Heads == 1)
            {
                index = Positions;
                return Weights;
            }
            else
            {
                int* positions = Positions;
                float* weights = Weights + head;
                float* scale = InScale;
                long heads = Heads;
                for (int slot = begin; slot < end; slot++)
                {
                    float weight = weights[(positions == null ? slot : positions[slot]) * heads];
                    factors[slot] = scale == null ? weight : weight * scale[rows == null ? slot : rows[slot]];
                }
            }
            return factors;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void Segment<TVec>(int begin, int end, float* factors, int* index, int column, int width, float scale, float* y)
            where TVec : struct, IVec<TVec>
        {
            if (width < TVec.Count)
            {
                Narrow<TVec>(begin, end, factors, index, column, width, scale, y);
                return;
            }
            TVec s = TVec.Create(scale);
            int stop = column + width;
            // Sixteen sums and a factor need more registers than there are below 512 bits.
            for (; TVec.Count == 16 && column <= stop - (16 * TVec.Count); column += 16 * TVec.Count)
            {
                Sixteen<TVec>(begin, end, Rows, factors, index, X + column, XStride, _ahead, PrefetchEnd, s, y + column);
            }
            for (; column <= stop - (8 * TVec.Count); column += 8 * TVec.Count)
            {
                Eight<TVec>(begin, end, Rows, factors, index, X + column, XStride, _ahead, PrefetchEnd, s, y + column);
            }
            if (column <= stop - (4 * TVec.Count))
            {
                Four<TVec>(begin, end, Rows, factors, index, X + column, XStride, _ahead, PrefetchEnd, s, y + column);
                column += 4 * TVec.Count;
            }
            if (column <= stop - (2 * TVec.Count))
            {
                Two<TVec>(begin, end, Rows, factors, index, X + column, XStride, _ahead, PrefetchEnd, s, y + column, TVec.Count);
                column += 2 * TVec.Count;
            }
            // Last vectors that overlap those before sum some numbers again, and need no mask, which costs more.
            int left = stop - column;
            if (left > TVec.Count)
            {
                Two<TVec>(begin, end, Rows, factors, index, X + column, XStride, _ahead, PrefetchEnd, s, y + column, left - TVec.Count);
            }
            else if (left > 0)
            {
                column = stop - TVec.Count;
                One<TVec>(begin, end, Rows, factors, index, X + column, XStride, _ahead, PrefetchEnd, s, y + column, TVec.Count);
            }
        }

        // Fewer columns than a vector has.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Narrow<TVec>(int begin, int end, float* factors, int* index, int column, int width, float scale, float* y)
            where TVec : struct, IVec<TVec>
        {
            if (TVec.Count > Vec256.Count && width >= Vec256.Count)
            {
                Segment<Vec256>(begin, end, factors, index, column, width, scale, y);
            }
            else if (TVec.Count > Vec128.Count && width >= Vec128.Count)
            {
                Segment<Vec128>(begin, end, factors, index, column, width, scale, y);
            }
            else if (width > 1)
            {
                One<Vec128>(begin, end, Rows, factors, index, X + column, XStride, _ahead, PrefetchEnd, Vec128.Create(scale), y + column, width);
            }
            else
            {
                Segment<Vec1>(begin, end, factors, index, column, width, scale, y);
            }
        }
    }
}
