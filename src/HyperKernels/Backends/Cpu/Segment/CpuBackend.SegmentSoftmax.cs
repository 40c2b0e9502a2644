using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void SegmentSoftmax(in SegmentForm form, int columns, BufferRef x, BufferRef? gradient, BufferRef y)
    {
        if (form.Slots == 0 || columns == 0)
        {
            return;
        }
        SegmentSoftmaxTiles tiles = new()
        {
            // An exponential costs as much as reading a few numbers.
            Ranges = new SegmentRanges(form, columns, SegmentTileElements / 4),
            Positions = IntsOrNull(form.Positions),
            Slots = form.Slots,
            Columns = columns,
            X = Floats(x),
            Gradient = FloatsOrNull(gradient),
            Y = Floats(y),
        };
        _threads.For(VectorWidth, tiles.Ranges.Tiles, ref tiles);
    }

    /// <summary>
    /// One segment at a time, up to <see cref="Most"/> columns at a time. The rows of a segment are copied side by side, so that a few heads
    /// fill the registers of the exponential and rows that lie scattered are read once. Segments too long for that are read again instead,
    /// and summed in double.
    /// </summary>
    private partial struct SegmentSoftmaxTiles : ITiles
    {
        private const int Most = 64;
        private const int Room = 1024;
        private const int MostTogether = 1024;

        // Floats of short segments done together: they and their answers stay in the first-level cache.
        private const int ShortRoom = 4 * Room;

        private const int RowsAhead = 32;

        public SegmentRanges Ranges;
        public int* Positions;
        public int Slots;
        public int Columns;
        public float* X;
        public float* Gradient;
        public float* Y;

        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            float* room = stackalloc float[Room];
            float* other = stackalloc float[Room];
            double* sums = stackalloc double[Most];
            (int first, int last) = Ranges.Range(tile);
            // The numbers of heads that fill a register of their own, and one.
            bool one = Columns == 1;
            bool four = Columns == Vec128.Count && TVec.Count >= Vec128.Count;
            bool eight = Columns == Vec256.Count && TVec.Count >= Vec256.Count;
            for (int segment = first; segment < last; segment++)
            {
                int begin = Ranges.Offsets[segment];
                int end = Ranges.Offsets[segment + 1];
                if ((one || four || eight) && (long)(end - begin) * Columns <= Room)
                {
                    int behind = Together(segment, last, one ? Room : ShortRoom);
                    if (one)
                    {
                        Narrow<TVec, Vec1>(segment, behind, room, other);
                    }
                    else if (four)
                    {
                        Short<TVec, Vec128>(segment, behind, room, other);
                    }
                    else
                    {
                        Short<TVec, Vec256>(segment, behind, room, other);
                    }
                    segment = behind - 1;
                    continue;
                }
                for (int column = 0; begin < end && column < Columns; column += Most)
                {
                    int width = Math.Min(Most, Columns - column);
                    bool fits = (long)(end - begin) * width <= Room;
                    if (Gradient == null && fits)
                    {
                        Forward<TVec>(begin, end, column, width, room);
                    }
                    else if (Gradient == null)
                    {
                        ForwardLong<TVec>(begin, end, column, width, room, other, sums);
                    }
                    else if (fits)
                    {
                        Backward<TVec>(begin, end, column, width, room, other);
                    }
                    else
                    {
                        BackwardLong(begin, end, column, width, sums);
                    }
                }
            }
        }

        // The segment behind those from this one on that are done together: no more floats than given, and each fits into the room.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly int Together(int segment, int last, int floats)
        {
            int* offsets = Ranges.Offsets;
            int end = offsets[segment] + (floats / Columns);
            int most = Room / Columns;
            last = Math.Min(last, segment + MostTogether);
            int behind = segment + 1;
            while (behind < last && offsets[behind + 1] <= end && offsets[behind + 1] - offsets[behind] <= most)
            {
                behind++;
            }
            return behind;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly long At(int slot, int column) => ((long)(Positions == null ? slot : Positions[slot]) * Columns) + column;

        /// <summary>Requests rows that will be read and written soon.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void Ahead(int slot, int column, int width)
        {
            if (Positions != null && slot + RowsAhead < Slots)
            {
                long at = At(slot + RowsAhead, column);
                Prefetch(X + at, width);
                Prefetch(Y + at, width);
                if (Gradient != null)
                {
                    Prefetch(Gradient + at, width);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Forward<TVec>(int begin, int end, int column, int width, float* room)
            where TVec : struct, IVec<TVec>
        {
            int rows = end - begin;
            for (int c = 0; c < width; c += TVec.Count)
            {
                int lanes = Math.Min(TVec.Count, width - c);
                TVec largest = TVec.Create(float.NegativeInfinity);
                for (int i = 0; i < rows; i++)
                {
                    if (c == 0)
                    {
                        Ahead(begin + i, column, width);
                    }
                    TVec x = TVec.LoadPartial(X + At(begin + i, column + c), lanes);
                    largest = TVec.MaxNative(largest, x);
                    x.StorePartial(room + (i * width) + c, lanes);
                }
                for (int i = 0; i < rows; i++)
                {
                    float* x = room + (i * width) + c;
                    (TVec.LoadPartial(x, lanes) - largest).StorePartial(x, lanes);
                }
            }
            Exponentials<TVec>(room, rows * width);
            for (int c = 0; c < width; c += TVec.Count)
            {
                int lanes = Math.Min(TVec.Count, width - c);
                TVec sum = TVec.Zero;
                for (int i = 0; i < rows; i++)
                {
                    sum += TVec.LoadPartial(room + (i * width) + c, lanes);
                }
                TVec inverse = TVec.Create(1) / sum;
                for (int i = 0; i < rows; i++)
                {
                    (TVec.LoadPartial(room + (i * width) + c, lanes) * inverse).StorePartial(Y + At(begin + i, column + c), lanes);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Exponentials<TVec>(float* values, int count)
            where TVec : struct, IVec<TVec>
        {
            int i = 0;
            for (; i <= count - TVec.Count; i += TVec.Count)
            {
                TVec.Exp(TVec.Load(values + i)).Store(values + i);
            }
            if (i < count)
            {
                TVec.Exp(TVec.LoadPartial(values + i, count - i)).StorePartial(values + i, count - i);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void ForwardLong<TVec>(int begin, int end, int column, int width, float* room, float* largest, double* sums)
            where TVec : struct, IVec<TVec>
        {
            new Span<float>(largest, width).Fill(float.NegativeInfinity);
            new Span<double>(sums, width).Clear();
            for (int slot = begin; slot < end; slot++)
            {
                Ahead(slot, column, width);
                float* x = X + At(slot, column);
                int c = 0;
                for (; c <= width - 4; c += 4)
                {
                    Vector128.MaxNative(Vector128.Load(largest + c), Vector128.Load(x + c)).Store(largest + c);
                }
                for (; c < width; c++)
                {
                    // As above: MathF.Max stays a call, and for a while one that counts itself.
                    largest[c] = Vector128.MaxNative(Vector128.CreateScalar(largest[c]), Vector128.CreateScalar(x[c])).ToScalar();
                }
            }
            int step = Room / width;
            for (int start = begin; start < end; start += step)
            {
                int stop = Math.Min(end, start + step);
                float* to = room;
                for (int slot = start; slot < stop; slot++, to += width)
                {
                    float* x = X + At(slot, column);
                    int c = 0;
                    for (; c <= width - 4; c += 4)
                    {
                        (Vector128.Load(x + c) - Vector128.Load(largest + c)).Store(to + c);
                    }
                    for (; c < width; c++)
                    {
                        to[c] = x[c] - largest[c];
                    }
                }
                Exponentials<TVec>(room, (stop - start) * width);
                float* from = room;
                for (int slot = start; slot < stop; slot++, from += width)
                {
                    float* y = Y + At(slot, column);
                    int c = 0;
                    for (; c <= width - 4; c += 4)
                    {
                        Vector128<float> power = Vector128.Load(from + c);
                        power.Store(y + c);
                        (Vector128.Load(sums + c) + Vector128.WidenLower(power)).Store(sums + c);
                        (Vector128.Load(sums + c + 2) + Vector128.WidenUpper(power)).Store(sums + c + 2);
                    }
                    for (; c < width; c++)
                    {
                        y[c] = from[c];
                        sums[c] += from[c];
                    }
                }
            }
            for (int c = 0; c < width; c++)
            {
                largest[c] = (float)(1 / sums[c]);
            }
            for (int slot = begin; slot < end; slot++)
            {
                float* y = Y + At(slot, column);
                int c = 0;
                for (; c <= width - 4; c += 4)
                {
                    (Vector128.Load(y + c) * Vector128.Load(largest + c)).Store(y + c);
                }
                for (; c < width; c++)
                {
                    y[c] *= largest[c];
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Backward<TVec>(int begin, int end, int column, int width, float* y, float* gradient)
            where TVec : struct, IVec<TVec>
        {
            int rows = end - begin;
            for (int c = 0; c < width; c += TVec.Count)
            {
                int lanes = Math.Min(TVec.Count, width - c);
                TVec sum = TVec.Zero;
                for (int i = 0; i < rows; i++)
                {
                    if (c == 0)
                    {
                        Ahead(begin + i, column, width);
                    }
                    long at = At(begin + i, column + c);
                    TVec value = TVec.LoadPartial(X + at, lanes);
                    TVec slope = TVec.LoadPartial(Gradient + at, lanes);
                    TVec.Accumulate(ref sum, value, slope);
                    value.StorePartial(y + (i * width) + c, lanes);
                    slope.StorePartial(gradient + (i * width) + c, lanes);
                }
                for (int i = 0; i < rows; i++)
                {
                    int here = (i * width) + c;
                    (TVec.LoadPartial(y + here, lanes) * (TVec.LoadPartial(gradient + here, lanes) - sum)).StorePartial(Y + At(begin + i, column + c), lanes);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void BackwardLong(int begin, int end, int column, int width, double* sums)
        {
            new Span<double>(sums, width).Clear();
            for (int slot = begin; slot < end; slot++)
            {
                Ahead(slot, column, width);
                long at = At(slot, column);
                int c = 0;
                for (; c <= width - 4; c += 4)
                {
                    Vector128<float> value = Vector128.Load(X + at + c);
                    Vector128<float> slope = Vector128.Load(Gradient + at + c);
                    (Vector128.Load(sums + c) + (Vector128.WidenLower(value) * Vector128.WidenLower(slope))).Store(sums + c);
                    (Vector128.Load(sums + c + 2) + (Vector128.WidenUpper(value) * Vector128.WidenUpper(slope))).Store(sums + c + 2);
                }
                for (; c < width; c++)
                {
                    sums[c] += (double)X[at + c] * Gradient[at + c];
                }
            }
            float* means = stackalloc float[Most];
            for (int c = 0; c < width; c++)
            {
                means[c] = (float)sums[c];
            }
            for (int slot = begin; slot < end; slot++)
            {
                long at = At(slot, column);
                int c = 0;
                for (; c <= width - 4; c += 4)
                {
                    (Vector128.Load(X + at + c) * (Vector128.Load(Gradient + at + c) - Vector128.Load(means + c))).Store(Y + at + c);
                }
                for (; c < width; c++)
                {
                    Y[at + c] = X[at + c] * (Gradient[at + c] - means[c]);
                }
            }
        }
    }
}
