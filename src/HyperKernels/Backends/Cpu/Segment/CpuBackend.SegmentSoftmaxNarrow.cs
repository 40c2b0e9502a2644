using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    private partial struct SegmentSoftmaxTiles
    {
        /// <summary>
        /// Segments, from first to below last, that fit into the room together and whose rows are one register <typeparamref name="TRow"/> each: what most hyperedges are.
        /// The same sums in the same order as for other widths.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void Narrow<TVec, TRow>(int first, int last, float* room, float* other)
            where TVec : struct, IVec<TVec>
            where TRow : struct, IVec<TRow>
        {
            if (Gradient == null)
            {
                NarrowForward<TVec, TRow>(first, last, room);
                return;
            }
            for (int segment = first; segment < last; segment++)
            {
                NarrowBackward<TRow>(Ranges.Offsets[segment], Ranges.Offsets[segment + 1], room, other);
            }
        }

        // Where a slot's row lies.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly long RowAt<TRow>(int slot)
            where TRow : struct, IVec<TRow> => (long)(Positions == null ? slot : Positions[slot]) * TRow.Count;

        // All exponentials at once: a segment's own few would wait for one another.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void NarrowForward<TVec, TRow>(int first, int last, float* room)
            where TVec : struct, IVec<TVec>
            where TRow : struct, IVec<TRow>
        {
            int* offsets = Ranges.Offsets;
            int start = offsets[first];
            int ahead = Positions == null ? 0 : Slots - RowsAhead;
            for (int segment = first; segment < last; segment++)
            {
                int end = offsets[segment + 1];
                TRow largest = TRow.Create(float.NegativeInfinity);
                for (int slot = offsets[segment]; slot < end; slot++)
                {
                    if (slot < ahead)
                    {
                        // Of slots that come soon.
                        long coming = RowAt<TRow>(slot + RowsAhead);
                        Prefetch(X + coming, 1);
                        Prefetch(Y + coming, 1);
                    }
                    TRow row = TRow.Load(X + RowAt<TRow>(slot));
                    largest = TRow.MaxNative(largest, row);
                    row.Store(room + ((slot - start) * TRow.Count));
                }
                for (int slot = offsets[segment]; slot < end; slot++)
                {
                    float* row = room + ((slot - start) * TRow.Count);
                    (TRow.Load(row) - largest).Store(row);
                }
            }
            Exponentials<TVec>(room, (offsets[last] - start) * TRow.Count);
            for (int segment = first; segment < last; segment++)
            {
                int end = offsets[segment + 1];
                TRow sum = TRow.Zero;
                for (int slot = offsets[segment]; slot < end; slot++)
                {
                    sum += TRow.Load(room + ((slot - start) * TRow.Count));
                }
                TRow inverse = TRow.Create(1) / sum;
                for (int slot = offsets[segment]; slot < end; slot++)
                {
                    (TRow.Load(room + ((slot - start) * TRow.Count)) * inverse).Store(Y + RowAt<TRow>(slot));
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void NarrowBackward<TRow>(int begin, int end, float* y, float* slopes)
            where TRow : struct, IVec<TRow>
        {
            int ahead = Positions == null ? 0 : Slots - RowsAhead;
            TRow sum = TRow.Zero;
            for (int slot = begin; slot < end; slot++)
            {
                if (slot < ahead)
                {
                    long coming = RowAt<TRow>(slot + RowsAhead);
                    Prefetch(X + coming, 1);
                    Prefetch(Gradient + coming, 1);
                    Prefetch(Y + coming, 1);
                }
                long at = RowAt<TRow>(slot);
                TRow value = TRow.Load(X + at);
                TRow slope = TRow.Load(Gradient + at);
                TRow.Accumulate(ref sum, value, slope);
                value.Store(y + ((slot - begin) * TRow.Count));
                slope.Store(slopes + ((slot - begin) * TRow.Count));
            }
            for (int slot = begin; slot < end; slot++)
            {
                int here = (slot - begin) * TRow.Count;
                (TRow.Load(y + here) * (TRow.Load(slopes + here) - sum)).Store(Y + RowAt<TRow>(slot));
            }
        }
    }
}
