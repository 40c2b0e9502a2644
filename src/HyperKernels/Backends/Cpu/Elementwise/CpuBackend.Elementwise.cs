using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void Binary(BinaryOp op, in Broadcast sizes, BufferRef a, BufferRef b, BufferRef y)
    {
        switch (op)
        {
            case BinaryOp.Add:
                Map<AddMap>(sizes, a, b, b, y, 0, 0);
                break;
            case BinaryOp.Subtract:
                Map<SubtractMap>(sizes, a, b, b, y, 0, 0);
                break;
            case BinaryOp.Multiply:
                Map<MultiplyMap>(sizes, a, b, b, y, 0, 0);
                break;
            case BinaryOp.Divide:
                Map<DivideMap>(sizes, a, b, b, y, 0, 0);
                break;
            case BinaryOp.Power:
                Map<PowerMap>(sizes, a, b, b, y, 0, 0);
                break;
            case BinaryOp.Minimum:
                Map<MinimumMap>(sizes, a, b, b, y, 0, 0);
                break;
            case BinaryOp.Maximum:
                Map<MaximumMap>(sizes, a, b, b, y, 0, 0);
                break;
            case BinaryOp.Less:
                Map<LessMap>(sizes, a, b, b, y, 0, 0);
                break;
            case BinaryOp.LessOrEqual:
                Map<LessOrEqualMap>(sizes, a, b, b, y, 0, 0);
                break;
            default:
                throw Throw.Undefined(nameof(Binary), op);
        }
    }

    public void Ternary(TernaryOp op, in Broadcast sizes, BufferRef a, BufferRef b, BufferRef c, BufferRef y)
    {
        switch (op)
        {
            case TernaryOp.Where:
                Map<WhereMap>(sizes, a, b, c, y, 0, 0);
                break;
            case TernaryOp.MultiplyAdd:
                Map<MultiplyAddMap>(sizes, a, b, c, y, 0, 0);
                break;
            default:
                throw Throw.Undefined(nameof(Ternary), op);
        }
    }

    private void Map<TMap>(in Broadcast sizes, BufferRef a, BufferRef b, BufferRef c, BufferRef y, float p, float q)
        where TMap : struct, IMap
    {
        if (sizes.Count == 0)
        {
            return;
        }
        MapTiles<TMap> tiles = new()
        {
            Plan = new RowPlan(sizes, TileElements / TMap.Cost),
            Sizes = sizes,
            A = Floats(a),
            B = Floats(b),
            C = Floats(c),
            Y = Floats(y),
            P = p,
            Q = q,
        };
        _threads.For(VectorWidth, tiles.Plan.Tiles, ref tiles);
    }

    private struct MapTiles<TMap> : ITiles
        where TMap : struct, IMap
    {
        // An operand that is repeated or spread out is laid out densely in pieces of this size, which stay in the first-level cache.
        private const int Piece = 256;

        // Rows shorter than this are laid out several to a piece.
        private const int ShortRow = 64;

        public RowPlan Plan;
        public Broadcast Sizes;
        public float* A;
        public float* B;
        public float* C;
        public float* Y;
        public float P;
        public float Q;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        [SkipLocalsInit]
        public void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            int inner = Sizes.Rank - 1;
            long stepA = Sizes.StrideA[inner];
            long stepB = TMap.Operands > 1 ? Sizes.StrideB[inner] : 1;
            long stepC = TMap.Operands > 2 ? Sizes.StrideC[inner] : 1;
            (long firstRow, long lastRow, int start, int end) = Plan.Range(tile);
            int count = end - start;
            float* pieces = stackalloc float[3 * Piece];
            if (inner > 0 && Plan.Inner < ShortRow)
            {
                ShortRows<TVec>(firstRow, lastRow, pieces);
                return;
            }
            for (long row = firstRow; row < lastRow; row++)
            {
                float* a = A + (start * stepA);
                float* b = B + (start * stepB);
                float* c = C + (start * stepC);
                float* y = Y + (row * Plan.Inner) + start;
                long rest = row;
                for (int axis = inner - 1; axis >= 0; axis--)
                {
                    (rest, long index) = Math.DivRem(rest, Sizes.Sizes[axis]);
                    a += index * Sizes.StrideA[axis];
                    b += index * Sizes.StrideB[axis];
                    c += index * Sizes.StrideC[axis];
                }
                if (stepA == 1 && stepB == 1 && stepC == 1)
                {
                    MapRow<TVec, TMap>(a, b, c, y, count, P, Q);
                    continue;
                }
                for (int done = 0; done < count; done += Piece)
                {
                    int length = Math.Min(Piece, count - done);
                    float* denseA = LayOut(a, stepA, done, length, pieces);
                    float* denseB = TMap.Operands > 1 ? LayOut(b, stepB, done, length, pieces + Piece) : b;
                    float* denseC = TMap.Operands > 2 ? LayOut(c, stepC, done, length, pieces + (2 * Piece)) : c;
                    MapRow<TVec, TMap>(denseA, denseB, denseC, y + done, length, P, Q);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void ShortRows<TVec>(long firstRow, long lastRow, float* pieces)
            where TVec : struct, IVec<TVec>
        {
            int length = Plan.Inner;
            int perPiece = Piece / length;
            for (long row = firstRow; row < lastRow; row += perPiece)
            {
                int rows = (int)Math.Min(perPiece, lastRow - row);
                float* a = LayOutRows(A, Sizes.StrideA, row, rows, pieces);
                float* b = TMap.Operands > 1 ? LayOutRows(B, Sizes.StrideB, row, rows, pieces + Piece) : a;
                float* c = TMap.Operands > 2 ? LayOutRows(C, Sizes.StrideC, row, rows, pieces + (2 * Piece)) : a;
                MapRow<TVec, TMap>(a, b, c, Y + (row * length), rows * length, P, Q);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly float* LayOutRows(float* source, in Broadcast.Strides strides, long row, int rows, float* piece)
        {
            int inner = Sizes.Rank - 1;
            int length = Plan.Inner;
            long step = strides[inner];
            if (inner == 1 && step == 1 && strides[0] == length)
            {
                return source + (row * length);
            }
            int last = Sizes.Sizes[inner - 1];
            long stepRow = strides[inner - 1];
            float* to = piece;
            while (rows > 0)
            {
                // As many rows as are left before an outer axis moves on.
                (long rest, long index) = Math.DivRem(row, last);
                float* from = source + (index * stepRow);
                for (int axis = inner - 2; axis >= 0; axis--)
                {
                    (rest, long outer) = Math.DivRem(rest, Sizes.Sizes[axis]);
                    from += outer * strides[axis];
                }
                int run = (int)Math.Min(rows, last - index);
                for (int i = 0; i < run; i++, from += stepRow)
                {
                    for (int j = 0; j < length; j++)
                    {
                        *to++ = from[j * step];
                    }
                }
                row += run;
                rows -= run;
            }
            return piece;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static float* LayOut(float* source, long step, int done, int length, float* piece)
        {
            if (step == 1)
            {
                return source + done;
            }
            if (step != 0)
            {
                source += done * step;
                for (int i = 0; i < length; i++)
                {
                    piece[i] = source[i * step];
                }
            }
            else if (done == 0)
            {
                new Span<float>(piece, length).Fill(*source);
            }
            return piece;
        }
    }
}
