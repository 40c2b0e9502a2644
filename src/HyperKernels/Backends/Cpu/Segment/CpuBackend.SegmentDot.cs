using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    /// <summary>Products of two gathered rows, head by head. Sums of lanes are taken for many products at once.</summary>
    private struct SegmentDotTiles : ITiles
    {
        // Products whose registers are kept; a multiple of every width.
        private const int Group = 64;
        private const int WidestLanes = 16;

        public RowPlan Plan;
        public int Count;

        /// <summary>Rows are requested that many products early.</summary>
        public int Ahead;
        public int Width;
        public int Heads;
        public int* RowsA;
        public int* RowsB;
        public float* X;
        public long XStride;
        public float* Z;
        public long ZStride;
        public float* ScaleA;
        public float* ScaleB;
        public float* Y;

        /// <summary>As many as hide the memory's delay, as few as stay in the first-level cache.</summary>
        public static int RowsAhead(int features) => Math.Clamp(2048 / Math.Max(1, features), 4, 32);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            (long first, long last, _, _) = Plan.Range(tile);
            bool fills = Heads <= Group && Heads * Width % TVec.Count == 0;
            if (fills && Width == 8 && TVec.Count > 8)
            {
                RunNarrow<TVec, Vec256>(first, last);
            }
            else if (fills && Width == 4 && TVec.Count > 4)
            {
                RunNarrow<TVec, Vec128>(first, last);
            }
            else
            {
                RunWide<TVec>(first, last);
            }
        }

        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void RunWide<TVec>(long first, long last)
            where TVec : struct, IVec<TVec>
        {
            float* registers = stackalloc float[Group * WidestLanes];
            float* scales = stackalloc float[Group];
            int heads = Heads;
            int width = Width;
            int held = 0;
            float* y = Y + (first * heads);
            for (long i = first; i < last; i++)
            {
                Request(i + Ahead);
                float scale = Rows(i, out float* x, out float* z);
                for (int head = 0; head < heads; head++)
                {
                    Products<TVec>(x + ((long)head * width), z + ((long)head * width), width).Store(registers + (held * TVec.Count));
                    scales[held++] = scale;
                    if (held == Group)
                    {
                        Finish<TVec>(registers, scales, held, y);
                        y += held;
                        held = 0;
                    }
                }
            }
            Finish<TVec>(registers, scales, held, y);
        }

        /// <summary>Heads of fewer features than a register has lanes: rows are multiplied whole, and each head is summed as a register of its width.</summary>
        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void RunNarrow<TVec, THead>(long first, long last)
            where TVec : struct, IVec<TVec>
            where THead : struct, IVec<THead>
        {
            float* registers = stackalloc float[Group * THead.Count];
            float* scales = stackalloc float[Group];
            int features = Heads * THead.Count;
            int held = 0;
            float* y = Y + (first * Heads);
            for (long i = first; i < last; i++)
            {
                Request(i + Ahead);
                float scale = Rows(i, out float* x, out float* z);
                if (held + Heads > Group)
                {
                    Finish<THead>(registers, scales, held, y);
                    y += held;
                    held = 0;
                }
                float* products = registers + (held * THead.Count);
                for (int k = 0; k < features; k += TVec.Count)
                {
                    (TVec.Load(x + k) * TVec.Load(z + k)).Store(products + k);
                }
                new Span<float>(scales + held, Heads).Fill(scale);
                held += Heads;
            }
            Finish<THead>(registers, scales, held, y);
        }

        /// <summary>The two rows of a product, and the scale of both.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly float Rows(long i, out float* x, out float* z)
        {
            long a = RowsA == null ? i : RowsA[i];
            long b = RowsB == null ? i : RowsB[i];
            x = X + (a * XStride);
            z = Z + (b * ZStride);
            return (ScaleA == null ? 1 : ScaleA[a]) * (ScaleB == null ? 1 : ScaleB[b]);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void Request(long i)
        {
            if (i < Count)
            {
                Prefetch(X + ((RowsA == null ? i : RowsA[i]) * XStride), Heads * Width);
                Prefetch(Z + ((RowsB == null ? i : RowsB[i]) * ZStride), Heads * Width);
            }
        }

        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Finish<TVec>(float* registers, float* scales, int held, float* y)
            where TVec : struct, IVec<TVec>
        {
            // Whole groups, so that a sum's order does not depend on its place: those of the registers behind the last are not used.
            float* sums = stackalloc float[Group];
            TVec.SumEach(registers, sums, (held + WidestLanes - 1) / WidestLanes * WidestLanes);
            for (int i = 0; i < held; i++)
            {
                y[i] = scales[i] * sums[i];
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static TVec Products<TVec>(float* x, float* z, int count)
            where TVec : struct, IVec<TVec>
        {
            TVec a0 = TVec.Zero, a1 = TVec.Zero;
            int k = 0;
            for (; k <= count - (2 * TVec.Count); k += 2 * TVec.Count)
            {
                TVec.Accumulate(ref a0, TVec.Load(x + k), z + k);
                TVec.Accumulate(ref a1, TVec.Load(x + k + TVec.Count), z + k + TVec.Count);
            }
            for (; k <= count - TVec.Count; k += TVec.Count)
            {
                TVec.Accumulate(ref a0, TVec.Load(x + k), z + k);
            }
            if (k < count)
            {
                TVec.Accumulate(ref a0, TVec.LoadPartial(x + k, count - k), TVec.LoadPartial(z + k, count - k));
            }
            return a0 + a1;
        }
    }
}
