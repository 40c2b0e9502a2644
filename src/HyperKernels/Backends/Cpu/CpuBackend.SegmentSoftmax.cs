using System.Runtime.CompilerServices;

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
            Positions = OptionalInts(form.Positions),
            Columns = columns,
            X = Floats(x),
            Gradient = OptionalFloats(gradient),
            Y = Floats(y),
        };
        _threads.For(VectorWidth, tiles.Ranges.Tiles, ref tiles);
    }

    /// <summary>
    /// One segment at a time, up to <see cref="Most"/> columns at a time. Exponentials are taken of rows that were copied side by side, so
    /// that a few heads fill the registers; sums are double, as a segment may be long.
    /// </summary>
    private struct SegmentSoftmaxTiles : ITiles
    {
        private const int Most = 64;
        private const int Room = 1024;

        public SegmentRanges Ranges;
        public int* Positions;
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
            float* largest = stackalloc float[Most];
            double* sums = stackalloc double[Most];
            (int first, int last) = Ranges.Range(tile);
            for (int segment = first; segment < last; segment++)
            {
                int begin = Ranges.Offsets[segment];
                int end = Ranges.Offsets[segment + 1];
                for (int column = 0; begin < end && column < Columns; column += Most)
                {
                    int width = Math.Min(Most, Columns - column);
                    if (Gradient == null)
                    {
                        Forward<TVec>(begin, end, column, width, room, largest, sums);
                    }
                    else
                    {
                        Backward(begin, end, column, width, sums);
                    }
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly long At(int slot, int column) => ((long)(Positions == null ? slot : Positions[slot]) * Columns) + column;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Forward<TVec>(int begin, int end, int column, int width, float* room, float* largest, double* sums)
            where TVec : struct, IVec<TVec>
        {
            new Span<float>(largest, width).Fill(float.NegativeInfinity);
            new Span<double>(sums, width).Clear();
            for (int slot = begin; slot < end; slot++)
            {
                float* x = X + At(slot, column);
                for (int c = 0; c < width; c++)
                {
                    largest[c] = MathF.Max(largest[c], x[c]);
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
                    for (int c = 0; c < width; c++)
                    {
                        to[c] = x[c] - largest[c];
                    }
                }
                int count = (stop - start) * width;
                for (int i = 0; i < count; i += TVec.Count)
                {
                    int lanes = Math.Min(TVec.Count, count - i);
                    TVec.Exp(TVec.LoadPartial(room + i, lanes)).StorePartial(room + i, lanes);
                }
                float* from = room;
                for (int slot = start; slot < stop; slot++, from += width)
                {
                    float* y = Y + At(slot, column);
                    for (int c = 0; c < width; c++)
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
                for (int c = 0; c < width; c++)
                {
                    y[c] *= largest[c];
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Backward(int begin, int end, int column, int width, double* sums)
        {
            new Span<double>(sums, width).Clear();
            for (int slot = begin; slot < end; slot++)
            {
                long at = At(slot, column);
                for (int c = 0; c < width; c++)
                {
                    sums[c] += (double)X[at + c] * Gradient[at + c];
                }
            }
            for (int slot = begin; slot < end; slot++)
            {
                long at = At(slot, column);
                for (int c = 0; c < width; c++)
                {
                    Y[at + c] = X[at + c] * (Gradient[at + c] - (float)sums[c]);
                }
            }
        }
    }
}
