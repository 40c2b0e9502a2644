using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    private partial struct SegmentSumTiles
    {
        /// <summary>
        /// The sums of two or more vectors of columns, the second of them <paramref name="second"/> floats behind the first. The tests of TVectors cost
        /// nothing.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Sum<TVec, TVectors>(in SegmentRun run, int column, nint second)
            where TVec : struct, IVec<TVec>
            where TVectors : struct, INumber
        {
            // In locals: the stores might change fields, as far as the compiler knows.
            int* borders = run.Borders;
            int count = run.Count;
            float* scales = run.Scales;
            float* factors = run.Factors;
            int* index = run.Index;
            int* rows = Rows;
            float* x = X + column;
            long stride = XStride;
            int ahead = _ahead;
            int requestEnd = _requestEnd;
            float* y = run.Y + column;
            long yStride = Features;
            int slot = run.Begin(0);
            for (int segment = 0; segment < count; segment++, y += yStride)
            {
                int end = borders == null ? slot + 1 : borders[segment + 1];
                TVec a0 = TVec.Zero, a1 = TVec.Zero, a2 = TVec.Zero, a3 = TVec.Zero;
                TVec a4 = TVec.Zero, a5 = TVec.Zero, a6 = TVec.Zero, a7 = TVec.Zero;
                TVec a8 = TVec.Zero, a9 = TVec.Zero, a10 = TVec.Zero, a11 = TVec.Zero;
                TVec a12 = TVec.Zero, a13 = TVec.Zero, a14 = TVec.Zero, a15 = TVec.Zero;
                for (; slot < end; slot++)
                {
                    if (slot < requestEnd)
                    {
                        Request(slot + ahead, rows, x, stride, TVectors.Value * TVec.Count, factors, index);
                    }
                    float* row = x + ((rows == null ? slot : rows[slot]) * stride);
                    TVec w = TVec.Create(factors[index == null ? slot : index[slot]]);
                    TVec.Accumulate(ref a0, w, row);
                    TVec.Accumulate(ref a1, w, row + second);
                    if (TVectors.Value > 2)
                    {
                        TVec.Accumulate(ref a2, w, row + (2 * TVec.Count));
                        TVec.Accumulate(ref a3, w, row + (3 * TVec.Count));
                    }
                    if (TVectors.Value > 4)
                    {
                        TVec.Accumulate(ref a4, w, row + (4 * TVec.Count));
                        TVec.Accumulate(ref a5, w, row + (5 * TVec.Count));
                        TVec.Accumulate(ref a6, w, row + (6 * TVec.Count));
                        TVec.Accumulate(ref a7, w, row + (7 * TVec.Count));
                    }
                    if (TVectors.Value > 8)
                    {
                        TVec.Accumulate(ref a8, w, row + (8 * TVec.Count));
                        TVec.Accumulate(ref a9, w, row + (9 * TVec.Count));
                        TVec.Accumulate(ref a10, w, row + (10 * TVec.Count));
                        TVec.Accumulate(ref a11, w, row + (11 * TVec.Count));
                        TVec.Accumulate(ref a12, w, row + (12 * TVec.Count));
                        TVec.Accumulate(ref a13, w, row + (13 * TVec.Count));
                        TVec.Accumulate(ref a14, w, row + (14 * TVec.Count));
                        TVec.Accumulate(ref a15, w, row + (15 * TVec.Count));
                    }
                }
                TVec scale = TVec.Create(scales == null ? 1 : scales[segment]);
                (a0 * scale).Store(y);
                (a1 * scale).Store(y + second);
                if (TVectors.Value > 2)
                {
                    (a2 * scale).Store(y + (2 * TVec.Count));
                    (a3 * scale).Store(y + (3 * TVec.Count));
                }
                if (TVectors.Value > 4)
                {
                    (a4 * scale).Store(y + (4 * TVec.Count));
                    (a5 * scale).Store(y + (5 * TVec.Count));
                    (a6 * scale).Store(y + (6 * TVec.Count));
                    (a7 * scale).Store(y + (7 * TVec.Count));
                }
                if (TVectors.Value > 8)
                {
                    (a8 * scale).Store(y + (8 * TVec.Count));
                    (a9 * scale).Store(y + (9 * TVec.Count));
                    (a10 * scale).Store(y + (10 * TVec.Count));
                    (a11 * scale).Store(y + (11 * TVec.Count));
                    (a12 * scale).Store(y + (12 * TVec.Count));
                    (a13 * scale).Store(y + (13 * TVec.Count));
                    (a14 * scale).Store(y + (14 * TVec.Count));
                    (a15 * scale).Store(y + (15 * TVec.Count));
                }
            }
        }

        /// <summary>The sums of one vector of columns, or of its first lanes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void SumNarrow<TVec>(in SegmentRun run, int column, int lanes)
            where TVec : struct, IVec<TVec>
        {
            // In locals: the stores might change fields, as far as the compiler knows.
            int* borders = run.Borders;
            int count = run.Count;
            float* scales = run.Scales;
            float* factors = run.Factors;
            int* index = run.Index;
            int* rows = Rows;
            float* x = X + column;
            long stride = XStride;
            int ahead = _ahead;
            int requestEnd = _requestEnd;
            float* y = run.Y + column;
            long yStride = Features;
            int slot = run.Begin(0);
            for (int segment = 0; segment < count; segment++, y += yStride)
            {
                int end = borders == null ? slot + 1 : borders[segment + 1];
                // Two sums, of the even and of the odd slots, so that narrow rows do not wait for each other.
                TVec even = TVec.Zero, odd = TVec.Zero;
                for (; slot < end; slot++)
                {
                    if (slot < requestEnd)
                    {
                        Request(slot + ahead, rows, x, stride, lanes, factors, index);
                    }
                    float* row = x + ((rows == null ? slot : rows[slot]) * stride);
                    TVec w = TVec.Create(factors[index == null ? slot : index[slot]]);
                    (even, odd) = (odd, TVec.MultiplyAdd(w, LoadLanes<TVec>(row, lanes), even));
                }
                StoreLanes((even + odd) * TVec.Create(scales == null ? 1 : scales[segment]), y, lanes);
            }
        }

        /// <summary>
        /// Requests the lines of a slot's row and factor, to be read soon. The number of floats is a constant where this is inlined, so that nothing but the
        /// requests is left.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Request(int slot, int* rows, float* x, long stride, int floats, float* factors, int* index)
        {
            if (!Sse.IsSupported)
            {
                return;
            }
            float* row = x + (rows[slot] * stride);
            Sse.Prefetch0(row);
            if (floats > 16)
            {
                Sse.Prefetch0(row + 16);
            }
            if (floats > 32)
            {
                Sse.Prefetch0(row + 32);
                Sse.Prefetch0(row + 48);
            }
            if (floats > 64)
            {
                Sse.Prefetch0(row + 64);
                Sse.Prefetch0(row + 80);
                Sse.Prefetch0(row + 96);
                Sse.Prefetch0(row + 112);
            }
            if (floats > 128)
            {
                Sse.Prefetch0(row + 128);
                Sse.Prefetch0(row + 144);
                Sse.Prefetch0(row + 160);
                Sse.Prefetch0(row + 176);
                Sse.Prefetch0(row + 192);
                Sse.Prefetch0(row + 208);
                Sse.Prefetch0(row + 224);
                Sse.Prefetch0(row + 240);
            }
            if (index != null)
            {
                Sse.Prefetch0(factors + index[slot]);
            }
        }
    }
}
