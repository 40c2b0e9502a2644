using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    private partial struct SegmentSumTiles
    {
        private const int Together = 4;

        /// <summary>Whether every register of a row belongs to one head, and the rows are whole groups of registers.</summary>
        public static bool HeadsFill(int lanes, int width, int features) => width % lanes == 0 && features % (Together * lanes) == 0;

        /// <summary>Segments with a weight per slot and head.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void AllHeads<TVec>(in SegmentRun run, int width)
            where TVec : struct, IVec<TVec>
        {
            for (int column = 0; column < Features; column += Together * TVec.Count)
            {
                FourOfHeads<TVec>(run, column, width);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void FourOfHeads<TVec>(in SegmentRun run, int column, int width)
            where TVec : struct, IVec<TVec>
        {
            long h0 = column / width;
            long h1 = (column + TVec.Count) / width;
            long h2 = (column + (2 * TVec.Count)) / width;
            long h3 = (column + (3 * TVec.Count)) / width;
            // In locals: the stores might change fields, as far as the compiler knows.
            int* borders = run.Borders;
            int count = run.Count;
            float* scales = run.Scales;
            int* rows = Rows;
            int* positions = Positions;
            float* weights = Weights;
            float* inScale = InScale;
            long heads = Heads;
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
                for (; slot < end; slot++)
                {
                    if (slot < requestEnd)
                    {
                        Request(slot + ahead, rows, x, stride, Together * TVec.Count, weights, null);
                        if (positions != null)
                        {
                            // The weights lie in the order of the pairs: as scattered as the rows.
                            Prefetch(weights + (positions[slot + ahead] * heads), 1);
                        }
                    }
                    float* row = x + ((rows == null ? slot : rows[slot]) * stride);
                    float* w = weights + ((positions == null ? slot : positions[slot]) * heads);
                    float factor = inScale == null ? 1 : inScale[rows == null ? slot : rows[slot]];
                    TVec.Accumulate(ref a0, TVec.Create(w[h0] * factor), row);
                    TVec.Accumulate(ref a1, TVec.Create(w[h1] * factor), row + TVec.Count);
                    TVec.Accumulate(ref a2, TVec.Create(w[h2] * factor), row + (2 * TVec.Count));
                    TVec.Accumulate(ref a3, TVec.Create(w[h3] * factor), row + (3 * TVec.Count));
                }
                TVec scale = TVec.Create(scales == null ? 1 : scales[segment]);
                (a0 * scale).Store(y);
                (a1 * scale).Store(y + TVec.Count);
                (a2 * scale).Store(y + (2 * TVec.Count));
                (a3 * scale).Store(y + (3 * TVec.Count));
            }
        }
    }
}
