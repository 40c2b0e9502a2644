using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    private partial struct SegmentSumTiles
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static float* Row(int slot, int* rows, float* x, long stride, int ahead, int prefetchEnd, int floats)
        {
            if (rows == null)
            {
                return x + (slot * stride);
            }
            if (slot + ahead < prefetchEnd)
            {
                PrefetchRow(x + (rows[slot + ahead] * stride), floats);
            }
            return x + (rows[slot] * stride);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static TVec Factor<TVec>(int slot, float* factors, int* index, int ahead, int prefetchEnd)
            where TVec : struct, IVec<TVec>
        {
            if (index == null)
            {
                return TVec.Create(factors[slot]);
            }
            if (slot + ahead < prefetchEnd)
            {
                PrefetchRow(factors + index[slot + ahead], 1);
            }
            return TVec.Create(factors[index[slot]]);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static TVec Part<TVec>(float* row, int lanes)
            where TVec : struct, IVec<TVec> =>
            lanes == TVec.Count ? TVec.Load(row) : TVec.LoadPartial(row, lanes);

        /// <summary>Requests a row's lines. The number of floats is a constant where this is inlined, so that nothing but the requests is left.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void PrefetchRow(float* row, int floats)
        {
            if (!Sse.IsSupported)
            {
                return;
            }
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
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Sixteen<TVec>(
            int begin, int end, int* rows, float* factors, int* index, float* x, long stride, int ahead, int prefetchEnd, TVec scale, float* y)
            where TVec : struct, IVec<TVec>
        {
            TVec a0 = TVec.Zero, a1 = TVec.Zero, a2 = TVec.Zero, a3 = TVec.Zero;
            TVec a4 = TVec.Zero, a5 = TVec.Zero, a6 = TVec.Zero, a7 = TVec.Zero;
            TVec a8 = TVec.Zero, a9 = TVec.Zero, a10 = TVec.Zero, a11 = TVec.Zero;
            TVec a12 = TVec.Zero, a13 = TVec.Zero, a14 = TVec.Zero, a15 = TVec.Zero;
            for (int slot = begin; slot < end; slot++)
            {
                float* row = Row(slot, rows, x, stride, ahead, prefetchEnd, 16 * TVec.Count);
                TVec w = Factor<TVec>(slot, factors, index, ahead, prefetchEnd);
                a0 = TVec.MultiplyAdd(w, TVec.Load(row), a0);
                a1 = TVec.MultiplyAdd(w, TVec.Load(row + TVec.Count), a1);
                a2 = TVec.MultiplyAdd(w, TVec.Load(row + (2 * TVec.Count)), a2);
                a3 = TVec.MultiplyAdd(w, TVec.Load(row + (3 * TVec.Count)), a3);
                a4 = TVec.MultiplyAdd(w, TVec.Load(row + (4 * TVec.Count)), a4);
                a5 = TVec.MultiplyAdd(w, TVec.Load(row + (5 * TVec.Count)), a5);
                a6 = TVec.MultiplyAdd(w, TVec.Load(row + (6 * TVec.Count)), a6);
                a7 = TVec.MultiplyAdd(w, TVec.Load(row + (7 * TVec.Count)), a7);
                a8 = TVec.MultiplyAdd(w, TVec.Load(row + (8 * TVec.Count)), a8);
                a9 = TVec.MultiplyAdd(w, TVec.Load(row + (9 * TVec.Count)), a9);
                a10 = TVec.MultiplyAdd(w, TVec.Load(row + (10 * TVec.Count)), a10);
                a11 = TVec.MultiplyAdd(w, TVec.Load(row + (11 * TVec.Count)), a11);
                a12 = TVec.MultiplyAdd(w, TVec.Load(row + (12 * TVec.Count)), a12);
                a13 = TVec.MultiplyAdd(w, TVec.Load(row + (13 * TVec.Count)), a13);
                a14 = TVec.MultiplyAdd(w, TVec.Load(row + (14 * TVec.Count)), a14);
                a15 = TVec.MultiplyAdd(w, TVec.Load(row + (15 * TVec.Count)), a15);
            }
            (a0 * scale).Store(y);
            (a1 * scale).Store(y + TVec.Count);
            (a2 * scale).Store(y + (2 * TVec.Count));
            (a3 * scale).Store(y + (3 * TVec.Count));
            (a4 * scale).Store(y + (4 * TVec.Count));
            (a5 * scale).Store(y + (5 * TVec.Count));
            (a6 * scale).Store(y + (6 * TVec.Count));
            (a7 * scale).Store(y + (7 * TVec.Count));
            (a8 * scale).Store(y + (8 * TVec.Count));
            (a9 * scale).Store(y + (9 * TVec.Count));
            (a10 * scale).Store(y + (10 * TVec.Count));
            (a11 * scale).Store(y + (11 * TVec.Count));
            (a12 * scale).Store(y + (12 * TVec.Count));
            (a13 * scale).Store(y + (13 * TVec.Count));
            (a14 * scale).Store(y + (14 * TVec.Count));
            (a15 * scale).Store(y + (15 * TVec.Count));
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Eight<TVec>(
            int begin, int end, int* rows, float* factors, int* index, float* x, long stride, int ahead, int prefetchEnd, TVec scale, float* y)
            where TVec : struct, IVec<TVec>
        {
            TVec a0 = TVec.Zero, a1 = TVec.Zero, a2 = TVec.Zero, a3 = TVec.Zero;
            TVec a4 = TVec.Zero, a5 = TVec.Zero, a6 = TVec.Zero, a7 = TVec.Zero;
            for (int slot = begin; slot < end; slot++)
            {
                float* row = Row(slot, rows, x, stride, ahead, prefetchEnd, 8 * TVec.Count);
                TVec w = Factor<TVec>(slot, factors, index, ahead, prefetchEnd);
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
        private static void Four<TVec>(
            int begin, int end, int* rows, float* factors, int* index, float* x, long stride, int ahead, int prefetchEnd, TVec scale, float* y)
            where TVec : struct, IVec<TVec>
        {
            TVec a0 = TVec.Zero, a1 = TVec.Zero, a2 = TVec.Zero, a3 = TVec.Zero;
            for (int slot = begin; slot < end; slot++)
            {
                float* row = Row(slot, rows, x, stride, ahead, prefetchEnd, 4 * TVec.Count);
                TVec w = Factor<TVec>(slot, factors, index, ahead, prefetchEnd);
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
        private static void Two<TVec>(
            int begin, int end, int* rows, float* factors, int* index, float* x, long stride, int ahead, int prefetchEnd, TVec scale, float* y, int second)
            where TVec : struct, IVec<TVec>
        {
            TVec a0 = TVec.Zero, a1 = TVec.Zero;
            for (int slot = begin; slot < end; slot++)
            {
                float* row = Row(slot, rows, x, stride, ahead, prefetchEnd, 2 * TVec.Count);
                TVec w = Factor<TVec>(slot, factors, index, ahead, prefetchEnd);
                a0 = TVec.MultiplyAdd(w, TVec.Load(row), a0);
                a1 = TVec.MultiplyAdd(w, TVec.Load(row + second), a1);
            }
            (a0 * scale).Store(y);
            (a1 * scale).Store(y + second);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void One<TVec>(
            int begin, int end, int* rows, float* factors, int* index, float* x, long stride, int ahead, int prefetchEnd, TVec scale, float* y, int lanes)
            where TVec : struct, IVec<TVec>
        {
            // Two sums, of the even and of the odd slots, so that narrow rows do not wait for each other.
            TVec a0 = TVec.Zero, a1 = TVec.Zero;
            int slot = begin;
            for (; slot + 1 < end; slot += 2)
            {
                float* row0 = Row(slot, rows, x, stride, ahead, prefetchEnd, lanes);
                float* row1 = Row(slot + 1, rows, x, stride, ahead, prefetchEnd, lanes);
                a0 = TVec.MultiplyAdd(Factor<TVec>(slot, factors, index, ahead, prefetchEnd), Part<TVec>(row0, lanes), a0);
                a1 = TVec.MultiplyAdd(Factor<TVec>(slot + 1, factors, index, ahead, prefetchEnd), Part<TVec>(row1, lanes), a1);
            }
            if (slot < end)
            {
                float* row = Row(slot, rows, x, stride, ahead, prefetchEnd, lanes);
                a0 = TVec.MultiplyAdd(Factor<TVec>(slot, factors, index, ahead, prefetchEnd), Part<TVec>(row, lanes), a0);
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
