using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    private partial struct SegmentSoftmaxTiles
    {
        // Slots of a short segment, and how many are requested early.
        private const int MostShort = 4;
        private const int SegmentsAhead = RowsAhead / MostShort;

        /// <summary>
        /// Segments, from first to below last, each of which fits into the room, and whose rows are one register each: first all of one slot, then those of two,
        /// three and four, then the others. Where lengths change from each segment to the next, the processor guesses wrong at most of them, and that costs
        /// more than the sums.
        /// </summary>
        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Short<TVec, TRow>(int first, int last, float* room, float* other)
            where TVec : struct, IVec<TVec>
            where TRow : struct, IVec<TRow>
        {
            int* offsets = Ranges.Offsets;
            bool far = Positions == null && sizeof(float) * (long)Slots * Columns > PrefetchFromBytes;
            int* order = stackalloc int[MostTogether];
            // First the segments of each length, one place further on; then the place of the next; at last the place behind them.
            int* places = stackalloc int[MostShort + 3];
            new Span<int>(places, MostShort + 3).Clear();
            for (int segment = first; segment < last; segment++)
            {
                places[LengthOf(segment) + 1]++;
                if (far)
                {
                    // The order of the lengths is none that the processor foresees.
                    RequestShort<TRow, N1>(Math.Min(offsets[segment] + RowsAhead, Slots - 1));
                }
            }
            for (int length = 1; length <= MostShort + 1; length++)
            {
                places[length] += places[length - 1];
            }
            for (int segment = first; segment < last; segment++)
            {
                order[places[LengthOf(segment)]++] = segment;
            }
            ShortOf<TRow, N1>(order, places);
            ShortOf<TRow, N2>(order, places);
            ShortOf<TRow, N3>(order, places);
            ShortOf<TRow, N4>(order, places);
            for (int i = places[MostShort]; i < last - first; i++)
            {
                Narrow<TVec, TRow>(order[i], order[i] + 1, room, other);
            }
        }

        // All lengths that are not short count as one.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly int LengthOf(int segment) => Math.Min(Ranges.Offsets[segment + 1] - Ranges.Offsets[segment], MostShort + 1);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void ShortOf<TRow, TSlots>(int* order, int* places)
            where TRow : struct, IVec<TRow>
            where TSlots : struct, INumber
        {
            int first = places[TSlots.Value - 1];
            int count = places[TSlots.Value] - first;
            if (Gradient == null)
            {
                ShortForward<TRow, TSlots>(order + first, count);
            }
            else
            {
                ShortBackward<TRow, TSlots>(order + first, count);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void ShortForward<TRow, TSlots>(int* segments, int count)
            where TRow : struct, IVec<TRow>
            where TSlots : struct, INumber
        {
            for (int i = 0; i < count; i++)
            {
                int slot = Ranges.Offsets[segments[i]];
                if (Positions != null && i + SegmentsAhead < count)
                {
                    RequestShort<TRow, TSlots>(Ranges.Offsets[segments[i + SegmentsAhead]]);
                }
                long at0 = RowAt<TRow>(slot);
                long at1 = TSlots.Value > 1 ? RowAt<TRow>(slot + 1) : 0;
                long at2 = TSlots.Value > 2 ? RowAt<TRow>(slot + 2) : 0;
                long at3 = TSlots.Value > 3 ? RowAt<TRow>(slot + 3) : 0;
                TRow row0 = TRow.Load(X + at0);
                TRow row1 = TSlots.Value > 1 ? TRow.Load(X + at1) : TRow.Zero;
                TRow row2 = TSlots.Value > 2 ? TRow.Load(X + at2) : TRow.Zero;
                TRow row3 = TSlots.Value > 3 ? TRow.Load(X + at3) : TRow.Zero;
                TRow largest = row0;
                if (TSlots.Value > 1)
                {
                    largest = TRow.MaxNative(largest, row1);
                }
                if (TSlots.Value > 2)
                {
                    largest = TRow.MaxNative(largest, row2);
                }
                if (TSlots.Value > 3)
                {
                    largest = TRow.MaxNative(largest, row3);
                }
                row0 = TRow.Exp(row0 - largest);
                TRow sum = row0;
                if (TSlots.Value > 1)
                {
                    row1 = TRow.Exp(row1 - largest);
                    sum += row1;
                }
                if (TSlots.Value > 2)
                {
                    row2 = TRow.Exp(row2 - largest);
                    sum += row2;
                }
                if (TSlots.Value > 3)
                {
                    row3 = TRow.Exp(row3 - largest);
                    sum += row3;
                }
                TRow inverse = TRow.Create(1) / sum;
                (row0 * inverse).Store(Y + at0);
                if (TSlots.Value > 1)
                {
                    (row1 * inverse).Store(Y + at1);
                }
                if (TSlots.Value > 2)
                {
                    (row2 * inverse).Store(Y + at2);
                }
                if (TSlots.Value > 3)
                {
                    (row3 * inverse).Store(Y + at3);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void ShortBackward<TRow, TSlots>(int* segments, int count)
            where TRow : struct, IVec<TRow>
            where TSlots : struct, INumber
        {
            for (int i = 0; i < count; i++)
            {
                int slot = Ranges.Offsets[segments[i]];
                if (Positions != null && i + SegmentsAhead < count)
                {
                    RequestShort<TRow, TSlots>(Ranges.Offsets[segments[i + SegmentsAhead]]);
                }
                TRow sum = TRow.Zero;
                for (int j = 0; j < TSlots.Value; j++)
                {
                    long at = RowAt<TRow>(slot + j);
                    TRow.Accumulate(ref sum, TRow.Load(X + at), Gradient + at);
                }
                for (int j = 0; j < TSlots.Value; j++)
                {
                    long at = RowAt<TRow>(slot + j);
                    (TRow.Load(X + at) * (TRow.Load(Gradient + at) - sum)).Store(Y + at);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void RequestShort<TRow, TSlots>(int slot)
            where TRow : struct, IVec<TRow>
            where TSlots : struct, INumber
        {
            for (int j = 0; j < TSlots.Value; j++)
            {
                long at = RowAt<TRow>(slot + j);
                Prefetch(X + at, 1);
                Prefetch(Y + at, 1);
                if (Gradient != null)
                {
                    Prefetch(Gradient + at, 1);
                }
            }
        }
    }
}
