using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    // Elements per tile: large enough to hide the hand-over, small enough that two threads share a medium tensor evenly.
    private const int TileElements = 16 * 1024;

    public void Binary(BinaryOp op, in Broadcast sizes, BufferRef a, BufferRef b, BufferRef y)
    {
        switch (op)
        {
            case BinaryOp.Add:
                Binary<AddOp>(sizes, a, b, y);
                break;
            case BinaryOp.Subtract:
                Binary<SubtractOp>(sizes, a, b, y);
                break;
            case BinaryOp.Multiply:
                Binary<MultiplyOp>(sizes, a, b, y);
                break;
            default:
                Binary<DivideOp>(sizes, a, b, y);
                break;
        }
    }

    private void Binary<TOp>(in Broadcast sizes, BufferRef a, BufferRef b, BufferRef y)
        where TOp : struct, IBinaryOp
    {
        if (sizes.Count == 0)
        {
            return;
        }
        BinaryTiles<TOp> tiles = new()
        {
            Plan = new RowPlan(sizes, TileElements),
            Sizes = sizes,
            A = Floats(a),
            B = Floats(b),
            Y = Floats(y),
        };
        _threads.For(VectorWidth, tiles.Plan.Tiles, ref tiles);
    }

    /// <summary>The arithmetic of a binary op, passed into the one loop below.</summary>
    private interface IBinaryOp
    {
        static abstract TVec Apply<TVec>(TVec a, TVec b)
            where TVec : struct, IVec<TVec>;
    }

    private readonly struct AddOp : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b)
            where TVec : struct, IVec<TVec> => a + b;
    }

    private readonly struct SubtractOp : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b)
            where TVec : struct, IVec<TVec> => a - b;
    }

    private readonly struct MultiplyOp : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b)
            where TVec : struct, IVec<TVec> => a * b;
    }

    private readonly struct DivideOp : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b)
            where TVec : struct, IVec<TVec> => a / b;
    }

    private struct BinaryTiles<TOp> : ITiles
        where TOp : struct, IBinaryOp
    {
        public RowPlan Plan;
        public Broadcast Sizes;
        public float* A;
        public float* B;
        public float* Y;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            int inner = Sizes.Rank - 1;
            long stepA = Sizes.StrideA[inner];
            long stepB = Sizes.StrideB[inner];
            (long firstRow, long lastRow, int start, int end) = Plan.Range(tile);
            for (long row = firstRow; row < lastRow; row++)
            {
                long offsetA = 0;
                long offsetB = 0;
                long rest = row;
                for (int axis = inner - 1; axis >= 0; axis--)
                {
                    (rest, long index) = Math.DivRem(rest, Sizes.Sizes[axis]);
                    offsetA += index * Sizes.StrideA[axis];
                    offsetB += index * Sizes.StrideB[axis];
                }
                Row<TVec>(A + offsetA + (start * stepA), stepA, B + offsetB + (start * stepB), stepB, Y + (row * Plan.Inner) + start, end - start);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static TVec Read<TVec>(float* source, long step, long at, int count)
            where TVec : struct, IVec<TVec>
        {
            if (step == 1)
            {
                return count == TVec.Count ? TVec.Load(source + at) : TVec.LoadPartial(source + at, count);
            }
            if (step == 0)
            {
                return TVec.Create(*source);
            }
            float* lanes = stackalloc float[16];
            for (int i = 0; i < count; i++)
            {
                lanes[i] = source[(at + i) * step];
            }
            return TVec.LoadPartial(lanes, count);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Row<TVec>(float* a, long stepA, float* b, long stepB, float* y, int count)
            where TVec : struct, IVec<TVec>
        {
            int i = 0;
            for (; i <= count - TVec.Count; i += TVec.Count)
            {
                TOp.Apply(Read<TVec>(a, stepA, i, TVec.Count), Read<TVec>(b, stepB, i, TVec.Count)).Store(y + i);
            }
            if (i < count)
            {
                TOp.Apply(Read<TVec>(a, stepA, i, count - i), Read<TVec>(b, stepB, i, count - i)).StorePartial(y + i, count - i);
            }
        }
    }
}
