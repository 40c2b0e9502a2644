using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    // Exponentials cost about eight times what copying costs, so that smaller tiles than TileElements share the work better.
    private const int SoftmaxTile = 4 * 1024;

    // Vectors of neighbouring columns that one tile of the strided form walks through.
    private const int ColumnVectors = 4;

    public void Softmax(SoftmaxOp op, int outer, int axis, int inner, BufferRef a, BufferRef? b, BufferRef y)
    {
        float* second = FloatsOrNull(b);
        if (inner == 1)
        {
            int rowsPerTile = Math.Max(1, SoftmaxTile / axis);
            SoftmaxRows rows = new() { Op = op, Rows = outer, Length = axis, RowsPerTile = rowsPerTile, A = Floats(a), B = second, Y = Floats(y) };
            _threads.For(VectorWidth, (outer + rowsPerTile - 1) / rowsPerTile, ref rows);
            return;
        }
        int columns = ColumnVectors * Math.Max(1, VectorWidth / 32);
        int blocks = (inner + columns - 1) / columns;
        SoftmaxColumns tiles = new()
        {
            Op = op,
            Length = axis,
            Inner = inner,
            Columns = columns,
            Blocks = blocks,
            A = Floats(a),
            B = second,
            Y = Floats(y),
        };
        _threads.For(VectorWidth, checked(outer * blocks), ref tiles);
    }

    // Of up to three numbers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float MaxOfThree(float* a, int count) => Vec128.MaxOf(new(Vector128.Create(a[0], a[count / 2], a[count - 1], a[0])));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float MaxOfRow<TVec>(float* a, int count)
        where TVec : struct, IVec<TVec>
    {
        if (count < TVec.Count)
        {
            return count < Vec128.Count ? MaxOfThree(a, count) : MaxOfRow<Vec128>(a, count);
        }
        TVec max = TVec.Load(a);
        for (int i = TVec.Count; i <= count - TVec.Count; i += TVec.Count)
        {
            max = TVec.MaxNative(max, TVec.Load(a + i));
        }
        // The last vector may overlap the one before: that changes no maximum.
        return TVec.MaxOf(TVec.MaxNative(max, TVec.Load(a + count - TVec.Count)));
    }

    private struct SoftmaxRows : ITiles
    {
        public SoftmaxOp Op;
        public int Rows;
        public int Length;
        public int RowsPerTile;
        public float* A;
        public float* B;
        public float* Y;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            int end = Math.Min(Rows, (tile + 1) * RowsPerTile);
            for (int row = tile * RowsPerTile; row < end; row++)
            {
                long at = (long)row * Length;
                switch (Op)
                {
                    case SoftmaxOp.Softmax:
                        Forward<TVec>(A + at, Y + at);
                        break;
                    case SoftmaxOp.LogSoftmax:
                        ForwardLog<TVec>(A + at, Y + at);
                        break;
                    default:
                        Backward<TVec>(A + at, B + at, Y + at);
                        break;
                }
            }
        }

        // Not inlined, as all that follows: together they are more than the compiler inlines vectors' arithmetic into.
        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private readonly void Forward<TVec>(float* x, float* y)
            where TVec : struct, IVec<TVec>
        {
            float max = MaxOfRow<TVec>(x, Length);
            TVec by = TVec.Create(max);
            for (int i = 0; i < Length; i += TVec.Count)
            {
                int lanes = Math.Min(TVec.Count, Length - i);
                StoreLanes(TVec.Exp(LoadLanes<TVec>(x + i, lanes) - by), y + i, lanes);
            }
            TVec scale = TVec.Create((float)(1 / SumRow<TVec, ElementTerm>(y, null, 0, Length)));
            for (int i = 0; i < Length; i += TVec.Count)
            {
                int lanes = Math.Min(TVec.Count, Length - i);
                StoreLanes(LoadLanes<TVec>(y + i, lanes) * scale, y + i, lanes);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private readonly void ForwardLog<TVec>(float* x, float* y)
            where TVec : struct, IVec<TVec>
        {
            float max = MaxOfRow<TVec>(x, Length);
            // Two subtractions: max + log may lose the logarithm where the maximum is large.
            TVec top = TVec.Create(max);
            TVec log = TVec.Create((float)Math.Log(SumRow<TVec, ExpTerm>(x, null, max, Length)));
            for (int i = 0; i < Length; i += TVec.Count)
            {
                int lanes = Math.Min(TVec.Count, Length - i);
                StoreLanes(LoadLanes<TVec>(x + i, lanes) - top - log, y + i, lanes);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private readonly void Backward<TVec>(float* a, float* b, float* y)
            where TVec : struct, IVec<TVec>
        {
            bool log = Op == SoftmaxOp.LogSoftmaxGradient;
            TVec sum = TVec.Create((float)(log ? SumRow<TVec, ElementTerm>(b, null, 0, Length) : SumRow<TVec, ProductTerm>(a, b, 0, Length)));
            for (int i = 0; i < Length; i += TVec.Count)
            {
                int lanes = Math.Min(TVec.Count, Length - i);
                TVec output = LoadLanes<TVec>(a + i, lanes);
                TVec gradient = LoadLanes<TVec>(b + i, lanes);
                TVec result = log ? gradient - (TVec.Exp(output) * sum) : output * (gradient - sum);
                StoreLanes(result, y + i, lanes);
            }
        }
    }

    private struct SoftmaxColumns : ITiles
    {
        public SoftmaxOp Op;
        public int Length;
        public int Inner;
        public int Columns;
        public int Blocks;
        public float* A;
        public float* B;
        public float* Y;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            (int outer, int block) = Math.DivRem(tile, Blocks);
            int end = Math.Min(Inner, (block + 1) * Columns);
            for (int column = block * Columns; column < end; column += TVec.Count)
            {
                int lanes = Math.Min(TVec.Count, end - column);
                long at = ((long)outer * Length * Inner) + column;
                if (Op is SoftmaxOp.Softmax or SoftmaxOp.LogSoftmax)
                {
                    Forward<TVec>(A + at, Y + at, lanes);
                }
                else
                {
                    Backward<TVec>(A + at, B + at, Y + at, lanes);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void Forward<TVec>(float* x, float* y, int lanes)
            where TVec : struct, IVec<TVec>
        {
            long size = (long)Length * Inner;
            TVec max = LoadLanes<TVec>(x, lanes);
            for (long i = Inner; i < size; i += Inner)
            {
                max = TVec.MaxNative(max, LoadLanes<TVec>(x + i, lanes));
            }
            TVec sum = TVec.Zero;
            for (long i = 0; i < size; i += Inner)
            {
                TVec shifted = LoadLanes<TVec>(x + i, lanes) - max;
                TVec power = TVec.Exp(shifted);
                sum += power;
                StoreLanes(Op == SoftmaxOp.Softmax ? power : shifted, y + i, lanes);
            }
            TVec by = Op == SoftmaxOp.Softmax ? TVec.Create(1) / sum : TVec.Log(sum);
            for (long i = 0; i < size; i += Inner)
            {
                TVec value = LoadLanes<TVec>(y + i, lanes);
                StoreLanes(Op == SoftmaxOp.Softmax ? value * by : value - by, y + i, lanes);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void Backward<TVec>(float* a, float* b, float* y, int lanes)
            where TVec : struct, IVec<TVec>
        {
            long size = (long)Length * Inner;
            bool log = Op == SoftmaxOp.LogSoftmaxGradient;
            TVec sum = TVec.Zero;
            for (long i = 0; i < size; i += Inner)
            {
                TVec gradient = LoadLanes<TVec>(b + i, lanes);
                sum = log ? sum + gradient : TVec.MultiplyAdd(LoadLanes<TVec>(a + i, lanes), gradient, sum);
            }
            for (long i = 0; i < size; i += Inner)
            {
                TVec output = LoadLanes<TVec>(a + i, lanes);
                TVec gradient = LoadLanes<TVec>(b + i, lanes);
                StoreLanes(log ? gradient - (TVec.Exp(output) * sum) : output * (gradient - sum), y + i, lanes);
            }
        }
    }
}
