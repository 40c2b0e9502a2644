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

        // How many slots early rows are requested, and the slot from which on there are none left; 0 for none at all.
        private int _ahead;
        private int _requestEnd;

        /// <summary>Has rows and factors requested early. All else is set already.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void RequestEarly()
        {
            _ahead = Math.Clamp(AheadBytes / (sizeof(float) * Features), FewestAhead, MostAhead);
            _requestEnd = Slots - _ahead;
        }

        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            // A tile begins no segment later than SegmentPieceSlots of work, and no segment outside the pieces is longer.
            float* room = stackalloc float[2 * SegmentPieceSlots];
            if (tile < PieceCount)
            {
                SumRun<TVec>(new SegmentRun { Borders = Pieces + (3 * tile) + 1, Count = 1, Y = PieceSums + ((long)tile * Features) }, room);
                return;
            }
            (int first, int last) = Ranges.Range(tile - PieceCount);
            SegmentRun all = new() { Borders = Ranges.Offsets, Scales = OutScale, Y = Y };
            // Runs of segments between long ones: the slots of a run fit into the room.
            for (int start = first; start < last;)
            {
                int stop = start;
                while (stop < last && all.End(stop) - all.Begin(stop) <= SegmentPieceSlots)
                {
                    stop++;
                }
                SumRun<TVec>(all.Part(start, stop - start, Features), room);
                start = stop + 1;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void SumRun<TVec>(SegmentRun run, float* room)
            where TVec : struct, IVec<TVec>
        {
            if (run.Count == 0)
            {
                return;
            }
            int width = Features / Heads;
            bool together = Heads > 1 && HeadsFill(TVec.Count, width, Features);
            int atOnce = (together ? Together : TVec.Count == 16 ? 16 : 8) * TVec.Count;
            // Rows of more columns than are summed at once are read again for the next ones: segment by segment, so that they are near then.
            int step = (together ? Features : width) > atOnce ? 1 : run.Count;
            for (int head = 0; head < (together ? 1 : Heads); head++)
            {
                if (!together)
                {
                    run.Factors = Factors(room, run.Begin(0), run.End(run.Count - 1), head, out run.Index);
                }
                for (int segment = 0; segment < run.Count; segment += step)
                {
                    SegmentRun part = run.Part(segment, step, Features);
                    if (together)
                    {
                        AllHeads<TVec>(part, width);
                    }
                    else
                    {
                        Columns<TVec>(part, head * width, width);
                    }
                }
            }
        }

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
        private readonly void Columns<TVec>(in SegmentRun run, int column, int width)
            where TVec : struct, IVec<TVec>
        {
            if (width < TVec.Count)
            {
                Narrow<TVec>(run, column, width);
                return;
            }
            int stop = column + width;
            // Sixteen sums and a factor need more registers than there are below 512 bits.
            for (; TVec.Count == 16 && column <= stop - (16 * TVec.Count); column += 16 * TVec.Count)
            {
                Sum<TVec, N16>(run, column, TVec.Count);
            }
            for (; column <= stop - (8 * TVec.Count); column += 8 * TVec.Count)
            {
                Sum<TVec, N8>(run, column, TVec.Count);
            }
            if (column <= stop - (4 * TVec.Count))
            {
                Sum<TVec, N4>(run, column, TVec.Count);
                column += 4 * TVec.Count;
            }
            if (column <= stop - (2 * TVec.Count))
            {
                Sum<TVec, N2>(run, column, TVec.Count);
                column += 2 * TVec.Count;
            }
            // Last vectors that overlap those before sum some numbers again, and need no mask, which costs more.
            int left = stop - column;
            if (left > TVec.Count)
            {
                Sum<TVec, N2>(run, column, left - TVec.Count);
            }
            else if (left > 0)
            {
                SumNarrow<TVec>(run, stop - TVec.Count, TVec.Count);
            }
        }

        // Fewer columns than a vector has.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Narrow<TVec>(in SegmentRun run, int column, int width)
            where TVec : struct, IVec<TVec>
        {
            if (TVec.Count > Vec256.Count && width >= Vec256.Count)
            {
                Columns<Vec256>(run, column, width);
            }
            else if (TVec.Count > Vec128.Count && width >= Vec128.Count)
            {
                Columns<Vec128>(run, column, width);
            }
            else if (width > 1)
            {
                SumNarrow<Vec128>(run, column, width);
            }
            else
            {
                Columns<Vec1>(run, column, width);
            }
        }
    }

    /// <summary>Segments one after the other, of which all sums are made in one call: a call for each would take as long as a short one's sum.</summary>
    private struct SegmentRun
    {
        /// <summary>Segment i has the slots from Borders[i] to below Borders[i + 1]; without borders, the one slot First + i.</summary>
        public int* Borders;
        public int First;
        public int Count;

        /// <summary>A factor for each segment's sum; none means ones.</summary>
        public float* Scales;

        /// <summary>The first segment's row of sums.</summary>
        public float* Y;

        /// <summary>The factors of slots, found as <see cref="SegmentSumTiles.Factors"/> says.</summary>
        public float* Factors;
        public int* Index;

        /// <summary>Some of the segments.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly SegmentRun Part(int segment, int count, int features) => this with
        {
            Borders = Borders == null ? null : Borders + segment,
            First = First + segment,
            Count = count,
            Scales = Scales == null ? null : Scales + segment,
            Y = Y + ((long)segment * features),
        };

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly int Begin(int segment) => Borders == null ? First + segment : Borders[segment];

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly int End(int segment) => Borders == null ? First + segment + 1 : Borders[segment + 1];
    }
}
