using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    private partial struct SegmentSumTiles
    {
        private const int Together = 4;

        /// <summary>Whether every register of a row belongs to one head, and the rows are whole groups of registers.</summary>
        public static bool HeadsFill(int lanes, int width, int features) => width % lanes == 0 && features % (Together * lanes) == 0;

        /// <summary>One segment with a weight per slot and head.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void AllHeads<TVec>(int begin, int end, int width, float scale, float* y)
            where TVec : struct, IVec<TVec>
        {
            TVec s = TVec.Create(scale);
            for (int column = 0; column < Features; column += Together * TVec.Count)
            {
                FourOfHeads(begin, end, column, width, s, y + column);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void FourOfHeads<TVec>(int begin, int end, int column, int width, TVec scale, float* y)
            where TVec : struct, IVec<TVec>
        {
            long h0 = column / width;
            long h1 = (column + TVec.Count) / width;
            long h2 = (column + (2 * TVec.Count)) / width;
            long h3 = (column + (3 * TVec.Count)) / width;
            // In locals: the stores might change fields, as far as the compiler knows.
            int* rows = Rows;
            int* positions = Positions;
            float* weights = Weights;
            float* inScale = InScale;
            long heads = Heads;
            float* x = X + column;
            long stride = XStride;
            int ahead = _ahead;
            int prefetchEnd = PrefetchEnd;
            TVec a0 = TVec.Zero, a1 = TVec.Zero, a2 = TVec.Zero, a3 = TVec.Zero;
            for (int slot = begin; slot < end; slot++)
            {
                // The weights lie in the order of the pairs: as scattered as the rows.
                if (positions != null && slot + ahead < prefetchEnd)
                {
                    PrefetchRow(weights + (positions[slot + ahead] * heads), 1);
                }
                float* row = Row(slot, rows, x, stride, ahead, prefetchEnd, Together * TVec.Count);
                float* w = weights + ((positions == null ? slot : positions[slot]) * heads);
                float factor = inScale == null ? 1 : inScale[rows == null ? slot : rows[slot]];
                a0 = TVec.MultiplyAdd(TVec.Create(w[h0] * factor), TVec.Load(row), a0);
                a1 = TVec.MultiplyAdd(TVec.Create(w[h1] * factor), TVec.Load(row + TVec.Count), a1);
                a2 = TVec.MultiplyAdd(TVec.Create(w[h2] * factor), TVec.Load(row + (2 * TVec.Count)), a2);
                a3 = TVec.MultiplyAdd(TVec.Create(w[h3] * factor), TVec.Load(row + (3 * TVec.Count)), a3);
            }
            (a0 * scale).Store(y);
            (a1 * scale).Store(y + TVec.Count);
            (a2 * scale).Store(y + (2 * TVec.Count));
            (a3 * scale).Store(y + (3 * TVec.Count));
        }
    }
}
