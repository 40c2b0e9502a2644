using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    /// <summary>
    /// Weighted sums of gathered rows. The factors of a tile's slots are computed first, so that the inner loops, which hold up to eight
    /// registers of sums over a segment, only read a row number, a factor and a row.
    /// </summary>
    private struct SegmentSumTiles : ITiles
    {
        private const int PrefetchSlots = 8;

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

        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            // A tile begins no segment later than MostSlots of work, and no segment outside the pieces is longer.
            float* room = stackalloc float[2 * MostSlots];
            int width = Features / Heads;
            if (tile < PieceCount)
            {
                int begin = Pieces[(3 * tile) + 1];
                int end = Pieces[(3 * tile) + 2];
                for (int head = 0; head < Heads; head++)
                {
                    Segment<TVec>(begin, end, Factors(room, begin, end, head), head * width, width, 1, PieceSums + ((long)tile * Features));
                }
                return;
            }
            (int first, int last) = Ranges.Range(tile - PieceCount);
            for (int head = 0; head < Heads; head++)
            {
                // Runs of segments between long ones: the slots of a run fit into the room.
                for (int start = first; start < last;)
                {
                    int stop = start;
                    while (stop < last && End(stop) - Begin(stop) <= MostSlots)
                    {
                        stop++;
                    }
                    if (stop > start)
                    {
                        float* factors = Factors(room, Begin(start), End(stop - 1), head);
                        for (int segment = start; segment < stop; segment++)
                        {
                            float scale = OutScale == null ? 1 : OutScale[segment];
                            Segment<TVec>(Begin(segment), End(segment), factors, head * width, width, scale, Y + ((long)segment * Features));
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

        /// <summary>The factors of slots begin to end, to be read at the slot's own number.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly float* Factors(float* room, int begin, int end, int head)
        {
            float* factors = room - begin;
            int* rows = Rows;
            if (Weights == null && InScale == null)
            {
                new Span<float>(room, end - begin).Fill(1);
            }
            else if (Weights == null)
            {
                float* scale = InScale;
                for (int slot = begin; slot < end; slot++)
                {
                    factors[slot] = scale[rows == null ? slot : rows[slot]];
                }
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
        private readonly void Segment<TVec>(int begin, int end, float* factors, int column, int width, float scale, float* y)
            where TVec : struct, IVec<TVec>
        {
            TVec s = TVec.Create(scale);
            int stop = column + width;
            for (; column <= stop - (8 * TVec.Count); column += 8 * TVec.Count)
            {
                Eight<TVec>(begin, end, Rows, factors, X + column, XStride, PrefetchEnd, s, y + column);
            }
            if (column <= stop - (4 * TVec.Count))
            {
                Four<TVec>(begin, end, Rows, factors, X + column, XStride, PrefetchEnd, s, y + column);
                column += 4 * TVec.Count;
            }
            if (column <= stop - (2 * TVec.Count))
            {
                Two<TVec>(begin, end, Rows, factors, X + column, XStride, PrefetchEnd, s, y + column);
                column += 2 * TVec.Count;
            }
            for (; column < stop; column += TVec.Count)
            {
                One<TVec>(begin, end, Rows, factors, X + column, XStride, PrefetchEnd, s, y + column, Math.Min(TVec.Count, stop - column));
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static float* Row(int slot, int* rows, float* x, long stride, int prefetchEnd, int floats)
        {
            if (rows == null)
            {
                return x + (slot * stride);
            }
            if (slot + PrefetchSlots < prefetchEnd)
            {
                Prefetch(x + (rows[slot + PrefetchSlots] * stride), floats);
            }
            return x + (rows[slot] * stride);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Eight<TVec>(int begin, int end, int* rows, float* factors, float* x, long stride, int prefetchEnd, TVec scale, float* y)
            where TVec : struct, IVec<TVec>
        {
            TVec a0 = TVec.Zero, a1 = TVec.Zero, a2 = TVec.Zero, a3 = TVec.Zero;
            TVec a4 = TVec.Zero, a5 = TVec.Zero, a6 = TVec.Zero, a7 = TVec.Zero;
            for (int slot = begin; slot < end; slot++)
            {
                float* row = Row(slot, rows, x, stride, prefetchEnd, 8 * TVec.Count);
                TVec w = TVec.Create(factors[slot]);
                a0 = TVec.MultiplyAdd(w, TVec.Load(row), a0);
                a1 = TVec.MultiplyAdd(w, TVec.Load(row + TVec.Count), a1);
                a2 = TVec.MultiplyAdd(w, TVec.Load(row + (2 * TVec.Count)), a2);
                a3 = TVec.MultiplyAdd(w, TVec.Load(row + (3 * TVec.Count)), a3);
                a4 = TVec.MultiplyAdd(w, TVec.Load(row + (4 * TVec.Count)), a4);
                a5 = TVec.MultiplyAdd(w, TVec.Load(row + (5 * TVec.Count)), a5);
                a6 = TVec.MultiplyAdd(w, TVec.Load(row + (6 * TVec.Count)), a6);
                a7 = TVec.MultiplyAdd(w, TVec.Load(row + (7 * TVec.Count)), a7);
            }
            (a0 * scale).Store(y);
            (a1 * scale).Store(y + TVec.Count);
            (a2 * scale).Store(y + (2 * TVec.Count));
            (a3 * scale).Store(y + (3 * TVec.Count));
            (a4 * scale).Store(y + (4 * TVec.Count));
            (a5 * scale).Store(y + (5 * TVec.Count));
            (a6 * scale).Store(y + (6 * TVec.Count));
            (a7 * scale).Store(y + (7 * TVec.Count));
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Four<TVec>(int begin, int end, int* rows, float* factors, float* x, long stride, int prefetchEnd, TVec scale, float* y)
            where TVec : struct, IVec<TVec>
        {
            TVec a0 = TVec.Zero, a1 = TVec.Zero, a2 = TVec.Zero, a3 = TVec.Zero;
            for (int slot = begin; slot < end; slot++)
            {
                float* row = Row(slot, rows, x, stride, prefetchEnd, 4 * TVec.Count);
                TVec w = TVec.Create(factors[slot]);
                a0 = TVec.MultiplyAdd(w, TVec.Load(row), a0);
                a1 = TVec.MultiplyAdd(w, TVec.Load(row + TVec.Count), a1);
                a2 = TVec.MultiplyAdd(w, TVec.Load(row + (2 * TVec.Count)), a2);
                a3 = TVec.MultiplyAdd(w, TVec.Load(row + (3 * TVec.Count)), a3);
            }
            (a0 * scale).Store(y);
            (a1 * scale).Store(y + TVec.Count);
            (a2 * scale).Store(y + (2 * TVec.Count));
            (a3 * scale).Store(y + (3 * TVec.Count));
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Two<TVec>(int begin, int end, int* rows, float* factors, float* x, long stride, int prefetchEnd, TVec scale, float* y)
            where TVec : struct, IVec<TVec>
        {
            TVec a0 = TVec.Zero, a1 = TVec.Zero;
            for (int slot = begin; slot < end; slot++)
            {
                float* row = Row(slot, rows, x, stride, prefetchEnd, 2 * TVec.Count);
                TVec w = TVec.Create(factors[slot]);
                a0 = TVec.MultiplyAdd(w, TVec.Load(row), a0);
                a1 = TVec.MultiplyAdd(w, TVec.Load(row + TVec.Count), a1);
            }
            (a0 * scale).Store(y);
            (a1 * scale).Store(y + TVec.Count);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void One<TVec>(
            int begin, int end, int* rows, float* factors, float* x, long stride, int prefetchEnd, TVec scale, float* y, int lanes)
            where TVec : struct, IVec<TVec>
        {
            // Two sums, of the even and of the odd slots, so that narrow rows do not wait for each other.
            TVec a0 = TVec.Zero, a1 = TVec.Zero;
            int slot = begin;
            for (; slot + 1 < end; slot += 2)
            {
                float* row0 = Row(slot, rows, x, stride, prefetchEnd, lanes);
                float* row1 = Row(slot + 1, rows, x, stride, prefetchEnd, lanes);
                a0 = TVec.MultiplyAdd(TVec.Create(factors[slot]), lanes == TVec.Count ? TVec.Load(row0) : TVec.LoadPartial(row0, lanes), a0);
                a1 = TVec.MultiplyAdd(TVec.Create(factors[slot + 1]), lanes == TVec.Count ? TVec.Load(row1) : TVec.LoadPartial(row1, lanes), a1);
            }
            if (slot < end)
            {
                float* row = Row(slot, rows, x, stride, prefetchEnd, lanes);
                a0 = TVec.MultiplyAdd(TVec.Create(factors[slot]), lanes == TVec.Count ? TVec.Load(row) : TVec.LoadPartial(row, lanes), a0);
            }
            TVec sum = (a0 + a1) * scale;
            if (lanes == TVec.Count)
            {
                sum.Store(y);
            }
            else
            {
                sum.StorePartial(y, lanes);
            }
        }
    }
}
