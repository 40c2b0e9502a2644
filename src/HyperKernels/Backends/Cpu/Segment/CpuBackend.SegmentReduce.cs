using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void SegmentDot(
        int count, int features, int heads, BufferRef? rowsA, BufferRef? rowsB, BufferRef x, long xStride, BufferRef z, long zStride,
        BufferRef? scaleA, BufferRef? scaleB, BufferRef y)
    {
        if (count == 0)
        {
            return;
        }
        SegmentDotTiles tiles = new()
        {
            Plan = new RowPlan(count, 1, Math.Max(32, SegmentTileElements / Math.Max(1, features))),
            Count = count,
            Ahead = SegmentDotTiles.RowsAhead(features),
            Width = features / heads,
            Heads = heads,
            RowsA = IntsOrNull(rowsA),
            RowsB = IntsOrNull(rowsB),
            X = Floats(x),
            XStride = xStride,
            Z = Floats(z),
            ZStride = zStride,
            ScaleA = FloatsOrNull(scaleA),
            ScaleB = FloatsOrNull(scaleB),
            Y = Floats(y),
        };
        _threads.For(VectorWidth, tiles.Plan.Tiles, ref tiles);
    }

    public void SegmentExtreme(Extreme kind, in SegmentForm form, int features, BufferRef values, BufferRef y, BufferRef argument)
    {
        if (form.Segments == 0 || features == 0)
        {
            return;
        }
        SegmentExtremeTiles tiles = new()
        {
            Ranges = new SegmentRanges(form, features, SegmentTileElements),
            Kind = kind,
            Positions = IntsOrNull(form.Positions),
            Slots = form.Slots,
            Features = features,
            Values = Floats(values),
            Y = Floats(y),
            Argument = Floats(argument),
        };
        _threads.For(VectorWidth, tiles.Ranges.Tiles, ref tiles);
    }

    public void SegmentPick(bool spread, int segments, int features, BufferRef argument, BufferRef x, BufferRef y)
    {
        if (segments == 0 || features == 0)
        {
            return;
        }
        SegmentPickTiles tiles = new()
        {
            Plan = new RowPlan((long)segments * features, features, TileElements),
            Spread = spread,
            Argument = Ints(argument),
            X = Floats(x),
            Y = Floats(y),
        };
        _threads.For(VectorWidth, tiles.Plan.Tiles, ref tiles);
    }

    private struct SegmentExtremeTiles : ITiles
    {
        private const int RowsAhead = 8;

        public SegmentRanges Ranges;
        public Extreme Kind;
        public int* Positions;
        public int Slots;
        public int Features;
        public float* Values;
        public float* Y;

        // Membership numbers, carried through the registers as bits.
        public float* Argument;

        public void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            if (Kind == Extreme.Max)
            {
                Run<TVec, Largest>(tile);
            }
            else
            {
                Run<TVec, Smallest>(tile);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Run<TVec, TOrder>(int tile)
            where TVec : struct, IVec<TVec>
            where TOrder : struct, IOrder
        {
            (int first, int last) = Ranges.Range(tile);
            int* offsets = Ranges.Offsets;
            for (int segment = first; segment < last; segment++)
            {
                for (int slot = offsets[segment]; Positions != null && slot < offsets[segment + 1] && slot + RowsAhead < Slots; slot++)
                {
                    Prefetch(Values + ((long)Positions[slot + RowsAhead] * Features), Features);
                }
                for (int column = 0; column < Features; column += TVec.Count)
                {
                    long at = ((long)segment * Features) + column;
                    Columns<TVec, TOrder>(
                        offsets[segment], offsets[segment + 1], Positions, Values + column, Features, Y + at, Argument + at, Math.Min(TVec.Count, Features - column));
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Columns<TVec, TOrder>(int begin, int end, int* positions, float* values, int stride, float* y, float* argument, int lanes)
            where TVec : struct, IVec<TVec>
            where TOrder : struct, IOrder
        {
            TVec best = TVec.Zero;
            TVec where = TVec.Create(BitConverter.Int32BitsToSingle(-1));
            for (int slot = begin; slot < end; slot++)
            {
                int member = positions == null ? slot : positions[slot];
                TVec here = TVec.Create(BitConverter.Int32BitsToSingle(member));
                TVec value = TVec.LoadPartial(values + ((long)member * stride), lanes);
                if (slot == begin)
                {
                    best = value;
                    where = here;
                    continue;
                }
                TVec beats = TOrder.Beats(value, best);
                // A NaN beats every number and is beaten by nothing.
                TVec number = TVec.Equal(value, value);
                TVec bestNumber = TVec.Equal(best, best);
                where = TVec.Select(number, TVec.Select(beats, here, where), TVec.Select(bestNumber, here, where));
                best = TVec.Select(number, TVec.Select(beats, value, best), TVec.Select(bestNumber, value, best));
            }
            best.StorePartial(y, lanes);
            where.StorePartial(argument, lanes);
        }

        /// <summary>Which of two values is taken.</summary>
        private interface IOrder
        {
            static abstract TVec Beats<TVec>(TVec value, TVec best)
                where TVec : struct, IVec<TVec>;
        }

        private readonly struct Largest : IOrder
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            public static TVec Beats<TVec>(TVec value, TVec best)
                where TVec : struct, IVec<TVec> => TVec.LessThan(best, value);
        }

        private readonly struct Smallest : IOrder
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            public static TVec Beats<TVec>(TVec value, TVec best)
                where TVec : struct, IVec<TVec> => TVec.LessThan(value, best);
        }
    }

    private struct SegmentPickTiles : ITiles
    {
        public RowPlan Plan;
        public bool Spread;
        public int* Argument;
        public float* X;
        public float* Y;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            (long first, long last, int start, int end) = Plan.Range(tile);
            long features = Plan.Inner;
            for (long segment = first; segment < last; segment++)
            {
                for (int f = start; f < end; f++)
                {
                    long at = (segment * features) + f;
                    int member = Argument[at];
                    if (!Spread)
                    {
                        Y[at] = member < 0 ? 0 : X[(member * features) + f];
                    }
                    else if (member >= 0)
                    {
                        Y[(member * features) + f] = X[at];
                    }
                }
            }
        }
    }
}
