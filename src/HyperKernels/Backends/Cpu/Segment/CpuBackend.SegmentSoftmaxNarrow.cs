using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    private partial struct SegmentSoftmaxTiles
    {
        /// <summary>A segment whose rows are one register <typeparamref name="TRow"/> each. The same sums in the same order as for other widths.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void Narrow<TVec, TRow>(int begin, int end, float* room, float* other)
            where TVec : struct, IVec<TVec>
            where TRow : struct, IVec<TRow>
        {
            if (Gradient == null)
            {
                NarrowForward<TVec, TRow>(begin, end - begin, Positions == null ? null : Positions + begin, RowsToCome(begin), room);
            }
            else
            {
                NarrowBackward<TRow>(begin, end - begin, Positions == null ? null : Positions + begin, RowsToCome(begin), room, other);
            }
        }

        // Rows that are requested while a segment is read: those of the slots RowsAhead later, as far as there are any.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly int RowsToCome(int begin) => Positions == null ? 0 : Slots - begin - RowsAhead;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void NarrowForward<TVec, TRow>(int begin, int rows, int* positions, int toCome, float* room)
            where TVec : struct, IVec<TVec>
            where TRow : struct, IVec<TRow>
        {
            float* x = X;
            float* y = Y;
            TRow largest = TRow.Create(float.NegativeInfinity);
            for (int i = 0; i < rows; i++)
            {
                if (i < toCome)
                {
                    long coming = (long)positions[i + RowsAhead] * TRow.Count;
                    Prefetch(x + coming, 1);
                    Prefetch(y + coming, 1);
                }
                TRow row = TRow.Load(x + ((long)(positions == null ? begin + i : positions[i]) * TRow.Count));
                largest = TRow.Max(largest, row);
                row.Store(room + (i * TRow.Count));
            }
            for (int i = 0; i < rows; i++)
            {
                float* row = room + (i * TRow.Count);
                (TRow.Load(row) - largest).Store(row);
            }
            Exponentials<TVec>(room, rows * TRow.Count);
            TRow sum = TRow.Zero;
            for (int i = 0; i < rows; i++)
            {
                sum += TRow.Load(room + (i * TRow.Count));
            }
            TRow inverse = TRow.Create(1) / sum;
            for (int i = 0; i < rows; i++)
            {
                (TRow.Load(room + (i * TRow.Count)) * inverse).Store(y + ((long)(positions == null ? begin + i : positions[i]) * TRow.Count));
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void NarrowBackward<TRow>(int begin, int rows, int* positions, int toCome, float* y, float* slopes)
            where TRow : struct, IVec<TRow>
        {
            float* x = X;
            float* gradient = Gradient;
            float* dx = Y;
            TRow sum = TRow.Zero;
            for (int i = 0; i < rows; i++)
            {
                if (i < toCome)
                {
                    long coming = (long)positions[i + RowsAhead] * TRow.Count;
                    Prefetch(x + coming, 1);
                    Prefetch(gradient + coming, 1);
                    Prefetch(dx + coming, 1);
                }
                long at = (long)(positions == null ? begin + i : positions[i]) * TRow.Count;
                TRow value = TRow.Load(x + at);
                TRow slope = TRow.Load(gradient + at);
                sum = TRow.MultiplyAdd(value, slope, sum);
                value.Store(y + (i * TRow.Count));
                slope.Store(slopes + (i * TRow.Count));
            }
            for (int i = 0; i < rows; i++)
            {
                int here = i * TRow.Count;
                (TRow.Load(y + here) * (TRow.Load(slopes + here) - sum)).Store(dx + ((long)(positions == null ? begin + i : positions[i]) * TRow.Count));
            }
        }
    }
}
